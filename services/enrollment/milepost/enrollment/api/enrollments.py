"""Enrollments: enroll, ask whether one could, read one's own."""

from typing import Annotated, Any

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import Meta
from msgspec.structs import replace

from milepost.contracts.enrollments import EnrollmentState
from milepost.contracts.offerings import Mode
from milepost.contracts.times import Moment
from milepost.enrollment.api.documented_refusals import (
    MAY_NOT_BACKDATE,
    MODE_DIFFERS,
    MODE_NOT_OFFERED,
    NOT_ACCEPTING,
    NOT_INVITED,
    NOT_YOUR_OWN,
    OFFERING_FULL,
    PARALLEL_LIMIT_REACHED,
    PREREQUISITES_MISSING,
    UNKNOWN_ENROLLMENT,
    UNKNOWN_OFFERING,
    unless_it_may_enter,
)
from milepost.enrollment.api.enrollment_views import (
    EnrollmentStateView,
    EnrollmentView,
    own_entry,
    state_of,
    view_of,
)
from milepost.enrollment.api.wiring import (
    ENROLLERS,
    ENROLLMENT_READERS,
    LEARNERS_AND_ENROLLERS,
    EnrollmentPath,
    Id,
    OfferingPath,
    Wiring,
)
from milepost.enrollment.commands.enroll import admission
from milepost.enrollment.domain.enrollment.admission import AdmissionRequest
from milepost.enrollment.domain.enrollment.enrollment import ENROLLMENT
from milepost.enrollment.domain.enrollment.prerequisites import RECORD
from milepost.enrollment.domain.enrollment.preview import preview
from milepost.enrollment.domain.invitation import INVITATION, digest
from milepost.enrollment.domain.learner_load import LEARNER
from milepost.enrollment.domain.offering.offering import OFFERING, UnknownOffering
from milepost.web.auth.tokens import Caller
from milepost.web.openapi.documented_answers import (
    OCCURRED_IN_FUTURE,
    command,
    query,
    versioned_query,
)
from milepost.web.problems import members, problem_of
from milepost.web.requests.commands import Call, run_command
from milepost.web.requests.etags import versioned
from milepost.web.requests.json_body import Body
from milepost.web.requests.positions import created


class Invited(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The invitation that is used: its id and code, and the address that it was sent to."""

    invitation: Id
    code: Annotated[str, Meta(min_length=1, max_length=64)]
    email: Annotated[str, Meta(min_length=3, max_length=254)]


class Enroll(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`learner`: an opaque id; learners give their own. `mode` absent: audit, or as it is."""

    learner: Annotated[Id, Meta(examples=["learner-4711"])]
    mode: Mode | None = None
    invited: Invited | None = None
    occurred_at: Moment | None = None


class Obstacle(msgspec.Struct, frozen=True, kw_only=True):
    """`problem`: what enrolling would be answered; `remedy`: what would change it, a code."""

    problem: dict[str, Any]
    remedy: str


class PreviewView(msgspec.Struct, frozen=True, kw_only=True):
    """Whether one could enroll now, and the state it would come to; else everything against it."""

    possible: bool
    state: EnrollmentState | None
    place: int | None
    obstacles: tuple[Obstacle, ...]


# What would change it; whatever is not named here, nobody but the registrar can change.
REMEDIES = {
    "window_not_open": "wait_until_it_opens",
    "window_closed": "choose_another_offering",
    "offering_already_closed": "choose_another_offering",
    "offering_already_canceled": "choose_another_offering",
    "unknown_offering": "choose_another_offering",
    "offering_full": "wait_until_a_seat_is_free",
    "mode_differs": "change_the_mode",
    "mode_not_offered": "choose_another_mode",
    "invitation_required": "be_invited",
    "invitation_invalid": "use_your_own_invitation",
    "invitation_expired": "be_invited_again",
    "invitation_already_used": "be_invited_again",
    "prerequisites_missing": "achieve_what_is_missing",
    "parallel_limit_reached": "finish_or_leave_another",
    "already_withdrawn": "enroll_after_the_withdrawal",
    "already_expired": "enroll_after_the_expiry",
}


@post(
    "/offerings/{offering:str}/enrollments",
    summary="Enroll a learner",
    description="Takes a seat, else the last place in the waitlist, or asks for approval. 200 "
    "instead of 201 for who is in, waits or has asked already, 409 if that is in another mode than "
    "asked for. Who withdrew may come back; who was suspended then, by the registrar alone.",
    answers=command(
        NOT_YOUR_OWN,
        *NOT_ACCEPTING,
        *NOT_INVITED,
        *unless_it_may_enter(),
        OFFERING_FULL,
        MODE_NOT_OFFERED,
        MODE_DIFFERS,
        PREREQUISITES_MISSING,
        PARALLEL_LIMIT_REACHED,
        MAY_NOT_BACKDATE,
        OCCURRED_IN_FUTURE,
        also=200,
        creates=True,
    ),
    roles=LEARNERS_AND_ENROLLERS,
    links=("getEnrollment", "getProgress"),
)
async def enroll_learner(
    request: Call,
    offering: OfferingPath,
    data: JSONBody[Enroll],
    wiring: NamedDependency[Wiring],
) -> Response[EnrollmentStateView]:
    streams, decide = admission(
        _requested(request.user, offering, data, wiring),
        invitation=data.invited.invitation if data.invited else None,
    )
    outcome = await run_command(request, wiring.transactor, streams, decide)
    now = state_of(outcome.state(OFFERING), outcome.state(ENROLLMENT))
    address = ("enrollment", "enrollments", now.enrollment)
    return created(now, outcome.position, address, new=bool(outcome.events))


@post(
    "/offerings/{offering:str}/enrollments/preview",
    status_code=200,
    summary="Ask whether a learner could enroll",
    description="Decides as enrolling would, and does nothing. Not possible: everything that "
    "stands in the way, as the problem that it would be answered with, and what would change it.",
    answers=query(NOT_YOUR_OWN, UNKNOWN_OFFERING, MAY_NOT_BACKDATE, OCCURRED_IN_FUTURE),
    roles=LEARNERS_AND_ENROLLERS,
)
async def preview_enrollment(
    request: Call,
    offering: OfferingPath,
    data: JSONBody[Enroll],
    wiring: NamedDependency[Wiring],
) -> PreviewView:
    wanted = _requested(request.user, offering, data, wiring)
    tenant, load = request.user.tenant, wiring.transactor.load
    invitation = data.invited.invitation if data.invited else "none"
    _, run = await load(tenant, OFFERING.of(offering))
    if run.opened is None:
        raise UnknownOffering(offering)
    if run.opened.prerequisites:
        _, record = await load(tenant, RECORD.of(data.learner))
        wanted = replace(wanted, achieved=record.achieved(wanted.occurred_at))
    come = preview(
        wanted,
        run,
        (await load(tenant, ENROLLMENT.of(wanted.enrollment)))[1],
        (await load(tenant, LEARNER.of(data.learner)))[1],
        (await load(tenant, INVITATION.of(invitation)))[1],
    )
    problems = tuple(problem_of(one) for one in come.obstacles)
    return PreviewView(
        possible=not problems,
        state=come.state,
        place=come.place,
        obstacles=tuple(
            Obstacle(problem=members(one), remedy=REMEDIES.get(one.name, "ask_the_registrar"))
            for one in problems
        ),
    )


@get(
    "/enrollments/{enrollment:str}",
    summary="Read an enrollment",
    description="Its state and everything that happened to it. Another's does not exist for a "
    "learner, another offering's not for an instructor.",
    answers=versioned_query(UNKNOWN_ENROLLMENT),
)
async def get_enrollment(
    request: Call,
    enrollment: EnrollmentPath,
    wiring: NamedDependency[Wiring],
) -> Response[EnrollmentView]:
    tenant, log = request.user.tenant, wiring.transactor.log
    recorded = await log.read_stream(tenant, ENROLLMENT.of(enrollment).name)
    state = ENROLLMENT.fold(recorded)
    entry = await own_entry(wiring.transactor, request.user, enrollment, state, ENROLLMENT_READERS)
    version, run = await wiring.transactor.load(tenant, OFFERING.of(entry.offering))
    view = view_of(run, state, recorded)
    # One's place in the waitlist changes with the offering, not with the enrollment.
    return versioned(request, view, len(recorded), *([version] if view.place else []))


HANDLERS = (enroll_learner, preview_enrollment, get_enrollment)


def _requested(caller: Caller, offering: str, data: Enroll, wiring: Wiring) -> AdmissionRequest:
    """Raises `NotYourOwn`, `OccurredInFuture`, `MayNotBackdate`."""
    caller.may_act_for(data.learner, *ENROLLERS)
    invited, staff = data.invited, not caller.roles.isdisjoint(ENROLLERS)
    return AdmissionRequest(
        offering=offering,
        learner=data.learner,
        mode=data.mode or "audit",
        stated=data.mode is not None,
        occurred_at=wiring.occurred(caller, data.occurred_at),
        shown=digest(invited.code, invited.email) if invited else None,
        vouched=staff,
        forgiven=staff,
        now=wiring.clock(),
        skew=wiring.skew,
    )
