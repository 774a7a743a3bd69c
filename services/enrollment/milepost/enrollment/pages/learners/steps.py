"""One enrollment as it stands now, and what a registrar may do with it from here."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, Literal, TypeAlias

import msgspec

from milepost.contracts.enrollments import EnrollmentState
from milepost.contracts.offerings import Mode
from milepost.enrollment.domain.enrollment.enrollment import ENROLLMENT, Enrollment
from milepost.enrollment.domain.enrollment.refusals import UnknownEnrollment
from milepost.enrollment.domain.enrollment.state_machine import Command, allows
from milepost.enrollment.domain.offering.offering import OFFERING, Offering
from milepost.events.commands.transact import Transactor

Step: TypeAlias = Literal[
    "approve",
    "decline",
    "accept",
    "turn_down",
    "suspend",
    "reinstate",
    "change_mode",
    "withdraw",
    "defer",
    "transfer",
]
# In the order in which a page shows them: what helps first, what ends last.
STEPS: Final[tuple[Step, ...]] = (
    "approve",
    "accept",
    "reinstate",
    "change_mode",
    "defer",
    "transfer",
    "suspend",
    "decline",
    "turn_down",
    "withdraw",
)


class EnrollmentFacts(msgspec.Struct, frozen=True, kw_only=True):
    """`place` in the waitlist, from 1; `steps`: those that the state allows; `reason`, a code, of a
    suspension or of the end.
    """

    enrollment: str
    learner: str
    offering: str
    course: str
    version: int
    mode: Mode
    state: EnrollmentState
    place: int | None
    stay: int
    reason: str | None
    expires: datetime | None
    offer_expires: datetime | None
    grade: float | None
    modes: Sequence[Mode]
    steps: Sequence[Step]


async def enrollment_facts(transactor: Transactor, tenant: str, enrollment: str) -> EnrollmentFacts:
    """From the log itself: who has just changed it sees it changed. Raises `UnknownEnrollment`."""
    _, state = await transactor.load(tenant, ENROLLMENT.of(enrollment))
    if state.entry is None:
        raise UnknownEnrollment(enrollment)
    _, run = await transactor.load(tenant, OFFERING.of(state.entry.offering))
    return facts_of(run, state)


def facts_of(run: Offering, state: Enrollment) -> EnrollmentFacts:
    """Of an enrollment that is there."""
    entry, now = state.entry, state.state
    assert entry is not None
    assert now is not None
    return EnrollmentFacts(
        enrollment=entry.enrollment,
        learner=entry.learner,
        offering=entry.offering,
        course=entry.course,
        version=entry.version,
        mode=entry.mode,
        state=now,
        place=run.place(entry.enrollment) if now == "waitlisted" else None,
        stay=entry.stay,
        reason=state.reason,
        expires=entry.expires,
        offer_expires=state.offer_expires,
        grade=state.grade,
        modes=run.opened.modes if run.opened else (),
        steps=tuple(step for step in STEPS if _possible(step, now, run, entry.mode)),
    )


def _possible(step: Step, state: EnrollmentState, run: Offering, mode: Mode) -> bool:
    if step == "defer" and (run.opened is None or run.opened.starts is None):
        return False  # nothing is later than a run without a start
    command: Command = "transfer" if step == "defer" else step
    # The first who waits gets the seat; another may not take it.
    if not allows(state, command) or (step in ("accept", "turn_down") and state != "offered"):
        return False
    return step != "change_mode" or any(
        one != mode for one in (run.opened.modes if run.opened else ())
    )
