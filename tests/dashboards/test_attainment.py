"""Programs, by how many of their achievements are held; skills, by level."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from tests.dashboards.desk import all_pages, happens
from tests.dashboards.history import DAY, Life, defined

from milepost.contracts.achievements import AchievementDefined, CoursePassed
from milepost.contracts.courses import CoursePublished, Skill
from milepost.dashboards.queries.attainment.program import longest_in_order
from milepost.dashboards.queries.attainment.skills import SKILLS, SkillsQuery
from milepost.dashboards.queries.lists.listing import keyset_of, read_page, select_of
from milepost.dashboards.queries.placeholders import render

ART = Skill(name="draw", url="https://skills.example/draw", framework="ESCO", code="d1")
SING = Skill(name="sing", url="https://skills.example/sing", framework="CASE")


def achievement(name: str, course: str = "ART", *skills: Skill) -> tuple[str, AchievementDefined]:
    event = AchievementDefined(
        achievement=name,
        version=1,
        name=name.title(),
        criteria=CoursePassed(course=course),
        skills=skills,
    )
    return f"achievement-{name}", event


def taught(course: str, *skills: Skill) -> tuple[str, CoursePublished]:
    event = CoursePublished(course=course, version=1, title=course, lessons=(), skills=skills)
    return f"course-{course}", event


def earned(learner: str, *names: str) -> list[Any]:
    """One a day, in this order."""
    life, found = Life("red", learner), []
    for day, name in enumerate(names):
        [(stream, event)] = life.earns(name)
        found.append((stream, msgspec.structs.replace(event, valid_from=DAY + timedelta(day))))
    return found


async def a_school(pool, tenant, **program):
    lost = Life("red", "eli")
    await happens(
        pool,
        tenant,
        [taught("ART", ART), taught("SONG", ART, SING)],
        [achievement("a", "ART", ART), achievement("b", "SONG", SING), achievement("c")],
        [defined("trio", "a", "b", "c", **program)],
        *(Life("red", one).enrolls() for one in ("ann", "new")),
        Life("blue", "new", course="SONG").enrolls(),
        Life("red", "ann").completes(grade=0.95),
        [*earned("ann", "a", "b", "c"), *earned("ben", "c", "b", "a"), *earned("cem", "b")],
        [*lost.earns("a"), *lost.loses("a")],
    )


async def test_a_program_counts_who_holds_how_many(pool, tenant, desk):
    await a_school(pool, tenant)
    page = (await desk.get("/dashboards/programs/trio")).json()
    steps = {one["held"]: one["learners"] for one in page["steps"]}
    assert steps == {0: 1, 1: 1, 2: 0, 3: 2}
    assert (page["needed"], page["engaged"], page["completed"]) == (3, 4, 2)
    assert page["completed_of_engaged"] == 0.5
    parts = [(one["achievement"], one["title"], one["holders"]) for one in page["parts"]]
    assert parts == [("a", "A", 2), ("b", "B", 3), ("c", "C", 2)]
    path = "/dashboards/programs/trio/learners"
    for held, learners in {0: ["new"], 1: ["cem"], 2: [], 3: ["ann", "ben"]}.items():
        pages = await all_pages(desk, path, "learners", held=held, limit=1)
        assert [one["learner"] for rows in pages for one in rows] == learners
    by_held = (await desk.get(path, sort="held", order="desc")).json()["learners"]
    assert [one["held"] for one in by_held] == [3, 3, 1, 0]


@pytest.mark.parametrize(
    ("program", "completed"),
    [
        ({"ordered": True}, 1),
        ({"rule": "any"}, 3),
        ({"rule": "n_of", "n": 2}, 2),
        ({"rule": "n_of", "n": 2, "ordered": True}, 1),
    ],
)
async def test_what_completes_it_is_its_rule(pool, tenant, desk, program, completed):
    await a_school(pool, tenant, **program)
    page = (await desk.get("/dashboards/programs/trio")).json()
    assert page["completed"] == completed


def test_order_is_the_longest_that_stands():
    cases = {(): 0, (0, 1, 2): 3, (2, 1, 0): 1, (1, 0, 2): 2, (0, 3, 1, 2): 3}
    for places, length in cases.items():
        assert longest_in_order(places) == length


async def test_a_school_wide_figure_is_not_for_everybody(pool, tenant, desk):
    await a_school(pool, tenant)
    paths = (
        "/dashboards/programs/trio",
        "/dashboards/programs/trio/learners",
        "/dashboards/skills",
    )
    for path in paths:
        for role in ("learner", "instructor"):
            assert (await desk.get(path, by=role)).status_code == 403
    unknown = await desk.get("/dashboards/programs/none")
    assert unknown.json()["type"] == "urn:milepost:problem:unknown_program"


async def test_skills_are_held_by_level_and_in_progress(pool, tenant, desk):
    await a_school(pool, tenant)
    skills = (await desk.get("/dashboards/skills")).json()["skills"]
    assert [one["name"] for one in skills] == ["draw", "sing"]
    facts = ("held", "achieved", "distinction", "in_progress", "achievements", "courses")
    draw, sing = ({name: one[name] for name in facts} for one in skills)
    both = {"achieved": 1, "distinction": 1, "achievements": 1}
    assert draw == {**both, "held": 2, "in_progress": 1, "courses": 2}
    assert sing == {**both, "held": 3, "achieved": 2, "in_progress": 1, "courses": 1}
    only = (await desk.get("/dashboards/skills", framework="CASE")).json()["skills"]
    assert [one["name"] for one in only] == ["sing"]


async def test_a_page_of_skills_counts_the_holders_of_no_others(pool, tenant):
    many = [Skill(name=f"s{n:02}", url=f"https://skills.example/{n:02}") for n in range(40)]
    await happens(pool, tenant, [taught("ART", *many)], [achievement("a", "ART", *many)])
    query = SkillsQuery(limit=2)
    select, arguments = select_of(SKILLS, query, keyset_of(SKILLS, query))
    text, values = render(select.sql, {**arguments, "tenant": tenant})
    [plan] = json.loads(await pool.fetchval(f"explain (analyze, format json) {text}", *values))
    assert max(_loops(plan["Plan"])) < 10
    page = await read_page(pool, tenant, SKILLS, query)
    assert [one.name for one in page.rows] == ["s00", "s01"]


def _loops(node: Any) -> Iterator[int]:
    yield node["Actual Loops"]
    for one in node.get("Plans", ()):
        yield from _loops(one)


async def test_a_learners_skill_is_a_level_to_others(pool, tenant, desk):
    await a_school(pool, tenant)
    ann: dict[str, Any] = {"by": "learner", "subject": "ann"}
    own = (await desk.get("/dashboards/learners/ann/skills", **ann)).json()["skills"]
    levels = [(one["name"], one["level"], one["grade"]) for one in own]
    assert levels == [("sing", "distinction", 0.95), ("draw", "distinction", 0.95)]
    told = (await desk.get("/dashboards/learners/ann/skills")).json()["skills"]
    assert [(one["level"], one["grade"]) for one in told] == [("distinction", None)] * 2
    new = (await desk.get("/dashboards/learners/new/skills")).json()["skills"]
    assert [(one["name"], one["level"], one["courses"]) for one in new] == [
        ("sing", "in_progress", ["SONG"]),
        ("draw", "in_progress", ["ART", "SONG"]),
    ]
    assert (await desk.get("/dashboards/learners/ben/skills", **ann)).status_code == 403
