"""Enrollments: enroll, withdraw, read one's own."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated

import msgspec
from litestar import Request, Response, get, post
from litestar.datastructures import State as AppState
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import Meta

from milepost.enrollment.api.conventions import (
    CODE,
    ENROLLERS,
    ENROLLMENT_READERS,
    EnrollmentPath,
    Id,
    OfferingPath,
    Wiring,
    versioned,
)
from milepost.enrollment.domain import (
    ENROLLMENT,
    OFFERING,
    Enrollment,
    Offering,
    State,
    UnknownEnrollment,
    enroll,
    enrollment_id,
    withdraw,
)
from milepost.enrollment.domain.enrollment import Entry
from milepost.enrollment.events import Mode
from milepost.events.event import Forbidden, name_of
from milepost.process.requests import (
    Body,
    Moment,
    check_repeat,
    command_id,
    metadata,
    occurred,
    positioned,
)
from milepost.process.settings import Settings
from milepost.process.tokens import Caller, NotYourOwn


@dataclass
class MayNotBackdate(Forbidden):
    """Learners say what they do now; that it happened earlier, the registrar says."""

    occurred_at: datetime
    earliest: datetime


class Enroll(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`learner`: an opaque id; learners give their own."""

    learner: Annotated[Id, Meta(examples=["learner-4711"])]
    mode: Mode = "audit"
    occurred_at: Moment | None = None


class Withdraw(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`reason`: a code, never text that a person typed."""

    reason: Annotated[str, Meta(pattern=CODE, examples=["no_time", "changed_course"])]
    occurred_at: Moment | None = None


class EnrollmentState(msgspec.Struct, frozen=True, kw_only=True):
    """`place` in the waitlist, from 1, while waiting."""

    enrollment: str
    offering: str
    learner: str
    mode: Mode
    state: State
    place: int | None


class Happened(msgspec.Struct, frozen=True, kw_only=True):
    """`occurred_at`: in the world; `recorded_at`: when the log took it, at `position`."""

    event: str
    occurred_at: datetime
    recorded_at: datetime
    position: int


class EnrollmentView(msgspec.Struct, frozen=True, kw_only=True):
    """`grade` is 0 to 1, once completed; `withdrawal_reason` is a code."""

    enrollment: str
    learner: str
    offering: str
    course: str
    version: int
    mode: Mode
    state: State
    place: int | None
    grade: float | None
    withdrawal_reason: str | None
    history: tuple[Happened, ...]


@post(
    "/offerings/{offering:str}/enrollments",
    summary="Enroll a learner",
    description="Takes a seat, else the last place in the waitlist. 200 instead of 201 for who is "
    "in or waits already. Refused: unknown_offering, window_not_open, window_closed, "
    "offering_already_closed, offering_full, already_withdrawn, may_not_backdate, not_your_own.",
)
async def post_enrollment(
    request: Request[Caller, None, AppState],
    offering: OfferingPath,
    data: JSONBody[Enroll],
    wiring: NamedDependency[Wiring],
) -> Response[EnrollmentState]:
    request.user.may_act_for(data.learner, *ENROLLERS)
    at = _happened(request.user, data.occurred_at, wiring.settings)
    outcome = await wiring.transactor.transact_pair(
        request.user.tenant,
        OFFERING.of(offering),
        ENROLLMENT.of(enrollment_id(offering, data.learner)),
        lambda run, state: enroll(
            run, state, offering=offering, learner=data.learner, mode=data.mode, occurred_at=at
        ),
        command_id=command_id(request),
        metadata=metadata(request),
    )
    check_repeat(outcome, request)
    status = 201 if outcome.events else 200
    return positioned(_state(*outcome.states), outcome.position, status)


@post(
    "/enrollments/{enrollment:str}/withdraw",
    status_code=200,
    summary="Withdraw",
    description="Leaves the offering or its waitlist; a freed seat goes to the first who waits. "
    "Refused: unknown_enrollment, not_enrolled (before it began), already_withdrawn, "
    "already_completed, may_not_backdate.",
)
async def post_withdrawal(
    request: Request[Caller, None, AppState],
    enrollment: EnrollmentPath,
    data: JSONBody[Withdraw],
    wiring: NamedDependency[Wiring],
) -> Response[EnrollmentState]:
    _, known = await wiring.transactor.load(request.user.tenant, ENROLLMENT.of(enrollment))
    entry = _entry(request.user, enrollment, known, ENROLLERS)
    at = _happened(request.user, data.occurred_at, wiring.settings)
    outcome = await wiring.transactor.transact_pair(
        request.user.tenant,
        OFFERING.of(entry.offering),
        ENROLLMENT.of(enrollment),
        lambda run, state: withdraw(
            run, state, enrollment=enrollment, reason=data.reason, occurred_at=at
        ),
        command_id=command_id(request),
        metadata=metadata(request),
    )
    check_repeat(outcome, request)
    return positioned(_state(*outcome.states), outcome.position)


@get(
    "/enrollments/{enrollment:str}",
    summary="Read an enrollment",
    description="Its state and everything that happened to it. Sends an ETag, answers "
    "If-None-Match. Refused: unknown_enrollment (also for learners, when it is not their own).",
)
async def get_enrollment(
    request: Request[Caller, None, AppState],
    enrollment: EnrollmentPath,
    wiring: NamedDependency[Wiring],
) -> Response[EnrollmentView]:
    tenant, log = request.user.tenant, wiring.transactor.log
    recorded = await log.read_stream(tenant, ENROLLMENT.of(enrollment).name)
    state = ENROLLMENT.fold(recorded)
    entry = _entry(request.user, enrollment, state, ENROLLMENT_READERS)
    version, run = await wiring.transactor.load(tenant, OFFERING.of(entry.offering))
    here = _state(run, state)
    view = EnrollmentView(
        enrollment=enrollment,
        learner=entry.learner,
        offering=entry.offering,
        course=entry.course,
        version=entry.version,
        mode=entry.mode,
        state=here.state,
        place=here.place,
        grade=state.grade,
        withdrawal_reason=state.reason,
        history=tuple(
            Happened(
                event=name_of(one.type),
                occurred_at=one.occurred_at,
                recorded_at=one.recorded_at,
                position=one.position,
            )
            for one in recorded
        ),
    )
    # One's place in the waitlist changes with the offering, not with the enrollment.
    return versioned(request, view, len(recorded), *([version] if here.place else []))


HANDLERS = (post_enrollment, post_withdrawal, get_enrollment)


def _entry(caller: Caller, enrollment: str, state: Enrollment, roles: tuple[str, ...]) -> Entry:
    """Raises `UnknownEnrollment`, also to learners who ask for somebody else's."""
    if state.entry is None:
        raise UnknownEnrollment(enrollment)
    try:
        caller.may_act_for(state.entry.learner, *roles)
    except NotYourOwn:
        raise UnknownEnrollment(enrollment) from None
    return state.entry


def _happened(caller: Caller, at: datetime | None, settings: Settings) -> datetime:
    """Raises `OccurredInFuture`, `MayNotBackdate`: a closed window would not be one."""
    now = datetime.now(UTC)
    when = occurred(at, settings, now)
    earliest = now - timedelta(seconds=settings.clock_skew_seconds)
    if when < earliest and caller.roles.isdisjoint(ENROLLERS):
        raise MayNotBackdate(when, earliest)
    return when


def _state(run: Offering, state: Enrollment) -> EnrollmentState:
    entry = state.entry
    assert entry is not None
    assert state.state is not None
    return EnrollmentState(
        enrollment=entry.enrollment,
        offering=entry.offering,
        learner=entry.learner,
        mode=entry.mode,
        state=state.state,
        place=run.place(entry.enrollment) if state.state == "waitlisted" else None,
    )
