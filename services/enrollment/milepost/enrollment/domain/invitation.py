"""An invitation: who has its code and its e-mail address may enroll with it, once, for a while.

The log keeps a digest of both. Without the code, which nobody keeps, it tells no address.
"""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import assert_never

import msgspec

from milepost.enrollment.domain.offering.offering import Offering, running
from milepost.enrollment.events import (
    InvitationEvent,
    InvitationIssued,
    InvitationRevoked,
    InvitationUsed,
)
from milepost.events.codec import Codec
from milepost.events.event import Conflicting, Forbidden, Refused, Unknown
from milepost.events.streams import Category


@dataclass
class InvitationRequired(Forbidden):
    """It is by invitation only: enroll with an invitation's id, code and e-mail address."""

    offering: str


@dataclass
class InvitationInvalid(Forbidden):
    """There is no such invitation to this offering, or code or e-mail address are not its own."""

    offering: str


@dataclass
class InvitationExpired(Conflicting):
    invitation: str
    expired_at: datetime


@dataclass
class InvitationAlreadyUsed(Conflicting):
    invitation: str


@dataclass
class UnknownInvitation(Unknown):
    invitation: str


class Invitation(msgspec.Struct):
    issued: InvitationIssued | None = None
    used_by: str | None = None
    revoked: bool = False


def evolve(state: Invitation, event: InvitationEvent) -> Invitation:
    match event:
        case InvitationIssued():
            state.issued = event
        case InvitationUsed():
            state.used_by = event.enrollment
        case InvitationRevoked():
            state.revoked = True
        case _:
            assert_never(event)
    return state


INVITATION: Category[Invitation, InvitationEvent] = Category(
    "invitation", Invitation, evolve, Codec(InvitationEvent)
)


def digest(code: str, email: str) -> str:
    """The same however the address is written: case and blanks around it do not count."""
    return sha256(f"{code}/{email.strip().casefold()}".encode()).hexdigest()


def issue(
    run: Offering,
    state: Invitation,
    *,
    invitation: str,
    offering: str,
    digest: str,
    expires: datetime,
    occurred_at: datetime,
) -> list[InvitationEvent]:
    """Raises what `running` raises, and `InvitationExpired` for one that has when it is issued."""
    if state.issued is not None:
        return []
    running(run, offering=offering, occurred_at=occurred_at)
    if expires <= occurred_at:
        raise InvitationExpired(invitation, expires)
    return [
        InvitationIssued(
            invitation=invitation,
            offering=offering,
            digest=digest,
            expires=expires,
            occurred_at=occurred_at,
        )
    ]


def unusable(
    state: Invitation, shown: str, *, offering: str, enrollment: str, occurred_at: datetime
) -> Refused | None:
    """Why it lets nobody in, if it does not. `shown` is the digest of what was presented."""
    issued = state.issued
    known = issued is not None and issued.offering == offering and issued.digest == shown
    if issued is None or not known or state.revoked:
        return InvitationInvalid(offering)
    if state.used_by is not None:
        used = InvitationAlreadyUsed(issued.invitation)
        return None if state.used_by == enrollment else used
    if occurred_at >= issued.expires:
        return InvitationExpired(issued.invitation, issued.expires)
    return None


def use(state: Invitation, *, enrollment: str, occurred_at: datetime) -> list[InvitationEvent]:
    if state.issued is None or state.used_by is not None:
        return []
    invitation = state.issued.invitation
    return [InvitationUsed(invitation=invitation, enrollment=enrollment, occurred_at=occurred_at)]


def revoke(state: Invitation, *, invitation: str, occurred_at: datetime) -> list[InvitationEvent]:
    """Raises `UnknownInvitation`, `InvitationAlreadyUsed`."""
    if state.issued is None:
        raise UnknownInvitation(invitation)
    if state.used_by is not None:
        raise InvitationAlreadyUsed(invitation)
    return (
        [] if state.revoked else [InvitationRevoked(invitation=invitation, occurred_at=occurred_at)]
    )
