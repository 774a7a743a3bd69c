"""Rows of progress that are done again, wait, or are decided while something moves."""

import pytest
from tests.bulk.office import Office, numbered
from tests.clocks import Clock
from tests.jobs.desk import KindCase, desk, die, elsewhere, lines, with_learners

from milepost.contracts.ids import enrollment_id
from milepost.events.runtime.backoff import Backoff
from milepost.progress import wait_for_opening
from milepost.progress.domain.state import PROGRESS

JOBS = "/progress/jobs"
CASE = KindCase("scores", JOBS, {}, with_learners, b"", [], [], "")
EXAM = {"learner": "l0", "lesson": "exam"}


@pytest.fixture
async def office(everywhere: Office) -> Office:
    """Seven learners are in `spring`, which is DATA-101 with an exam."""
    return await desk(everywhere, CASE)


async def scores_of(office: Office, learner: str) -> list[float]:
    stream = PROGRESS.of(enrollment_id("spring", learner))
    _, state = await office.transactor.load(office.tenant, stream)
    return [one.score for one in state.lessons["exam"].attempts]


async def test_a_row_that_wrote_nothing_does_not_undo_the_one_behind_it_after_a_crash(
    office: Office,
):
    query = {"kind": "scores", "offering": "spring"}
    await office.do(lines({**EXAM, "score": 0.9}), **query)
    file = lines(
        {**EXAM, "score": 0.9, "reason": "regraded"},
        {**EXAM, "attempt": 3, "score": 1},
        {**EXAM, "score": 0.5, "reason": "regraded"},
        {**EXAM, "attempt": 2, "score": 0.7},
    )
    job = await office.upload(file, **query)
    await die(office, after=0)
    assert await elsewhere(office).turn()
    expected = ["unchanged", "unknown_attempt", "revised", "scored"]
    assert await office.outcomes(job) == numbered(expected)
    assert await scores_of(office, "l0") == [0.5, 0.7]
    assert await office.count("score_revised") == 1


async def test_a_waiver_that_was_given_last_stays_after_a_crash(office: Office):
    row = {**EXAM, "reason": "agreed"}
    file = lines({**row, "withdraw": True}, row)
    job = await office.upload(file, kind="waivers", offering="spring")
    await die(office, after=0)
    assert await elsewhere(office).turn()
    assert await office.outcomes(job) == numbered(["unchanged", "waived"])
    assert await office.count("lesson_waiver_withdrawn") == 0


async def test_what_was_done_is_told_though_its_instructor_is_removed_meanwhile(office: Office):
    path = "/enrollment/offerings/spring/instructors/tess"
    assert (await office.put(path, {})).status_code in (200, 201)
    tess = office.of(office.tenant)
    tess.by, tess.subject = "instructor", "tess"
    job = await tess.upload(lines({**EXAM, "score": 1, "offering": "spring"}), kind="scores")
    await die(office, after=0)
    assert (await office.ask("DELETE", path)).status_code in (200, 204)
    second = {**EXAM, "attempt": 2, "score": 0, "offering": "spring"}
    later = await tess.upload(lines(second), kind="scores")
    other = elsewhere(office)
    while await other.turn():
        pass
    assert await office.outcomes(job) == numbered(["scored"])
    assert await office.outcomes(later) == numbered(["unknown_enrollment"])


async def test_rows_wait_together_for_progress_that_is_not_opened(
    office: Office, monkeypatch: pytest.MonkeyPatch
):
    waited, clock = set[Backoff](), Clock(0.0)

    class Waits(Backoff):
        __slots__ = ()

        async def pause(self) -> bool:
            waited.add(self)
            clock.now += wait_for_opening.WAIT_SECONDS
            return await super().pause()

    monkeypatch.setattr(wait_for_opening, "Backoff", Waits)
    monkeypatch.setattr(wait_for_opening, "monotonic", clock)
    monkeypatch.setattr("milepost.progress.jobs.decide.time", clock)
    assert (await office.enroll("late")).status_code == 201
    row = {"learner": "late", "lesson": "exam", "score": 1}
    file, query = lines(*[row] * 8), {"kind": "scores", "offering": "spring"}
    dry = await office.do(file, dry_run=True, **query)
    assert (dry["refusals"], len(waited)) == ({"not_open_yet": 8}, 0)
    real = await office.do(file, **query)
    assert (real["refusals"], len(waited)) == ({"not_open_yet": 8}, 1)


async def test_an_enrollment_that_moves_while_its_row_is_decided_is_decided_by_the_new_plan(
    office: Office, monkeypatch: pytest.MonkeyPatch
):
    body, moved = {"version": 2, "reason": "new_edition"}, list[int]()
    decider = office.store.kinds["scores"].decide.__self__  # type: ignore[attr-defined]
    prepare, path = decider.prepare, f"/progress/enrollments/{enrollment_id('spring', 'l0')}"

    async def move_first(request, row, plan):
        moved.append(plan.version)
        if len(moved) == 1:
            assert (await office.post(f"{path}/plan/migrate", body)).status_code == 200
        return await prepare(request, row, plan)

    monkeypatch.setitem(decider.__dict__, "prepare", move_first)
    job = await office.do(lines({**EXAM, "score": 0.5}), kind="scores", offering="spring")
    assert (job["outcomes"], moved) == ({"scored": 1}, [1, 2])
