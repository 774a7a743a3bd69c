"""Every credential of a tenant, active and revoked: who holds what, since when, and until when.

A row is an award; an achievement that is awarded anew after a revocation is a row of its own. A
revoked credential stays, with the reason's code; a flagged one waits for a person's decision.
Whether one has expired is worked out when it is read: nothing happens at that moment.
"""

from datetime import datetime
from typing import Any, TypeAlias, assert_never

import msgspec

from milepost.contracts.records import (
    CredentialAccepted,
    CredentialAwarded,
    CredentialDeclined,
    CredentialFlagged,
    CredentialFlagLifted,
    CredentialReinstated,
    CredentialReleased,
    CredentialRenewed,
    CredentialRevoked,
    CredentialSuperseded,
    CredentialSuspended,
    Evidence,
)
from milepost.events.codec import Codec
from milepost.events.projections.read_model import Fact, Key, ReadModel, Rows, Table

CredentialEvent: TypeAlias = (
    CredentialAwarded
    | CredentialReleased
    | CredentialAccepted
    | CredentialDeclined
    | CredentialSuspended
    | CredentialReinstated
    | CredentialRevoked
    | CredentialRenewed
    | CredentialSuperseded
    | CredentialFlagged
    | CredentialFlagLifted
)


class RegisteredCredential(msgspec.Struct):
    """`course`, `offering` and `enrollment` are the first that its evidence names: none when it
    rests on other credentials alone. `position` is the award's. `flagged`: what it rests on holds
    no longer, for `flag_reason`; it is valid until a person revokes it or lets it stand.
    `withheld_until`: an embargo; `held_for_release`: a person releases it.
    """

    credential: str
    learner: str = ""
    achievement: str = ""
    achievement_version: int = 0
    course: str | None = None
    offering: str | None = None
    enrollment: str | None = None
    awarded_at: datetime | None = None
    awarded_by: str = ""
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    withheld_until: datetime | None = None
    held_for_release: bool = False
    accepted_at: datetime | None = None
    declined_at: datetime | None = None
    suspended_at: datetime | None = None
    renewed_at: datetime | None = None
    superseded_by: str | None = None
    revoked_at: datetime | None = None
    reason: str | None = None
    flagged: bool = False
    flagged_at: datetime | None = None
    flag_reason: str | None = None
    position: int = 0


def key_of(fact: Fact[CredentialEvent]) -> Key:
    return (fact.event.credential,)


CREDENTIALS = Table(
    "credential_registry",
    RegisteredCredential,
    ("credential",),
    key_of,
    (
        "learner, position",  # a learner's page, and their own list
        "achievement, position",
        "offering, position",
        "course, position",
        "position",  # the list of all
        "flagged, position",  # that of those which wait for a decision
    ),
)


def fold(rows: Rows, fact: Fact[CredentialEvent]) -> None:
    event = fact.event
    row = rows.of(CREDENTIALS, event.credential)
    match event:
        case CredentialAwarded():
            _award(row, event)
            row.position = fact.position
        case CredentialFlagged():
            row.flagged, row.flagged_at, row.flag_reason = True, event.occurred_at, event.reason
        case CredentialFlagLifted():
            _lift(row)
        case CredentialRevoked() | CredentialSuperseded() | CredentialDeclined():
            _end(row, event)
            _lift(row)
        case _:
            _step(row, event)


def _end(
    row: RegisteredCredential, event: CredentialRevoked | CredentialSuperseded | CredentialDeclined
) -> None:
    match event:
        case CredentialRevoked():
            row.revoked_at, row.reason = event.occurred_at, event.reason
        case CredentialSuperseded():
            row.superseded_by = event.by
        case CredentialDeclined():
            row.declined_at = event.occurred_at
        case _:
            assert_never(event)


def _lift(row: RegisteredCredential) -> None:
    row.flagged, row.flagged_at, row.flag_reason = False, None, None


def _step(
    row: RegisteredCredential,
    event: CredentialReleased
    | CredentialAccepted
    | CredentialSuspended
    | CredentialReinstated
    | CredentialRenewed,
) -> None:
    match event:
        case CredentialReleased():
            row.withheld_until, row.held_for_release = None, False
        case CredentialAccepted():
            row.accepted_at = event.occurred_at
        case CredentialSuspended():
            row.suspended_at = event.occurred_at
        case CredentialReinstated():
            row.suspended_at = None
        case CredentialRenewed():
            row.renewed_at = event.occurred_at
            row.valid_from, row.valid_until = event.valid_from, event.valid_until
            row.achievement_version = event.achievement_version
        case _:
            assert_never(event)


def _award(row: RegisteredCredential, event: CredentialAwarded) -> None:
    row.learner = event.learner
    row.achievement = event.achievement
    row.achievement_version = event.achievement_version
    row.course = _first(event.evidence, "course")
    row.offering = _first(event.evidence, "offering")
    row.enrollment = _first(event.evidence, "enrollment")
    row.awarded_at = event.occurred_at
    row.awarded_by = event.awarded_by
    row.valid_from = event.valid_from
    row.valid_until = event.valid_until
    row.withheld_until = event.embargo_until
    row.held_for_release = event.held_for_release


def _first(evidence: tuple[Evidence, ...], name: str) -> Any:
    return next((value for one in evidence if (value := getattr(one, name)) is not None), None)


CREDENTIAL_REGISTRY = ReadModel(
    "credential_registry", 4, Codec(CredentialEvent), (CREDENTIALS,), fold
)
