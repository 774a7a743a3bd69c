"""Imports a past through the services' own decisions and policies, exactly once.

What happened in one enrollment is decided in strict order, and so are one learner's enrollments.
Learners go side by side, so that their commands share the log's group commits. Command ids derive
from what is imported: a second run, or one after a crash, adds only what is missing.
"""

import asyncio
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, assert_never
from uuid import UUID, uuid5

import msgspec

from milepost.contracts.ids import enrollment_id
from milepost.contracts.rules.learning.plan import Plan
from milepost.enrollment.domain.enrollment.admission import enroll
from milepost.enrollment.domain.enrollment.enrollment import ENROLLMENT, Enrollment
from milepost.enrollment.domain.enrollment.exits import withdraw
from milepost.enrollment.domain.enrollment.refusals import UnknownEnrollment
from milepost.enrollment.domain.offering.offering import OFFERING, Offering
from milepost.enrollment.events import EnrollmentEvent, OfferingEvent
from milepost.events.commands.transact import Outcome, Transactor
from milepost.events.event import Refused
from milepost.events.log import Recorded
from milepost.operations.history.past import Enroll, Learn, Passage, Past, Step, Withdraw
from milepost.progress.domain.decisions import Answer, report
from milepost.progress.domain.reports import NotEnrolled, Progressed, Report
from milepost.progress.domain.state import PROGRESS

NAMESPACE = UUID("7b0c9f9e-5a55-5d0e-8f0f-0f6d2d3b9c11")
MAX_REPORTS = 1_000
SIDE_BY_SIDE = 256

RunPolicies = Callable[[Sequence[Recorded]], Awaitable[object]]
DecideSeat = Callable[[Offering, Enrollment], tuple[list[OfferingEvent], list[EnrollmentEvent]]]


class Tally(msgspec.Struct):
    """What came of the rows: `accepted` by kind, `refused` by reason. The same on every run."""

    accepted: Counter[str] = msgspec.field(default_factory=Counter)
    refused: Counter[str] = msgspec.field(default_factory=Counter)

    def accept(self, kind: str) -> None:
        self.accepted[kind] += 1

    def refuse(self, refusal: Refused, times: int = 1) -> None:
        # An enrollment that nobody has heard of yet is one that has not begun.
        known = NotEnrolled if isinstance(refusal, UnknownEnrollment) else type(refusal)
        self.refused[re.sub(r"(?<!^)(?=[A-Z])", "_", known.__name__).lower()] += times

    def leave_out(self, rows: int) -> None:
        """Rows of what could not be offered."""
        if rows:
            self.refused["course_refused"] += rows

    def answer(self, reports: Sequence[Report], answers: Sequence[Answer]) -> None:
        """A report that the log has already was accepted, by an earlier run."""
        for one, answer in zip(reports, answers, strict=True):
            if isinstance(answer, Refused):
                self.refuse(answer)
            else:
                self.accept("visits" if isinstance(one, Progressed) else "attempts")


class Importer:
    """Imports learners' passages into one tenant. `tell` hears how many rows are done.

    plans         each offering's plan, as it was published
    run_policies  runs those that take these events, and returns when they are done
    resuming      an earlier run may have done some of it
    """

    def __init__(
        self,
        transactor: Transactor,
        tenant: str,
        plans: Mapping[str, Plan],
        *,
        run_policies: RunPolicies,
        tell: Callable[[int], object],
        resuming: bool,
    ) -> None:
        self.tally = Tally()
        self._transactor = transactor
        self._tenant = tenant
        self._plans = plans
        self._run_policies = run_policies
        self._tell = tell
        self._resuming = resuming

    async def run(self, past: Past) -> None:
        """Raises the log's errors when it stays away; what is done by then stays done."""
        learners = iter(past.learners)
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(SIDE_BY_SIDE):
                    group.create_task(self._follow(past.name, learners))
        except ExceptionGroup as failures:
            # They go the same way: the first says why.
            raise failures.exceptions[0] from failures

    async def _follow(self, name: str, learners: Iterator[Sequence[Passage]]) -> None:
        for passages in learners:
            for passage in passages:
                await self._pass(name, passage)

    async def _pass(self, name: str, passage: Passage) -> None:
        steps = list(_in_calls(passage.steps()))
        if passage.offering not in self._plans:
            rows = sum(map(_rows, steps))
            self.tally.leave_out(rows)
            self._tell(rows)
            return
        key = f"{name}/{passage.offering}/{passage.learner}"
        ids = [uuid5(NAMESPACE, f"{key}/{number}") for number in range(len(steps))]
        done = await self._already_done(ids) if self._resuming else frozenset()
        for step, command_id in zip(steps, ids, strict=True):
            if command_id in done:
                await self._recall(passage, step)
            else:
                await self._apply(passage, step, command_id)
            self._tell(_rows(step))

    async def _already_done(self, ids: Sequence[UUID]) -> frozenset[UUID]:
        """The steps that an earlier run left behind; their policies had run by then."""
        done = await self._transactor.log.done(self._tenant, ids)
        return frozenset([one for one in ids if one in done][:-1])

    async def _recall(self, passage: Passage, step: Step) -> None:
        """Count a step that is done. What came of its reports is still to be seen."""
        match step:
            case Enroll():
                self.tally.accept("enrollments")
            case Withdraw():
                self.tally.accept("withdrawals")
            case Learn():
                stream = PROGRESS.of(enrollment_id(passage.offering, passage.learner))
                _, state = await self._transactor.load(self._tenant, stream)
                _, answers = report(state, self._plans[passage.offering], step.reports)
                self.tally.answer(step.reports, answers)
            case _:
                assert_never(step)

    async def _apply(self, passage: Passage, step: Step, command_id: UUID) -> None:
        try:
            match step:
                case Enroll():
                    outcome = await self._enroll(passage, step, command_id)
                case Learn():
                    outcome = await self._learn(passage, step, command_id)
                case Withdraw():
                    outcome = await self._withdraw(passage, step, command_id)
                case _:
                    assert_never(step)
        except Refused as refusal:
            self.tally.refuse(refusal, _rows(step))
        else:
            await self._run_policies(outcome.events)

    async def _enroll(self, passage: Passage, step: Enroll, command_id: UUID) -> Outcome[Any]:
        decide = partial(
            enroll, offering=passage.offering, learner=passage.learner, occurred_at=step.at
        )
        outcome = await self._decide_seat(passage, decide, command_id)
        self.tally.accept("enrollments")
        return outcome

    async def _withdraw(self, passage: Passage, step: Withdraw, command_id: UUID) -> Outcome[Any]:
        enrollment = enrollment_id(passage.offering, passage.learner)
        decide = partial(withdraw, enrollment=enrollment, reason=step.reason, occurred_at=step.at)
        outcome = await self._decide_seat(passage, decide, command_id)
        self.tally.accept("withdrawals")
        return outcome

    async def _decide_seat(
        self, passage: Passage, decide: DecideSeat, command_id: UUID
    ) -> Outcome[Any]:
        enrollment = enrollment_id(passage.offering, passage.learner)
        return await self._transactor.transact(
            self._tenant,
            (OFFERING.of(passage.offering), ENROLLMENT.of(enrollment, likely_new=True)),
            decide,
            command_id=command_id,
        )

    async def _learn(self, passage: Passage, step: Learn, command_id: UUID) -> Outcome[Any]:
        decide = partial(report, plan=self._plans[passage.offering], reports=step.reports)
        stream = PROGRESS.of(enrollment_id(passage.offering, passage.learner))
        outcome = await self._transactor.transact(
            self._tenant, stream, decide, command_id=command_id
        )
        reported = outcome.value or decide(outcome.state(PROGRESS))
        self.tally.answer(step.reports, reported.answers)
        return outcome


def _in_calls(steps: Iterable[Step]) -> Iterator[Step]:
    """The same steps, none with more reports than one call takes."""
    for step in steps:
        if isinstance(step, Learn):
            for first in range(0, len(step.reports), MAX_REPORTS):
                yield Learn(step.reports[first : first + MAX_REPORTS])
        else:
            yield step


def _rows(step: Step) -> int:
    return len(step.reports) if isinstance(step, Learn) else 1
