"""Invitations: who may use one is told by a digest. These names are the storage format."""

from datetime import datetime

from milepost.events.event import Event


class InvitationIssued(Event, frozen=True, kw_only=True, tag="invitation_issued"):
    """`digest` is of a secret code and an e-mail address; without the code it tells nothing."""

    invitation: str
    offering: str
    digest: str
    expires: datetime


class InvitationUsed(Event, frozen=True, kw_only=True, tag="invitation_used"):
    invitation: str
    enrollment: str


class InvitationRevoked(Event, frozen=True, kw_only=True, tag="invitation_revoked"):
    invitation: str
