"""Every credential of a tenant, active and revoked: who holds what, since when, and until when.

A row is an award; an achievement that is awarded anew after a revocation is a row of its own. A
revoked credential stays, with the reason's code; a flagged one waits for a person's decision.
Whether one has expired is worked out when it is read: nothing happens at that moment.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeAlias, assert_never

import msgspec

from milepost.contracts.records import (
    CredentialAccepted,
    CredentialAwarded,
    CredentialDeclined,
    CredentialExpired,
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
from milepost.contracts.sharing import CredentialHidden, CredentialShared
from milepost.dashboards.projections.catalog_achievements import DEFAULT_ISSUER
from milepost.dashboards.projections.issuer_figures import (
    ENDING_DAYS,
    ISSUED,
    ISSUED_WEEKS,
    count,
    count_ever,
    count_week,
    standing,
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
    | CredentialExpired
    | CredentialShared
    | CredentialHidden
)


class RegisteredCredential(msgspec.Struct):
    """`course`, `offering` and `enrollment` are the first that its evidence names: none when it
    rests on other credentials alone. `position` is the award's. `flagged`: what it rests on holds
    no longer, for `flag_reason`; it is valid until a person revokes it or lets it stand.
    `withheld_until`: an embargo; `held_for_release`: a person releases it. `issuer` is a code.
    `shared_at`: first shown, by its page or a link; `public_since`: since when everybody may see
    the page, null when they may not. `expired_at`: when the log says so.
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
    issuer: str = DEFAULT_ISSUER
    suspension_reason: str | None = None
    expired_at: datetime | None = None
    shared_at: datetime | None = None
    public_since: datetime | None = None


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
        "issuer, position",  # an issuer's register
    ),
)


def fold(rows: Rows, fact: Fact[CredentialEvent]) -> None:
    row, event = rows.of(CREDENTIALS, fact.event.credential), fact.event
    before = standing(row)
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
        case CredentialShared() | CredentialHidden():
            _show(rows, row, event)
        case _:
            _step(row, event)
    count(rows, row, before)
    _count_event(rows, row, event)


def _count_event(rows: Rows, row: RegisteredCredential, event: CredentialEvent) -> None:
    if what := _OF_WEEK.get(type(event)):
        count_week(rows, row, what, event.occurred_at)
    match event:
        case CredentialAwarded():
            count_ever(rows, row, "awarded")
        case CredentialAccepted():
            count_ever(rows, row, "accepted")


def _show(
    rows: Rows, row: RegisteredCredential, event: CredentialShared | CredentialHidden
) -> None:
    if event.link is None:
        row.public_since = event.occurred_at if isinstance(event, CredentialShared) else None
    if row.shared_at is None and isinstance(event, CredentialShared):
        row.shared_at = event.occurred_at
        count_ever(rows, row, "shared")
        count_week(rows, row, "shared", event.occurred_at)


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
    | CredentialRenewed
    | CredentialExpired,
) -> None:
    match event:
        case CredentialReleased():
            row.withheld_until, row.held_for_release = None, False
        case CredentialAccepted():
            row.accepted_at = event.occurred_at
        case CredentialSuspended():
            row.suspended_at, row.suspension_reason = event.occurred_at, event.reason
        case CredentialReinstated():
            row.suspended_at = row.suspension_reason = None
        case CredentialExpired():
            row.expired_at = event.occurred_at
        case CredentialRenewed():
            row.renewed_at, row.expired_at = event.occurred_at, None
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
    row.issuer = event.issuer or DEFAULT_ISSUER


def _first(evidence: tuple[Evidence, ...], name: str) -> Any:
    return next((value for one in evidence if (value := getattr(one, name)) is not None), None)


# What is counted by week; a share is counted when it is a credential's first.
_OF_WEEK: Mapping[type[CredentialEvent], str] = {
    CredentialAwarded: "awarded",
    CredentialAccepted: "accepted",
    CredentialDeclined: "declined",
    CredentialSuspended: "suspended",
    CredentialReinstated: "reinstated",
    CredentialRenewed: "renewed",
    CredentialExpired: "expired",
    CredentialSuperseded: "superseded",
    CredentialRevoked: "revoked",
}
TABLES = (CREDENTIALS, ISSUED, ISSUED_WEEKS, ENDING_DAYS)
CREDENTIAL_REGISTRY = ReadModel("credential_registry", 5, Codec(CredentialEvent), TABLES, fold)
