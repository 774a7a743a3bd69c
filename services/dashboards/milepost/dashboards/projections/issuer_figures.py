"""What became of an issuer's credentials, counted: now, by week, and by the day on which they end.

Each credential is counted in one standing, the gravest that holds. Only what the log says moves
it: one whose validity is over is `expired` when CredentialExpired says so.
"""

from datetime import UTC, datetime, timedelta
from typing import Final, Literal, Protocol, TypeAlias

import msgspec

from milepost.events.projections.read_model import Rows, Table

Standing: TypeAlias = Literal[
    "active", "withheld", "suspended", "expired", "declined", "superseded", "revoked"
]
# These end by time: others have ended, or will never have been.
ENDING: Final = ("active", "withheld", "suspended")


class Credential(Protocol):
    """What of a credential's row is counted."""

    issuer: str
    achievement: str
    awarded_at: datetime | None
    valid_until: datetime | None
    withheld_until: datetime | None
    held_for_release: bool
    declined_at: datetime | None
    suspended_at: datetime | None
    expired_at: datetime | None
    superseded_by: str | None
    revoked_at: datetime | None


class IssuedRow(msgspec.Struct):
    """`awarded`, `accepted` and `shared` ever; of `awarded` each is in one of the others now."""

    issuer: str
    achievement: str
    awarded: int = 0
    accepted: int = 0
    shared: int = 0
    active: int = 0
    withheld: int = 0
    suspended: int = 0
    expired: int = 0
    declined: int = 0
    superseded: int = 0
    revoked: int = 0


class IssuedWeekRow(msgspec.Struct):
    """What happened in the week that began on this Monday (UTC, `2026-03-02`)."""

    issuer: str
    achievement: str
    week: str
    awarded: int = 0
    accepted: int = 0
    shared: int = 0
    declined: int = 0
    suspended: int = 0
    reinstated: int = 0
    renewed: int = 0
    expired: int = 0
    superseded: int = 0
    revoked: int = 0


class EndingRow(msgspec.Struct):
    """How many end on this day (UTC, `2026-03-02`), if nothing ends them before."""

    issuer: str
    achievement: str
    day: str
    ending: int = 0


ISSUED = Table("issuer_achievement", IssuedRow, ("issuer", "achievement"))
ISSUED_WEEKS = Table(
    "issuer_week",
    IssuedWeekRow,
    ("issuer", "achievement", "week"),
    indexes=("issuer, week",),  # an issuer's last weeks
)
ENDING_DAYS = Table(
    "issuer_ending",
    EndingRow,
    ("issuer", "achievement", "day"),
    indexes=("issuer, day",),  # what ends soon
)
Where: TypeAlias = tuple[Standing, str | None]


def standing(row: Credential) -> Where | None:
    """Where a credential is counted, and the day on which it ends; None before its award."""
    if row.awarded_at is None:
        return None
    name = _gravest(row)
    ends = row.valid_until if name in ENDING else None
    return name, None if ends is None else _day(ends)


def count(rows: Rows, row: Credential, before: Where | None) -> None:
    """Move a credential from where it stood `before` to where it stands."""
    now = standing(row)
    if now == before:
        return
    for where, step in ((before, -1), (now, 1)):
        if where is None:
            continue
        name, day = where
        issued = rows.of(ISSUED, row.issuer, row.achievement)
        setattr(issued, name, getattr(issued, name) + step)
        if day is not None:
            rows.of(ENDING_DAYS, row.issuer, row.achievement, day).ending += step


def count_week(rows: Rows, row: Credential, what: str, at: datetime) -> None:
    """That it happened in the week of this moment; `what` is a column."""
    week = rows.of(ISSUED_WEEKS, row.issuer, row.achievement, _day(_monday(at)))
    setattr(week, what, getattr(week, what) + 1)


def count_ever(rows: Rows, row: Credential, what: Literal["awarded", "accepted", "shared"]) -> None:
    issued = rows.of(ISSUED, row.issuer, row.achievement)
    setattr(issued, what, getattr(issued, what) + 1)


def _gravest(row: Credential) -> Standing:
    if row.revoked_at:
        return "revoked"
    if row.superseded_by:
        return "superseded"
    if row.declined_at:
        return "declined"
    if row.held_for_release or row.withheld_until:
        return "withheld"
    if row.suspended_at:
        return "suspended"
    return "expired" if row.expired_at else "active"


def _monday(at: datetime) -> datetime:
    day = at.astimezone(UTC)
    return day - timedelta(days=day.weekday())


def _day(at: datetime) -> str:
    return at.astimezone(UTC).date().isoformat()
