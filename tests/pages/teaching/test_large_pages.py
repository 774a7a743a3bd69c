"""However many learn, and however much they do: a page stays as small, and leads on to the rest."""

import re
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest
from tests.dashboards.history import Life, offered, project, published, record
from tests.pages.campus import Campus

from milepost.contracts.courses import Lesson, PassingRule

MOST_BYTES = 150_000
LEARNERS = 120
LESSONS = 60
QUIZZES = [
    Lesson(
        id=f"quiz-{one:02}",
        title=f"Quiz {one:02}: what it is of",
        kind="quiz",
        weight=1.0,
        due_day=9,
    )
    for one in range(LESSONS + 1)
]
# At noon: six visits, a minute after each other, are on one day.
NOW = datetime.now(UTC).replace(hour=12)
READER = Life("huge", "reader")


@pytest.fixture(scope="module")
async def huge(pool: asyncpg.Pool, campus: Campus) -> Campus:
    """All are overdue: nobody has tried the last quiz. One has read on, every day since."""
    tenant, ago = campus.tenant, NOW - timedelta(days=400)
    plan = published("ART", *QUIZZES, passing_rule=PassingRule(passing_grade=0.5))
    first = [*READER.enrolls(), *READER.visits("quiz-00")]
    await record(pool, tenant, [plan, offered("huge"), *first], ago - timedelta(days=1))
    for number in range(LEARNERS):
        one = Life("huge", f"learner-{number:04}")
        tries = [one.attempts(quiz.id, (number % 10) / 10) for quiz in QUIZZES[: number % 13 * 5]]
        entries = [entry for steps in ([one.enrolls()], tries) for step in steps for entry in step]
        await record(pool, tenant, entries, ago)
    for day in range(370):
        await record(pool, tenant, READER.visits("quiz-00") * 6, ago + timedelta(days=day))
    await project(pool)
    return campus


@pytest.mark.parametrize(
    "address", ["", "?lessons=2", "/at-risk", "/learners", "/learners?lesson=quiz-00", "/gradebook"]
)
async def test_pages_of_a_large_offering_are_small(huge: Campus, address: str):
    page = await huge.read(f"/teach/offerings/huge{address}")
    assert page.status_code == 200
    assert len(page.content) <= MOST_BYTES


async def test_everybody_at_risk_is_on_one_of_the_pages(huge: Campus):
    pages = await turned(huge, "/teach/offerings/huge/at-risk", r'href="(\?cursor=[^"&]+)"')
    named = [one for page in pages for one in re.findall(r"<bdi>(learner-\d+)</bdi>", page)]
    assert len(pages) > 1
    assert len(named) == len({*named}) == LEARNERS


async def test_a_long_story_is_told_page_by_page(huge: Campus):
    """2,221 visits on 371 days: each day is told once."""
    address = f"/teach/enrollments/{READER.id}"
    pages = await turned(huge, address, r'href="(\?before=\d+)#')
    told = [one for page in pages for one in re.findall(r"Visited “[^”]+”: (\d+) report", page)]
    assert told == ["6"] * 370 + ["1"]


async def turned(huge: Campus, address: str, following: str) -> list[str]:
    """All the pages, each small; `following`: how the link to the next one looks."""
    pages, query = list[str](), ""
    while True:
        page = await huge.read(address + query)
        assert len(page.content) <= MOST_BYTES
        pages.append(page.text)
        if (found := re.search(following, page.text)) is None:
            return pages
        query = found[1]
