"""The commands on an enrollment that exists: each step is one decision and one route."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Annotated, Any, TypeAlias

from litestar import Response, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import Meta

from milepost.contracts.ids import CODE
from milepost.contracts.offerings import Mode
from milepost.contracts.times import Moment, not_before
from milepost.enrollment.api.documented_refusals import (
    MAY_NOT_BACKDATE,
    MODE_NOT_OFFERED,
    NOT_ENROLLED,
    NOT_RUNNING,
    OFFER_EXPIRED,
    OFFERING_FULL,
    STILL_WAITING,
    UNKNOWN_ENROLLMENT,
    unless_allowed,
)
from milepost.enrollment.api.enrollment_views import (
    EnrollmentStateView,
    own_entry,
    state_of,
)
from milepost.enrollment.api.wiring import (
    ENROLLERS,
    LEARNERS_AND_ENROLLERS,
    NOW,
    EnrollmentPath,
    When,
    Wiring,
)
from milepost.enrollment.domain.enrollment.enrollment import ENROLLMENT, Enrollment, Entry
from milepost.enrollment.domain.enrollment.exits import withdraw
from milepost.enrollment.domain.enrollment.lifecycle import change_mode, reinstate, suspend
from milepost.enrollment.domain.enrollment.seating import accept, approve, decline, turn_down
from milepost.enrollment.domain.learner_load import LEARNER, Load, free
from milepost.enrollment.domain.offering.offering import OFFERING, Offering
from milepost.events.event import Event
from milepost.web.openapi.documented_answers import OCCURRED_IN_FUTURE, command
from milepost.web.requests.commands import Call, run_command
from milepost.web.requests.json_body import Body
from milepost.web.requests.positions import positioned

Step: TypeAlias = Callable[[Offering, Enrollment], tuple[Sequence[Event], Sequence[Event]]]
# Another's enrollment does not exist for a learner; staff may say when it happened.
_LEARNERS_STEP = (UNKNOWN_ENROLLMENT, MAY_NOT_BACKDATE, OCCURRED_IN_FUTURE)
_STEP = (UNKNOWN_ENROLLMENT, OCCURRED_IN_FUTURE)

Code = Annotated[str, Meta(pattern=CODE, examples=["no_time", "changed_course"])]


class Reasoned(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`reason`: a code, never text that a person typed."""

    reason: Code
    occurred_at: Moment | None = None


class InMode(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    mode: Mode
    occurred_at: Moment | None = None


@post(
    "/enrollments/{enrollment:str}/withdraw",
    status_code=200,
    summary="Withdraw",
    description="Leaves the offering or its waitlist; a freed seat goes to the first who waits. "
    "Nobody leaves before they came.",
    answers=command(*_LEARNERS_STEP, *unless_allowed("withdraw"), NOT_ENROLLED),
    roles=LEARNERS_AND_ENROLLERS,
)
async def withdraw_enrollment(
    request: Call,
    enrollment: EnrollmentPath,
    data: JSONBody[Reasoned],
    wiring: NamedDependency[Wiring],
) -> Response[EnrollmentStateView]:
    decide = partial(withdraw, enrollment=enrollment, reason=data.reason, now=wiring.clock())
    return await _step(request, wiring, enrollment, decide, data.occurred_at, frees=True)


@post(
    "/enrollments/{enrollment:str}/approve",
    status_code=200,
    summary="Approve a request",
    description="Into a seat, else to the end of the waitlist.",
    answers=command(*_STEP, *unless_allowed("approve"), *NOT_RUNNING, OFFERING_FULL),
    roles=ENROLLERS,
)
async def approve_enrollment(
    request: Call,
    enrollment: EnrollmentPath,
    wiring: NamedDependency[Wiring],
    data: JSONBody[When] = NOW,
) -> Response[EnrollmentStateView]:
    decide = partial(approve, enrollment=enrollment)
    return await _step(request, wiring, enrollment, decide, data.occurred_at)


@post(
    "/enrollments/{enrollment:str}/decline",
    status_code=200,
    summary="Decline a request",
    description="For a reason.",
    answers=command(*_STEP, *unless_allowed("decline")),
    roles=ENROLLERS,
)
async def decline_enrollment(
    request: Call,
    enrollment: EnrollmentPath,
    data: JSONBody[Reasoned],
    wiring: NamedDependency[Wiring],
) -> Response[EnrollmentStateView]:
    decide = _alone(partial(decline, enrollment=enrollment, reason=data.reason))
    return await _step(request, wiring, enrollment, decide, data.occurred_at, frees=True)


@post(
    "/enrollments/{enrollment:str}/accept",
    status_code=200,
    summary="Accept the seat that is offered",
    description="Before the offer expires: then it is passed on.",
    answers=command(*_LEARNERS_STEP, *unless_allowed("accept"), STILL_WAITING, OFFER_EXPIRED),
    roles=LEARNERS_AND_ENROLLERS,
)
async def accept_enrollment(
    request: Call,
    enrollment: EnrollmentPath,
    wiring: NamedDependency[Wiring],
    data: JSONBody[When] = NOW,
) -> Response[EnrollmentStateView]:
    decide = partial(accept, enrollment=enrollment, now=wiring.clock())
    return await _step(request, wiring, enrollment, decide, data.occurred_at)


@post(
    "/enrollments/{enrollment:str}/turn-down",
    status_code=200,
    summary="Turn the seat that is offered down",
    description="It is offered to the next who waits.",
    answers=command(*_LEARNERS_STEP, *unless_allowed("turn_down"), STILL_WAITING),
    roles=LEARNERS_AND_ENROLLERS,
)
async def turn_down_enrollment(
    request: Call,
    enrollment: EnrollmentPath,
    wiring: NamedDependency[Wiring],
    data: JSONBody[When] = NOW,
) -> Response[EnrollmentStateView]:
    decide = partial(turn_down, enrollment=enrollment)
    return await _step(request, wiring, enrollment, decide, data.occurred_at, frees=True)


@post(
    "/enrollments/{enrollment:str}/suspend",
    status_code=200,
    summary="Suspend",
    description="Learning is interrupted; the seat stays.",
    answers=command(*_STEP, *unless_allowed("suspend")),
    roles=ENROLLERS,
)
async def suspend_enrollment(
    request: Call,
    enrollment: EnrollmentPath,
    data: JSONBody[Reasoned],
    wiring: NamedDependency[Wiring],
) -> Response[EnrollmentStateView]:
    decide = _alone(partial(suspend, enrollment=enrollment, reason=data.reason))
    return await _step(request, wiring, enrollment, decide, data.occurred_at)


@post(
    "/enrollments/{enrollment:str}/reinstate",
    status_code=200,
    summary="Reinstate",
    description="Ends a suspension.",
    answers=command(*_STEP, *unless_allowed("reinstate")),
    roles=ENROLLERS,
)
async def reinstate_enrollment(
    request: Call,
    enrollment: EnrollmentPath,
    wiring: NamedDependency[Wiring],
    data: JSONBody[When] = NOW,
) -> Response[EnrollmentStateView]:
    decide = _alone(partial(reinstate, enrollment=enrollment))
    return await _step(request, wiring, enrollment, decide, data.occurred_at)


@post(
    "/enrollments/{enrollment:str}/mode",
    status_code=200,
    summary="Change the mode",
    description="Between audit and verified.",
    answers=command(*_LEARNERS_STEP, *unless_allowed("change_mode"), MODE_NOT_OFFERED),
    roles=LEARNERS_AND_ENROLLERS,
)
async def change_enrollment_mode(
    request: Call,
    enrollment: EnrollmentPath,
    data: JSONBody[InMode],
    wiring: NamedDependency[Wiring],
) -> Response[EnrollmentStateView]:
    def decide(
        run: Offering, state: Enrollment, *, occurred_at: datetime
    ) -> tuple[Sequence[Event], Sequence[Event]]:
        changed = change_mode(
            run, state, enrollment=enrollment, mode=data.mode, occurred_at=occurred_at
        )
        return [], changed

    return await _step(request, wiring, enrollment, decide, data.occurred_at)


HANDLERS = (
    withdraw_enrollment,
    approve_enrollment,
    decline_enrollment,
    accept_enrollment,
    turn_down_enrollment,
    suspend_enrollment,
    reinstate_enrollment,
    change_enrollment_mode,
)


def _alone(decide: Callable[..., Sequence[Event]]) -> Callable[..., Any]:
    """A decision on the enrollment, which leaves its offering alone."""
    return lambda _, state, occurred_at: ([], decide(state, occurred_at=occurred_at))


async def _step(
    request: Call,
    wiring: Wiring,
    enrollment: str,
    decide: Callable[..., tuple[Sequence[Event], Sequence[Event]]],
    occurred_at: datetime | None,
    *,
    frees: bool = False,
) -> Response[EnrollmentStateView]:
    """Decide on the offering and the enrollment; `frees`: and let go of what counts as load."""
    tenant = request.user.tenant
    _, known = await wiring.transactor.load(tenant, ENROLLMENT.of(enrollment))
    entry = await own_entry(wiring.transactor, request.user, enrollment, known, ENROLLERS)
    at = wiring.occurred(request.user, occurred_at)
    for edge in (known.entered_at, known.interrupted_at):
        if edge is not None:
            at = not_before(at, edge, wiring.skew)
    step: Step = partial(decide, occurred_at=at)
    streams: list[Any] = [OFFERING.of(entry.offering), ENROLLMENT.of(enrollment)]
    if frees and entry.counted:
        streams.append(LEARNER.of(entry.learner))
    outcome = await run_command(
        request,
        wiring.transactor,
        streams,
        lambda run, state, *load: (
            *step(run, state),
            *(_freed(one, entry, at) for one in load),
        ),
    )
    now = state_of(outcome.state(OFFERING), outcome.state(ENROLLMENT))
    return positioned(now, outcome.position)


def _freed(load: Load, entry: Entry, at: datetime) -> Sequence[Event]:
    return free(
        load,
        learner=entry.learner,
        enrollment=entry.enrollment,
        stay=entry.stay,
        occurred_at=at,
    )
