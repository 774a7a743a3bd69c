"""Invitations: issue, read, revoke. The code is shown once; the log keeps a digest of it."""

import secrets
from datetime import datetime
from functools import partial
from typing import Annotated

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody, PathParameter
from msgspec import Meta

from milepost.contracts.ids import ADDRESS, ID
from milepost.contracts.times import Moment
from milepost.enrollment.api.documented_refusals import (
    INVITATION_ALREADY_USED,
    INVITATION_EXPIRED,
    NOT_RUNNING,
    UNKNOWN_INVITATION,
)
from milepost.enrollment.api.wiring import ENROLLERS, NOW, OfferingPath, When, Wiring
from milepost.enrollment.domain.invitation import (
    INVITATION,
    UnknownInvitation,
    digest,
    issue,
    revoke,
)
from milepost.enrollment.domain.offering.offering import OFFERING
from milepost.web.openapi.documented_answers import OCCURRED_IN_FUTURE, command, versioned_query
from milepost.web.requests.commands import Call, run_command
from milepost.web.requests.etags import versioned
from milepost.web.requests.idempotency import command_id
from milepost.web.requests.json_body import Body
from milepost.web.requests.positions import created, positioned
from milepost.web.requests.times import in_calendar, occurred

InvitationPath = Annotated[str, PathParameter(pattern=ID, description="The invitation's id")]


class Invite(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`email` is not stored: only who knows it and the code can use the invitation."""

    email: Annotated[
        str, Meta(min_length=3, max_length=254, pattern=ADDRESS, examples=["ana@example.org"])
    ]
    expires: Moment
    occurred_at: Moment | None = None


class InvitationView(msgspec.Struct, frozen=True, kw_only=True):
    """`code` is shown once, when it is issued; send it to the address with the id."""

    invitation: str
    offering: str
    expires: datetime
    code: str | None


class InvitationStanding(msgspec.Struct, frozen=True, kw_only=True):
    """`used_by`: the enrollment that it was good for."""

    invitation: str
    offering: str
    expires: datetime
    used_by: str | None
    revoked: bool


class Revoked(msgspec.Struct, frozen=True, kw_only=True):
    invitation: str
    revoked: bool


@post(
    "/offerings/{offering:str}/invitations",
    summary="Invite to an offering",
    description="Good for one enrollment until it expires, for who has the code and the address. "
    "A repeated request is told no code.",
    status_code=201,
    answers=command(*NOT_RUNNING, INVITATION_EXPIRED, OCCURRED_IN_FUTURE, creates=True),
    roles=ENROLLERS,
    links=("getInvitation", "revokeInvitation"),
)
async def invite_learner(
    request: Call,
    offering: OfferingPath,
    data: JSONBody[Invite],
    wiring: NamedDependency[Wiring],
) -> Response[InvitationView]:
    at = occurred(data.occurred_at, wiring.settings, wiring.clock())
    invitation, code = str(command_id(request)), secrets.token_urlsafe(18)
    outcome = await run_command(
        request,
        wiring.transactor,
        (OFFERING.of(offering), INVITATION.of(invitation)),
        lambda run, state: (
            [],
            issue(
                run,
                state,
                invitation=invitation,
                offering=offering,
                digest=digest(code, data.email),
                expires=in_calendar(data.expires, field="expires"),
                occurred_at=at,
            ),
        ),
    )
    # The code is shown once: a repeated request has made another, which is good for nothing.
    shown = None if outcome.repeated or not outcome.events else code
    issued = outcome.state(INVITATION).issued
    assert issued is not None
    view = InvitationView(
        invitation=invitation, offering=offering, expires=issued.expires, code=shown
    )
    response = created(view, outcome.position, ("enrollment", "invitations", invitation))
    response.headers["Cache-Control"] = "private, no-store"
    return response


@get(
    "/invitations/{invitation:str}",
    summary="Read an invitation",
    description="Whether it was used, by which enrollment, or revoked; never its code.",
    answers=versioned_query(UNKNOWN_INVITATION),
    roles=(*ENROLLERS, "auditor"),
)
async def get_invitation(
    request: Call, invitation: InvitationPath, wiring: NamedDependency[Wiring]
) -> Response[InvitationStanding]:
    tenant = request.user.tenant
    version, state = await wiring.transactor.load(tenant, INVITATION.of(invitation))
    if state.issued is None:
        raise UnknownInvitation(invitation)
    standing = InvitationStanding(
        invitation=invitation,
        offering=state.issued.offering,
        expires=state.issued.expires,
        used_by=state.used_by,
        revoked=state.revoked,
    )
    return versioned(request, standing, version)


@post(
    "/invitations/{invitation:str}/revoke",
    status_code=200,
    summary="Revoke an invitation",
    description="Repeating it does nothing.",
    answers=command(UNKNOWN_INVITATION, INVITATION_ALREADY_USED, OCCURRED_IN_FUTURE),
    roles=ENROLLERS,
)
async def revoke_invitation(
    request: Call,
    invitation: InvitationPath,
    wiring: NamedDependency[Wiring],
    data: JSONBody[When] = NOW,
) -> Response[Revoked]:
    at = occurred(data.occurred_at, wiring.settings, wiring.clock())
    decide = partial(revoke, invitation=invitation, occurred_at=at)
    outcome = await run_command(request, wiring.transactor, INVITATION.of(invitation), decide)
    return positioned(Revoked(invitation=invitation, revoked=True), outcome.position)


HANDLERS = (invite_learner, get_invitation, revoke_invitation)
