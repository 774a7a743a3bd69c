"""Whatever is in a file: side by side is as one by one, and a dry run foretells it."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from random import Random
from typing import Any
from uuid import UUID, uuid4

from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.enrollment.given import opened

from milepost.contracts.enrollments import EnrollmentWithdrawn
from milepost.contracts.ids import enrollment_id
from milepost.enrollment.bulk.decide_page import enroll_rows
from milepost.enrollment.bulk.enrollment_rows import RowRequest
from milepost.enrollment.commands.enroll import enroll_learner
from milepost.enrollment.domain.enrollment.admission import AdmissionRequest
from milepost.enrollment.domain.enrollment.enrollment import ENROLLMENT
from milepost.enrollment.domain.offering.offering import OFFERING, OfferingFull
from milepost.events.commands.transact import Transactor
from milepost.events.event import Event
from milepost.events.log import Command, Recorded, Result
from milepost.events.store.dry_run import DryRunLog
from milepost.events.store.memory import MemoryLog
from milepost.jobs.jobs import Job, Tally, add_results
from milepost.jobs.jobs import Result as Told
from milepost.jobs.row_format import Fault, Row
from milepost.web.settings import Settings

TENANT, NOW = "t", datetime(2026, 3, 2, 10, tzinfo=UTC)
OFFERINGS, LEARNERS = ("a", "b"), [f"l{number}" for number in range(10)]

facts = st.fixed_dictionaries(
    {},
    optional={
        "seats": st.integers(1, 6),
        "waitlist": st.booleans(),
        "approval": st.booleans(),
        "parallel_limit": st.integers(1, 2),
        "modes": st.just(("audit",)),
        "window_closes": st.sampled_from([None, None, None, NOW]),
    },
)
schools = st.fixed_dictionaries(dict.fromkeys(OFFERINGS, facts))
request = st.builds(
    RowRequest,
    learner=st.sampled_from(LEARNERS),
    offering=st.sampled_from([*OFFERINGS, *OFFERINGS, *OFFERINGS, "nowhere"]),
    mode=st.sampled_from(["audit", "verified", None]),
    occurred_at=st.sampled_from([None, None, datetime(2026, 3, 2, 9, 30, tzinfo=UTC)]),
)
fault = st.just(Fault("$", "?"))
files = st.lists(request | request | request | request | fault, min_size=12, max_size=60)
befores = st.lists(
    st.tuples(st.sampled_from(OFFERINGS), st.sampled_from(LEARNERS), st.booleans()), max_size=6
)


class Late(MemoryLog):
    """Every answer takes as many turns of the loop as chance has it."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self._chance = Random(seed)

    async def append(self, tenant: str, commands: Sequence[Command]) -> list[Result]:
        await self._pass()
        return await super().append(tenant, commands)

    async def read_stream(self, tenant: str, stream: str, after: int = 0) -> list[Recorded]:
        await self._pass()
        return await super().read_stream(tenant, stream, after)

    async def _pass(self) -> None:
        for _ in range(self._chance.choice([0, 0, 1, 3, 10, 40])):
            await asyncio.sleep(0)


def just(event: Event) -> Callable[[Any], list[Any]]:
    """The decision that it is so."""
    return lambda _: [event]


async def school(
    offerings: dict[str, dict[str, Any]], before: Sequence[Any], seed: int
) -> MemoryLog:
    """Its offerings, and who has come, and perhaps gone, before the file."""
    log = Late(seed)
    transactor = Transactor(log)
    for offering, given_facts in offerings.items():
        event = opened(offering=offering, **given_facts)
        await transactor.transact(TENANT, OFFERING.of(offering), just(event))
    for offering, learner, leaves in before:
        wish = AdmissionRequest(
            offering=offering, learner=learner, occurred_at=opened().occurred_at
        )
        enrollment = ENROLLMENT.of(enrollment_id(offering, learner))
        _, run = await transactor.load(TENANT, OFFERING.of(offering))
        opening = run.opened
        assert opening is not None
        _, state = await transactor.load(TENANT, enrollment)
        if state.state is not None or opening.parallel_limit or opening.seats == 1:
            continue
        try:
            await enroll_learner(transactor, TENANT, wish)
        except OfferingFull:
            continue
        if leaves:
            gone = EnrollmentWithdrawn(
                enrollment=enrollment.key,
                learner=learner,
                offering=offering,
                course="DATA-101",
                reason="no_time",
                occurred_at=wish.occurred_at,
            )
            await transactor.transact(TENANT, enrollment, just(gone))
    await transactor.close()
    return log


def job(*, dry_run: bool = False, named: UUID | None = None) -> Job:
    return Job(
        tenant=TENANT,
        job=named or uuid4(),
        kind="enrollment",
        digest="",
        state="running",
        dry_run=dry_run,
        offering=None,
        actor="office",
        metadata=b"{}",
        own_only=False,
        rows=0,
        tally=Tally(),
        cancel=False,
        deaths=0,
        created_at=NOW,
        started_at=NOW,
        changed_at=NOW,
        ended_at=None,
        version=1,
    )


async def came_to(
    log: MemoryLog, of: Job, rows: Sequence[Row[RowRequest]], page: int
) -> list[Told]:
    """By a process of its own: nothing is cached."""
    transactor = Transactor(log)
    results: list[Told] = []
    for first in range(0, len(rows), page):
        results += await enroll_rows(transactor, Settings(), of, rows[first : first + page])
    await transactor.close()
    return results


def plain(results: Sequence[Told]) -> list[tuple[object, ...]]:
    """Without where in the log it stands."""
    return [(one.row, one.outcome, one.enrollment, one.problem) for one in results]


def effects(results: Sequence[Told]) -> list[tuple[object, ...]]:
    """A row that did nothing is decided again, and may find its learner in by a later one."""
    nothing = ("refused", "unchanged")
    return [
        (one.row, None if one.outcome in nothing else one.outcome, one.position) for one in results
    ]


@settings(max_examples=150, deadline=None)
@given(
    offerings=schools,
    before=befores,
    file=files,
    page=st.sampled_from([3, 100]),
    died_after=st.integers(0, 60),
    seed=st.integers(),
)
@example(  # the limit counts over offerings
    offerings={"a": {"parallel_limit": 1}, "b": {"parallel_limit": 1, "seats": 1}},
    before=[],
    file=[
        RowRequest(learner="l0", offering="b"),
        RowRequest(learner="l1", offering="b"),
        RowRequest(learner="l1", offering="a"),
    ],
    page=100,
    died_after=0,
    seed=0,
)
@example(  # whoever has to wait for an own row keeps their place
    offerings={"a": {"seats": 1, "modes": ("audit",)}, "b": {}},
    before=[],
    file=[
        RowRequest(learner="l0", offering="a", mode="verified"),
        RowRequest(learner="l0", offering="a"),
        RowRequest(learner="l1", offering="a"),
    ],
    page=100,
    died_after=0,
    seed=0,
)
@example(  # whoever comes back keeps their place too
    offerings={"a": {"seats": 2, "waitlist": True}, "b": {}},
    before=[("a", "l0", True)],
    file=[RowRequest(learner=f"l{number}", offering="a") for number in range(4)],
    page=100,
    died_after=0,
    seed=0,
)
async def test_side_by_side_is_as_one_by_one_dry_or_real_and_done_twice(
    *, offerings, before, file, page, died_after, seed
):
    rows = [Row(number, one) for number, one in enumerate(file, 1)]
    log, other = await school(offerings, before, seed), await school(offerings, before, 0)
    events = len(await log.read(TENANT))
    one_by_one = plain(await came_to(other, job(), rows, 1))

    dry = await came_to(await DryRunLog.over(log), job(dry_run=True), rows, page)
    assert plain(dry) == one_by_one
    assert len(await log.read(TENANT)) == events

    real = job()
    done = await came_to(log, real, rows, page)
    assert plain(done) == one_by_one
    assert add_results(Tally(), done).done == len(rows)
    events = len(await log.read(TENANT))
    again = await came_to(log, real, rows[died_after:], page)
    assert effects(again) == effects(done)[died_after:]
    assert len(await log.read(TENANT)) == events == len(await other.read(TENANT))
    for offering in OFFERINGS:
        run = OFFERING.fold(await log.read_stream(TENANT, f"offering-{offering}"))
        assert run.opened is not None
        assert run.opened.seats is None or len(run.seated) <= run.opened.seats
