"""The read model's state of an enrollment is the enrollment's own, after every event.

But for one: the read model hears itself that learning began, the enrollment from a policy. Where
that is late, who comes back or is reinstated is `active` there a moment earlier.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any, NamedTuple

from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.enrollment.given import minute, opened, published

from milepost.contracts.courses import CoursePublished
from milepost.contracts.enrollments import EnrollmentState
from milepost.contracts.ids import enrollment_id
from milepost.contracts.rules.learning.course_plan import pinned
from milepost.contracts.rules.prerequisites import CoursePassed
from milepost.dashboards.projections.learner_overview import ENROLLMENTS, LEARNER_OVERVIEW
from milepost.enrollment.app import policies as enrollment_policies
from milepost.enrollment.commands.enroll import admission
from milepost.enrollment.domain.course.course import COURSE
from milepost.enrollment.domain.enrollment.admission import AdmissionRequest
from milepost.enrollment.domain.enrollment.enrollment import ENROLLMENT
from milepost.enrollment.domain.enrollment.exits import Transfer, run_out, transfer, withdraw
from milepost.enrollment.domain.enrollment.lifecycle import change_mode, reinstate, suspend
from milepost.enrollment.domain.enrollment.seating import accept, approve, decline, turn_down
from milepost.enrollment.domain.enrollment.state_machine import STATES
from milepost.enrollment.domain.learner_load import LEARNER
from milepost.enrollment.domain.offering.offering import OFFERING
from milepost.enrollment.domain.offering.seats import expire_offer
from milepost.enrollment.domain.offering.terms import cancel_offering
from milepost.events.commands.transact import Transactor
from milepost.events.event import Refused
from milepost.events.log import Recorded
from milepost.events.policies.reactions import run_to_quiescence
from milepost.events.projections.read_model import Fact, Rows
from milepost.events.store.memory import MemoryLog
from milepost.events.streams import category_of, key_of
from milepost.progress.app import policy as progress_policy
from milepost.progress.domain.course_grade import revoke_course
from milepost.progress.domain.decisions import report
from milepost.progress.domain.reports import Completed, Report, Scored, Started
from milepost.progress.domain.state import PROGRESS
from milepost.progress.plan_cache import PlanCache

TENANT = "t"
ENDS = minute(0) + timedelta(days=1)
OFFERINGS = ("spring", "autumn")
ALONE: Mapping[str, Callable[..., Any]] = {
    "decline": partial(decline, reason="no_room"),
    "suspend": partial(suspend, reason="fees"),
    "reinstate": reinstate,
}
BOTH: Mapping[str, Callable[..., Any]] = {
    "approve": approve,
    "accept": accept,
    "turn_down": turn_down,
    "withdraw": partial(withdraw, reason="no_time"),
}
REPORTS: Mapping[str, Callable[..., Report]] = {
    "start": partial(Started, lesson="intro"),
    "finish": partial(Completed, lesson="intro"),
    "score": partial(Scored, lesson="exam", score=1.0),
}
OTHERS = ("enroll", "mode", "transfer", "lapse", "run_out", "cancel", "uncomplete")
COMMANDS = (*ALONE, *BOTH, *REPORTS, *OTHERS)


class Step(NamedTuple):
    """`minutes` after the step before: none, and what follows happens at the same time."""

    command: str
    learner: str = "ann"
    offering: str = "spring"
    minutes: int = 1


# Until the policies have answered.
LATE = (Step("mode"), Step("mode"))
steps = st.builds(
    Step,
    st.sampled_from([*COMMANDS, "enroll", "enroll", "start"]),
    st.sampled_from(["ann", "ben"]),
    st.sampled_from([*OFFERINGS, "spring"]),
    st.integers(0, 2),
)
terms = st.fixed_dictionaries(
    {
        "seats": st.sampled_from([None, 1, 2]),
        "offer_hours": st.sampled_from([None, 1]),
        "approval": st.booleans(),
        "prerequisites": st.sampled_from([(), (), (CoursePassed(course="DATA-100"),)]),
        "ends": st.just(ENDS),
        "expires_days": st.just(0),
    }
)


class School:
    """The services' own decisions and policies, on a log in memory.

    `pace`: policies answer after every step, or after every third, …
    `more`: further reports that steps may name.
    """

    def __init__(
        self, pace: int, course: CoursePublished, more: Mapping[str, Callable[..., Report]]
    ) -> None:
        self.pace = pace
        self.plan = pinned(course)
        self.reports = {**REPORTS, **more}
        self.unanswered: list[Recorded] = []
        self.log = MemoryLog()
        self.transactor = Transactor(self.log)
        self.policies = (
            *enrollment_policies(self.log),
            progress_policy(self.log, PlanCache(self.log)),
        )
        self.now = minute(0)

    async def open(self, offering: str, facts: Mapping[str, Any]) -> None:
        event = opened(offering=offering, **facts)
        await self.transactor.transact(TENANT, OFFERING.of(offering), lambda _: [event])

    async def take(self, number: int, step: Step) -> None:
        self.now += (
            timedelta(hours=1) if step.command == "lapse" else timedelta(minutes=step.minutes)
        )
        streams, decide = self._command(number, step)
        with suppress(Refused):
            outcome = await self.transactor.transact(TENANT, streams, decide)
            self.unanswered += outcome.events
        if number % self.pace == 0:
            events, self.unanswered = self.unanswered, []
            await run_to_quiescence(self.transactor, self.policies, events)

    def _command(self, number: int, step: Step) -> tuple[Any, Callable[..., Any]]:
        """Its streams and its decision."""
        enrollment, at = enrollment_id(step.offering, step.learner), self.now
        run, own = OFFERING.of(step.offering), ENROLLMENT.of(enrollment)
        named: dict[str, Any] = {"enrollment": enrollment, "occurred_at": at}
        found: tuple[Any, Callable[..., Any]]
        match step.command:
            case "enroll":
                who: dict[str, Any] = {"offering": step.offering, "learner": step.learner}
                found = admission(AdmissionRequest(**who, occurred_at=at, vouched=True))
            case "transfer":
                found = self._transfer(step, enrollment)
            case "mode":
                change = partial(change_mode, mode="verified" if number % 2 else "audit", **named)
                found = (run, own), lambda *states: ((), change(*states))
            case "lapse":
                found = run, partial(expire_offer, stay=1, **named)
            case "run_out":
                found = own, partial(run_out, expires=ENDS, occurred_at=ENDS)
            case "cancel":
                about: dict[str, Any] = {"offering": step.offering, "reason": "low_demand"}
                found = run, partial(cancel_offering, **about, occurred_at=at)
            case "uncomplete":
                revoking = partial(revoke_course, plan=self.plan, reason="misconduct", at=at)
                found = PROGRESS.of(enrollment), lambda state: list(revoking(state))
            case alone if alone in ALONE:
                found = own, partial(ALONE[alone], **named)
            case both if both in BOTH:
                found = (run, own), partial(BOTH[both], **named)
            case reported:
                one = self.reports[reported](id=str(number), occurred_at=at)
                found = PROGRESS.of(enrollment), partial(report, plan=self.plan, reports=[one])
        return found

    def _transfer(self, step: Step, enrollment: str) -> tuple[Any, Callable[..., Any]]:
        [to] = set(OFFERINGS) - {step.offering}
        move = Transfer(enrollment=enrollment, to=to, reason="moved", occurred_at=self.now)
        streams = (
            OFFERING.of(step.offering),
            ENROLLMENT.of(enrollment),
            OFFERING.of(to),
            ENROLLMENT.of(enrollment_id(to, step.learner)),
            LEARNER.of(step.learner),
        )
        return streams, partial(transfer, move)


async def play(
    facts: Sequence[Mapping[str, Any]],
    taken: Sequence[Step],
    pace: int = 1,
    course: CoursePublished | None = None,
    more: Mapping[str, Callable[..., Report]] = {},
) -> list[Recorded]:
    course = course or published()
    school = School(pace, course, more)
    await school.transactor.transact(TENANT, COURSE.of(course.course), lambda _: [course])
    for offering, terms_of in zip(OFFERINGS, facts, strict=True):
        await school.open(offering, terms_of)
    for number, step in enumerate(taken):
        await school.take(number, step)
    await school.transactor.close()
    return await school.log.read(TENANT, limit=100_000)


def states_after_each(recorded: Sequence[Recorded]) -> list[tuple[Recorded, Any, Any]]:
    """Each event that the read model folds: the enrollment's own state after it, and its row's."""
    own: defaultdict[str, Any] = defaultdict(ENROLLMENT.initial)
    rows = Rows({ENROLLMENTS.name: defaultdict(lambda: None)})
    seen = []
    for one in recorded:
        if one.type not in LEARNER_OVERVIEW.codec.classes:
            continue
        category, key = category_of(one.stream), key_of(one.stream)
        if category == ENROLLMENT.name:
            own[key] = ENROLLMENT.fold([one], own[key])
        event = LEARNER_OVERVIEW.codec.read(one)
        fact = Fact(one.position, category, key, one.type, event, one.recorded_at)
        LEARNER_OVERVIEW.fold(rows, fact)
        seen.append((one, own[key].state, rows.of(ENROLLMENTS, key).state))
    return seen


@settings(max_examples=200, deadline=None)
@given(
    facts=st.tuples(terms, terms),
    taken=st.lists(steps, min_size=10, max_size=40),
    pace=st.sampled_from([1, 1, 3, 7]),
)
@example(
    facts=({"seats": 1, "offer_hours": 1}, {}),
    taken=[
        *(Step("enroll"), Step("start"), Step("suspend"), Step("reinstate"), Step("withdraw")),
        *(Step("enroll"), Step("enroll", "ben"), Step("withdraw"), Step("accept", "ben")),
        *(Step("finish", "ben"), Step("score", "ben"), Step("run_out", "ben")),
    ],
    pace=1,
)
@example(facts=({}, {}), taken=[Step("enroll"), Step("start"), Step("suspend"), *LATE], pace=3)
@example(
    facts=({}, {}),
    taken=[
        *(Step("enroll"), Step("finish"), Step("transfer")),
        *(Step("suspend", offering="autumn"), Step("reinstate", offering="autumn")),
    ],
    pace=1,
)
@example(
    facts=({}, {}),
    taken=[
        *(Step("enroll"), Step("finish"), Step("score"), Step("uncomplete"), Step("suspend")),
        *(Step("score"), Step("uncomplete"), Step("withdraw")),
    ],
    pace=1,
)
def test_the_read_model_folds_the_enrollments_own_states(
    facts: Sequence[Mapping[str, Any]], taken: Sequence[Step], pace: int
) -> None:
    for one, own, shown in states_after_each(asyncio.run(play(facts, taken, pace))):
        early = pace > 1 and (own, shown) == ("enrolled", "active")
        assert shown == own or early, f"after {one.type} at {one.position}"


def test_the_steps_lead_to_every_state() -> None:
    """So that the comparison leaves out none."""
    approval, requested = {"approval": True}, {"prerequisites": (CoursePassed(course="DATA-100"),)}
    offers: dict[str, Any] = {"seats": 1, "offer_hours": 1}
    run_out: dict[str, Any] = {"ends": ENDS, "expires_days": 0}
    plays: list[tuple[Sequence[Mapping[str, Any]], list[Step]]] = [
        ((approval | requested, {}), [Step("enroll")]),
        ((approval, {}), [Step("enroll"), Step("decline")]),
        ((offers, {}), [Step("enroll"), Step("enroll", "ben"), Step("withdraw")]),
        ((offers, {}), [Step("enroll"), Step("start"), Step("suspend"), Step("cancel")]),
        ((offers, {}), [Step("enroll"), Step("transfer")]),
        ((run_out, {}), [Step("enroll"), Step("run_out")]),
        ((offers, {}), [Step("enroll"), Step("finish"), Step("score")]),
    ]
    found: set[EnrollmentState] = set()
    for facts, taken in plays:
        for one, own, shown in states_after_each(asyncio.run(play(facts, taken))):
            assert shown == own, f"after {one.type} at {one.position}"
            found.add(own)
    assert found >= set(STATES)
