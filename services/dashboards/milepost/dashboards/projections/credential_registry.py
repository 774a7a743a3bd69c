"""Every credential of a tenant, active and revoked: who holds what, since when, and until when.

A row is an award; an achievement that is awarded anew after a revocation is a row of its own. A
revoked credential stays, with the reason's code; a flagged one waits for a person's decision.
Whether one has expired is worked out when it is read: nothing happens at that moment.
"""

from datetime import datetime
from typing import Any, TypeAlias, assert_never

import msgspec

from milepost.contracts.records import (
    CredentialAwarded,
    CredentialFlagged,
    CredentialFlagLifted,
    CredentialRevoked,
    Evidence,
)
from milepost.events.codec import Codec
from milepost.events.projections.read_model import Fact, Key, ReadModel, Rows, Table

CredentialEvent: TypeAlias = (
    CredentialAwarded | CredentialRevoked | CredentialFlagged | CredentialFlagLifted
)


class RegisteredCredential(msgspec.Struct):
    """`course`, `offering` and `enrollment` are the first that its evidence names: none when it
    rests on other credentials alone. `position` is the award's. `flagged`: what it rests on holds
    no longer, for `flag_reason`; it is valid until a person revokes it or lets it stand.
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
        case CredentialRevoked():
            row.revoked_at = event.occurred_at
            row.reason = event.reason
            row.flagged, row.flagged_at, row.flag_reason = False, None, None
        case CredentialFlagged():
            row.flagged, row.flagged_at, row.flag_reason = True, event.occurred_at, event.reason
        case CredentialFlagLifted():
            row.flagged, row.flagged_at, row.flag_reason = False, None, None
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


def _first(evidence: tuple[Evidence, ...], name: str) -> Any:
    return next((value for one in evidence if (value := getattr(one, name)) is not None), None)


CREDENTIAL_REGISTRY = ReadModel(
    "credential_registry", 3, Codec(CredentialEvent), (CREDENTIALS,), fold
)
