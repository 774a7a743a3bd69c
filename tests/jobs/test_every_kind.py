"""What every kind of job keeps: one suite, run for each. A new kind adds its case here."""

from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
from tests.bulk.office import numbered
from tests.jobs.desk import KindCase, desk, die, elsewhere, lines, with_an_offering, with_learners

from milepost.jobs import worker

IN_SPRING = {"offering": "spring"}
CASES = (
    KindCase(
        name="enrollment",
        path="/enrollment/jobs",
        query={},
        arrange=with_an_offering,
        file=lines(
            {"learner": "l0", **IN_SPRING},
            {"learner": "l1", **IN_SPRING},
            {"learner": "l2", **IN_SPRING, "mode": "?"},
            {"learner": "l3", "offering": "nowhere"},
            {"learner": "l4", **IN_SPRING},
            {"learner": "l0", **IN_SPRING},
            {"learner": "l5", **IN_SPRING},
        ),
        expected=[
            *("enrolled", "enrolled", "row_invalid", "unknown_offering", "enrolled"),
            *("unchanged", "enrolled"),
        ],
        again=[
            *("unchanged", "unchanged", "row_invalid", "unknown_offering", "unchanged"),
            *("unchanged", "unchanged"),
        ],
        wrote="learner_enrolled",
    ),
    KindCase(
        name="scores",
        path="/progress/jobs",
        query={"kind": "scores", **IN_SPRING},
        arrange=with_learners,
        file=lines(
            {"learner": "l0", "lesson": "exam", "score": 0.9},
            {"learner": "l1", "lesson": "exam", "raw": 17, "maximum": 20},
            {"learner": "l2", "lesson": "exam", "score": 2},
            {"learner": "l3", "lesson": "nowhere", "score": 1},
            {"learner": "l4", "lesson": "exam", "score": 0},
            {"learner": "l0", "lesson": "exam", "score": 0.9},
            {"learner": "l5", "lesson": "exam", "score": 0.4, "reason": "correction"},
        ),
        expected=[
            *("scored", "scored", "row_invalid", "unknown_lesson", "scored"),
            *("unchanged", "scored"),
        ],
        again=[
            *("unchanged", "unchanged", "row_invalid", "unknown_lesson", "unchanged"),
            *("unchanged", "unchanged"),
        ],
        wrote="attempt_scored",
    ),
    KindCase(
        name="waivers",
        path="/progress/jobs",
        query={"kind": "waivers"},
        arrange=with_learners,
        file=lines(
            {"learner": "l0", **IN_SPRING, "lesson": "exam", "reason": "illness"},
            {"learner": "l1", **IN_SPRING, "lesson": "exam", "reason": "illness"},
            {"learner": "l2", **IN_SPRING, "lesson": "exam"},
            {"learner": "l3", **IN_SPRING, "lesson": "nowhere", "reason": "illness"},
            {"learner": "l4", **IN_SPRING, "lesson": "exam", "reason": "illness"},
            {"learner": "l0", **IN_SPRING, "lesson": "exam", "reason": "illness"},
            {"learner": "l5", **IN_SPRING, "lesson": "exam", "reason": "illness"},
        ),
        expected=[
            *("waived", "waived", "row_invalid", "unknown_lesson", "waived"),
            *("unchanged", "waived"),
        ],
        again=[
            *("unchanged", "unchanged", "row_invalid", "unknown_lesson", "unchanged"),
            *("unchanged", "unchanged"),
        ],
        wrote="lesson_waived",
    ),
)
PAGE = 3
PAGES = 3

each_kind = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "ROWS_AT_ONCE", PAGE)


@each_kind
async def test_a_dry_run_writes_nothing_and_foretells_a_result_for_each_row(
    pool: asyncpg.Pool, tmp_path: Path, case: KindCase
):
    async with desk(pool, tmp_path, case) as office:
        before = await office.head()
        dry = await office.do(case.file, dry_run=True, **case.query)
        assert await office.outcomes(dry["job"]) == numbered(case.expected)
        assert not any("position" in one for one in await office.results(dry["job"]))
        assert await office.head() == before
        real = await office.do(case.file, **case.query)
        assert await office.outcomes(real["job"]) == numbered(case.expected)
        assert (real["state"], real["done"], dry["dry_run"]) == ("done", len(case.expected), True)
        assert real["refusals"] == dry["refusals"]


@each_kind
async def test_a_file_once_more_is_its_job_and_another_of_the_same_rows_changes_nothing(
    pool: asyncpg.Pool, tmp_path: Path, case: KindCase
):
    async with desk(pool, tmp_path, case) as office:
        key = uuid4().hex
        first = await office.do(case.file, key=key, **case.query)
        head = await office.head()
        assert await office.upload(case.file, key=key, **case.query) == first["job"]
        again = await office.do(case.file, **case.query)
        assert again["job"] != first["job"]
        assert await office.outcomes(again["job"]) == numbered(case.again)
        assert await office.head() == head


@each_kind
@pytest.mark.parametrize("pages", range(PAGES))
async def test_whoever_is_killed_after_any_page_loses_no_row_and_doubles_none(
    pool: asyncpg.Pool, tmp_path: Path, case: KindCase, pages: int
):
    async with desk(pool, tmp_path, case) as office:
        written = await office.count(case.wrote)
        job = await office.upload(case.file, **case.query)
        await die(office, after=pages)
        assert (await office.job(job))["done"] == pages * PAGE
        assert await elsewhere(office).turn()
        assert await office.outcomes(job) == numbered(case.expected)
        assert (await office.job(job))["state"] == "done"
        did = sum(one not in case.again for one in case.expected)
        assert await office.count(case.wrote) - written == did


@each_kind
async def test_a_job_is_canceled_before_it_begins_and_between_two_pages(
    pool: asyncpg.Pool, tmp_path: Path, case: KindCase
):
    async with desk(pool, tmp_path, case) as office:
        waits = await office.upload(case.file, **case.query)
        assert (await office.cancel(waits)).json()["state"] == "canceled"
        assert not await office.worker.turn()
        assert await office.results(waits) == []
        job = await office.upload(case.file, **case.query)
        await die(office, after=1)
        assert (await office.cancel(job)).json()["canceling"]
        assert await elsewhere(office).turn()
        ended = await office.job(job)
        assert ended["state"] == "canceled"
        told = await office.outcomes(job)
        kept = numbered(case.expected)
        assert told[:PAGE] == kept[:PAGE]
        assert set(told) <= set(kept[: 2 * PAGE]), "what was done has its result, no more"
