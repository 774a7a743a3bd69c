"""Programs and skills on pages: how many hold how many, and what I hold myself."""

from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from tests.browser import THEMES
from tests.pages.campus import PLAN, Campus, campus_on

from milepost.events.store.postgres import connect_pool
from milepost.operations.rooms import ENROLLMENT_ROLE

pytestmark = pytest.mark.servers
ANN: dict[str, Any] = {"by": "learner", "subject": "ann"}
SKILLS = [
    {"name": "analyse data", "url": "https://skills.example/a", "framework": "ESCO", "code": "a1"},
    {"name": "ask why", "url": "https://skills.example/b"},
]
SHORT: Mapping[str, Any] = {**PLAN, "lessons": PLAN["lessons"][:3], "skills": SKILLS}
READER: Mapping[str, Any] = {
    "name": "Data reader",
    "criteria": {"type": "course_passed", "course": "DATA-101"},
    "skills": SKILLS[:1],
}
TITLE = "Data analyst, with a title of some length"
PROGRAM = {"title": TITLE, "achievements": ["reader", "writer"]}


@pytest.fixture(scope="module")
async def pool(postgres: str) -> AsyncIterator[asyncpg.Pool]:
    opened = await connect_pool(postgres, name="pages", size=8, role=ENROLLMENT_ROLE)
    yield opened
    await opened.close()


@pytest.fixture(scope="module")
async def campus(
    pool: asyncpg.Pool, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Campus]:
    """Ann holds one of two achievements, Ben is on the way to it."""
    folder: Path = tmp_path_factory.mktemp("attainment")
    async with campus_on(pool, folder) as school:
        await school.open("spring", plan=SHORT)
        await school.open("next", course="DATA-102", plan={**SHORT, "skills": SKILLS[1:]})
        await school.define("reader", READER)
        await school.define("writer", {**READER, "name": "Data writer", "skills": []})
        await school.post("/enrollment/programs/analyst/versions", PROGRAM)
        await school.post("/enrollment/programs/fresh/versions", {**PROGRAM, "achievements": ["x"]})
        await school.define(
            "writer",
            {"name": "Data writer", "criteria": {"type": "course_passed", "course": "DATA-102"}},
        )
        seats = {one: await school.seat(one) for one in ("ann", "ben")}
        await school.seat("ann", "next")
        await school.policies_hear()
        await school.learn(
            seats["ann"], ("completed", "intro"), ("completed", "tables"), ("scored", "quiz", 0.95)
        )
        await school.settle()
        yield school


async def test_a_program_shows_who_holds_how_many(campus: Campus):
    listed = (await campus.read("/office/programs", lang="en")).text
    assert TITLE in listed
    page = (await campus.read("/office/programs/analyst")).text
    assert "of 2 on the way" in page
    assert 'href="?held=1#learners"' in page
    one = (await campus.read("/office/programs/analyst", held=1)).text
    assert ">ann<" in one
    assert ">ben<" not in one
    assert "Nobody is on the way yet" in (await campus.read("/office/programs/fresh")).text
    assert (await campus.read("/office/programs/none")).status_code == 404
    assert "analyse data" in (await campus.read("/office/skills")).text


async def test_a_learner_sees_their_own_skills_with_levels(campus: Campus):
    page = (await campus.read("/my/skills", lang="en", **ANN)).text
    assert "You hold 1 of these 2 skills" in page
    assert "Distinction" in page
    assert "95" in page
    nobody = await campus.read("/my/skills", by="learner", subject="zoe")
    assert "You have no skills here yet" in nobody.text


@pytest.mark.parametrize("scheme", THEMES)
async def test_pages_of_programs_and_skills_are_for_everybody(
    campus: Campus, browser: Any, scheme: str
):
    shown: Mapping[str, tuple[Mapping[str, Any], Sequence[str]]] = {
        "skills": (ANN, ("/my/skills?lang=en",)),
        "programs": ({}, ("/office/programs", "/office/programs/analyst", "/office/skills")),
    }
    campus.connection.cookies.clear()
    for who, (whose, addresses) in shown.items():
        async with campus.window(browser, **whose) as window:
            for number, address in enumerate(addresses):
                await window.open(address)
                assert await window.faults(f"{who}-{number}", scheme) == [], address
