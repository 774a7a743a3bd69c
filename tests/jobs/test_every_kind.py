"""What every kind of job keeps: one suite, run for each. A new kind adds its case here."""

from datetime import timedelta
from uuid import uuid4

import pytest
from tests.bulk.office import Office, numbered
from tests.jobs.desk import (
    LEARNERS,
    Arrange,
    KindCase,
    desk,
    die,
    elsewhere,
    lines,
    with_an_achievement,
    with_an_offering,
    with_credentials,
    with_learners,
)

from milepost.contracts.ids import enrollment_id
from milepost.jobs import lease, worker

IN_SPRING = {"offering": "spring"}
UNKNOWN = {"lesson": "nowhere", "version": 9}


def of_enrollments(
    name: str, outcome: str, wrote: str, what: dict[str, object], refused: str
) -> KindCase:
    """A kind whose rows name enrollments, and say a reason."""
    rows = [{"enrollment": enrollment_id("spring", one), **what} for one in LEARNERS]
    rows = [{**row, "reason": "agreed"} for row in rows]
    del rows[2]["reason"]
    rows[3] |= {key: UNKNOWN[key] for key in what}
    rows[5] = rows[0]
    return KindCase(
        name=name,
        path="/progress/jobs",
        query={"kind": name},
        arrange=with_learners,
        file=lines(*rows),
        expected=[outcome, outcome, "row_invalid", refused, outcome, "unchanged", outcome],
        again=["unchanged", "unchanged", "row_invalid", refused, *["unchanged"] * 3],
        wrote=wrote,
    )


def of_credentials(name: str, outcome: str, wrote: str, arrange: Arrange, refused: str) -> KindCase:
    rows = [{"learner": one, "achievement": "badge", "reason": "agreed"} for one in LEARNERS]
    del rows[2]["achievement"]
    rows[3]["achievement"] = "nowhere"
    rows[5] = rows[0]
    return KindCase(
        name=name,
        path="/credentials/jobs",
        query={"kind": name},
        arrange=arrange,
        file=lines(*rows),
        expected=[outcome, outcome, "row_invalid", refused, outcome, "unchanged", outcome],
        again=["unchanged", "unchanged", "row_invalid", refused, *["unchanged"] * 3],
        wrote=wrote,
    )


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
    of_enrollments("waivers", "waived", "lesson_waived", {"lesson": "exam"}, "unknown_lesson"),
    of_enrollments("migrations", "migrated", "plan_migrated", {"version": 2}, "unknown_plan"),
    of_enrollments("rule-changes", "changed", "plan_migrated", {"version": 2}, "unknown_plan"),
    of_credentials(
        "awards", "awarded", "credential_awarded", with_an_achievement, "unknown_achievement"
    ),
    of_credentials("revocations", "revoked", "credential_revoked", with_credentials, "not_held"),
    of_credentials("renewals", "renewed", "credential_renewed", with_credentials, "not_held"),
    of_credentials(
        "supersessions", "superseded", "credential_superseded", with_credentials, "not_held"
    ),
)
PAGE = 3
PAGES = 3

each_kind = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
# Every page of two kinds, whose decisions differ most; of the others one.
KILLED = [
    (case, pages) for case in CASES for pages in range(PAGES) if case in CASES[:2] or pages == 1
]


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "ROWS_AT_ONCE", PAGE)
    monkeypatch.setattr(lease, "MARGIN", timedelta(0))  # whoever died sends nothing any more


@each_kind
async def test_a_dry_run_writes_nothing_and_foretells_a_result_for_each_row(
    everywhere: Office, case: KindCase
):
    office = await desk(everywhere, case)
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
    everywhere: Office, case: KindCase
):
    office = await desk(everywhere, case)
    key = uuid4().hex
    first = await office.do(case.file, key=key, **case.query)
    head = await office.head()
    assert await office.upload(case.file, key=key, **case.query) == first["job"]
    again = await office.do(case.file, **case.query)
    assert again["job"] != first["job"]
    assert await office.outcomes(again["job"]) == numbered(case.again)
    assert await office.head() == head


@pytest.mark.parametrize(
    ("case", "pages"), KILLED, ids=[f"{case.name}-{pages}" for case, pages in KILLED]
)
async def test_whoever_is_killed_after_any_page_loses_no_row_and_doubles_none(
    everywhere: Office, case: KindCase, pages: int
):
    office = await desk(everywhere, case)
    written = await office.count(case.wrote)
    job = await office.upload(case.file, **case.query)
    await die(office, after=pages)
    assert (await office.job(job))["done"] == pages * PAGE
    assert await elsewhere(office).turn()
    assert await office.outcomes(job) == numbered(case.expected)
    assert (await office.job(job))["state"] == "done"
    did = sum(one not in case.again for one in case.expected)
    assert await office.count(case.wrote) - written == did


@pytest.mark.parametrize("case", CASES[:2], ids=lambda case: case.name)
async def test_a_job_is_canceled_before_it_begins_and_between_two_pages(
    everywhere: Office, case: KindCase
):
    office = await desk(everywhere, case)
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
