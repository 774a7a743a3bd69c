"""The catalog, searched by words and their beginnings, in any language."""

import pytest
from tests.dashboards.desk import happens
from tests.dashboards.history import closed, offered, retired
from tests.dashboards.history import defined as program
from tests.dashboards.test_issuers import defined

from milepost.contracts.courses import CourseDrafted, CoursePublished, CourseRetired, Lesson, Skill

WELDING = Skill(name="weld metal", url="https://skills.example/weld", framework="ESCO", code="S7")


def published(course, title, version=1, **facts):
    event = CoursePublished(
        course=course,
        version=version,
        title=title,
        lessons=(Lesson(id="one", title="One"),),
        **facts,
    )
    return f"course-{course}", event


@pytest.fixture
async def catalog(pool, tenant):
    await happens(
        pool,
        tenant,
        [published("ART", "Bézier curves", titles={"de": "Straßenkunst", "ar": "فَنّ الشارع"})],
        [published("WLD", "Joining metal", skills=(WELDING,)), published("OLD", "Metal of old")],
        [("course-OLD", CourseRetired(course="OLD"))],
        [("course-DRF", CourseDrafted(course="DRF", title="Metal draft"))],
        [published("REN", "Metal things"), published("REN", "Wooden things", version=2)],
        [offered("weld-spring", course="WLD"), offered("weld-old", course="WLD")],
        [closed("weld-old")],
        [program("maker", "weld", title="Metal maker"), retired("maker")],
        [program("smith", "weld", title="Smith of metal")],
        [defined("weld", name="Welder", description="Joins metal by heat", skills=(WELDING,))],
    )


@pytest.mark.usefixtures("catalog")
@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("bezier", ["ART"]),
        ("BÉZ cur", ["ART"]),
        ("strassen", ["ART"]),
        ("فن", ["ART"]),
        ("curves nothing", []),
        ("wooden", ["REN"]),
        ("things metal", []),
        ("esco s7", ["https://skills.example/weld"]),
        ("spring", ["weld-spring"]),
        ("weld-spring", ["weld-spring"]),
        ("draft", []),
        ("'; %", []),
    ],
)
async def test_words_and_their_beginnings_are_found(desk, asked, found):
    answer = await desk.get("/dashboards/catalog/search", by="learner", subject="ann", q=asked)
    assert [one["id"] for one in answer.json()["results"]] == found


@pytest.mark.usefixtures("catalog")
async def test_a_title_counts_more_than_a_skill_and_that_more_than_a_text(desk):
    results = (await desk.get("/dashboards/catalog/search", q="metal")).json()["results"]
    assert [(one["kind"], one["id"]) for one in results] == [
        ("course", "WLD"),
        ("offering", "weld-spring"),
        ("program", "smith"),
        ("skill", "https://skills.example/weld"),
        ("achievement", "weld"),
    ]
    one = (await desk.get("/dashboards/catalog/search", q="metal", kind="skill", limit=1)).json()
    assert (len(one["results"]), one["more"]) == (1, False)
    first = (await desk.get("/dashboards/catalog/search", q="metal", limit=1)).json()
    assert (first["results"][0]["id"], first["more"]) == ("WLD", True)


@pytest.mark.usefixtures("catalog")
async def test_titles_are_in_the_language_that_is_asked(desk):
    answer = await desk.get("/dashboards/catalog/search", q="curves", language="de-CH")
    [found] = answer.json()["results"]
    assert (found["title"], found["title_language"]) == ("Straßenkunst", "de")
