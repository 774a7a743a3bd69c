"""Transfers: on in another offering, one by one or together; both ends or neither."""

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any, TypeAlias

import msgspec
from litestar import Response, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import Meta

from milepost.contracts.ids import enrollment_id
from milepost.contracts.times import Moment
from milepost.enrollment.api.documented_refusals import (
    ALREADY_IN_OR_OUT,
    MODE_NOT_OFFERED,
    NOT_A_LATER_RUN,
    NOT_RUNNING,
    OFFERING_FULL,
    PARALLEL_LIMIT_REACHED,
    SAME_OFFERING,
    UNKNOWN_ENROLLMENT,
)
from milepost.enrollment.api.enrollment_steps import Code
from milepost.enrollment.api.enrollment_views import EnrollmentStateView, state_of
from milepost.enrollment.api.wiring import ENROLLERS, EnrollmentPath, Id, OfferingPath, Wiring
from milepost.enrollment.commands.offering_members import members
from milepost.enrollment.domain.enrollment import exits
from milepost.enrollment.domain.enrollment.enrollment import ENROLLMENT
from milepost.enrollment.domain.enrollment.exits import SameOffering, Transfer, transfer
from milepost.enrollment.domain.enrollment.refusals import UnknownEnrollment
from milepost.enrollment.domain.learner_load import LEARNER
from milepost.enrollment.domain.offering.offering import OFFERING
from milepost.events.commands.state_cache import Streams
from milepost.events.commands.transact import Outcome
from milepost.events.event import Refused
from milepost.web.openapi.documented_answers import OCCURRED_IN_FUTURE, command
from milepost.web.problems import members as problem_members
from milepost.web.problems import problem_of
from milepost.web.requests.commands import Call, run_command, run_commands
from milepost.web.requests.json_body import Body
from milepost.web.requests.positions import positioned

SIDE_BY_SIDE = 16

Decision: TypeAlias = Callable[..., exits.Moved]

_MOVE = (
    UNKNOWN_ENROLLMENT,
    *ALREADY_IN_OR_OUT,
    *NOT_RUNNING,
    SAME_OFFERING,
    OFFERING_FULL,
    MODE_NOT_OFFERED,
    PARALLEL_LIMIT_REACHED,
    OCCURRED_IN_FUTURE,
)


class Move(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`to`: the other offering; `reason`: a code."""

    to: Id
    reason: Code
    occurred_at: Moment | None = None


class MoveTogether(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`enrollments` absent: whoever is in, waits, has asked, or was let go by a cancellation."""

    to: Id
    reason: Code
    enrollments: Annotated[list[Id], Meta(min_length=1, max_length=1_000)] | None = None
    occurred_at: Moment | None = None


class Moved(msgspec.Struct, frozen=True, kw_only=True):
    """One of those who were to move: where it goes on, or the problem why it stays."""

    enrollment: str
    to: EnrollmentStateView | None = None
    problem: dict[str, Any] | None = None


class MovedTogether(msgspec.Struct, frozen=True, kw_only=True):
    moved: int
    results: list[Moved]


@post(
    "/enrollments/{enrollment:str}/transfer",
    status_code=200,
    summary="Transfer to another offering",
    description="Answers the enrollment that goes on there. Who has a seat gets a seat; window, "
    "approval and invitation do not count. Both ends are written or neither; what is refused "
    "may be what the enrollment is, here or there.",
    answers=command(*_MOVE),
    roles=ENROLLERS,
)
async def transfer_enrollment(
    request: Call,
    enrollment: EnrollmentPath,
    data: JSONBody[Move],
    wiring: NamedDependency[Wiring],
) -> Response[EnrollmentStateView]:
    return await _move(request, wiring, enrollment, data, deferred=False)


@post(
    "/enrollments/{enrollment:str}/defer",
    status_code=200,
    summary="Defer to a later run",
    description="A transfer to a run of the same course that starts later.",
    answers=command(*_MOVE, NOT_A_LATER_RUN),
    roles=ENROLLERS,
)
async def defer_enrollment(
    request: Call,
    enrollment: EnrollmentPath,
    data: JSONBody[Move],
    wiring: NamedDependency[Wiring],
) -> Response[EnrollmentStateView]:
    return await _move(request, wiring, enrollment, data, deferred=True)


@post(
    "/offerings/{offering:str}/transfers",
    status_code=200,
    summary="Transfer many",
    description="Those named, or everybody, in the order in which they came; a result each. "
    "Each moves whole or stays whole. With an Idempotency-Key nobody is moved twice.",
    answers=command(OCCURRED_IN_FUTURE),
    roles=ENROLLERS,
)
async def transfer_learners(
    request: Call,
    offering: OfferingPath,
    data: JSONBody[MoveTogether],
    wiring: NamedDependency[Wiring],
) -> Response[MovedTogether]:
    at = wiring.occurred(request.user, data.occurred_at)
    named = data.enrollments
    if named is None:
        named = await members(wiring.transactor.log, request.user.tenant, offering)

    def move(enrollment: str) -> Transfer:
        return Transfer(
            enrollment=enrollment,
            to=data.to,
            reason=data.reason,
            occurred_at=at,
            skew=wiring.skew,
        )

    async def prepare(enrollment: str) -> tuple[Streams, Decision]:
        return await _transfer(request, wiring, move(enrollment), offering)

    def answer(enrollment: str, outcome: Outcome[Any] | Refused) -> Moved:
        return _moved(move(enrollment), outcome)

    position, results = await run_commands(
        request,
        wiring.transactor,
        ENROLLMENT,
        named,
        prepare=prepare,
        answer=answer,
        at_once=SIDE_BY_SIDE,
    )
    moved = sum(result.to is not None for result in results)
    return positioned(MovedTogether(moved=moved, results=results), position)


HANDLERS = (transfer_enrollment, defer_enrollment, transfer_learners)


async def _move(
    request: Call, wiring: Wiring, enrollment: str, data: Move, *, deferred: bool
) -> Response[EnrollmentStateView]:
    at = wiring.occurred(request.user, data.occurred_at)
    move = Transfer(
        enrollment=enrollment,
        to=data.to,
        reason=data.reason,
        deferred=deferred,
        occurred_at=at,
        skew=wiring.skew,
    )
    streams, decide = await _transfer(request, wiring, move)
    outcome = await run_command(request, wiring.transactor, streams, decide)
    return positioned(_there(move, outcome), outcome.position)


def _moved(move: Transfer, outcome: Outcome[Any] | Refused) -> Moved:
    if isinstance(outcome, Refused):
        problem = problem_members(problem_of(outcome))
        return Moved(enrollment=move.enrollment, problem=problem)
    return Moved(enrollment=move.enrollment, to=_there(move, outcome))


async def _transfer(
    request: Call, wiring: Wiring, move: Transfer, offering: str | None = None
) -> tuple[Streams, Decision]:
    """On both offerings, both enrollments and the learner's load.

    The decision raises what `transfer` raises. Raises `UnknownEnrollment`, also if it is not one
    of the offering named, and `SameOffering`.
    """
    _, known = await wiring.transactor.load(request.user.tenant, ENROLLMENT.of(move.enrollment))
    entry = known.entry
    if entry is None or offering not in (None, entry.offering):
        raise UnknownEnrollment(move.enrollment)
    if move.to == entry.offering:
        raise SameOffering(move.to)
    streams = (
        OFFERING.of(entry.offering),
        ENROLLMENT.of(move.enrollment),
        OFFERING.of(move.to),
        ENROLLMENT.of(enrollment_id(move.to, entry.learner)),
        LEARNER.of(entry.learner),
    )
    return streams, partial(transfer, move)


def _there(move: Transfer, outcome: Outcome[Any]) -> EnrollmentStateView:
    """The enrollment that goes on."""
    left = outcome.state(ENROLLMENT.of(move.enrollment)).entry
    assert left is not None
    there = ENROLLMENT.of(enrollment_id(move.to, left.learner))
    return state_of(outcome.state(OFFERING.of(move.to)), outcome.state(there))
