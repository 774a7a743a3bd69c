"""An award by a credential from elsewhere that was verified: prior learning, recognized. Pure.

The credential is noted with its source, and the award names that as its evidence. A person decides,
as with every award by hand; what was verified is no older than the decision.
"""

from datetime import datetime

from msgspec.structs import replace

from milepost.contracts.records import (
    CredentialAwarded,
    Evidence,
    ForeignCredentialNoted,
    RecordEvent,
)
from milepost.credentials.domain.achievements.catalog import Catalog
from milepost.credentials.domain.records.awards import award_by_hand
from milepost.credentials.domain.records.record import Record


def recognize(
    record: Record, catalog: Catalog, noted: ForeignCredentialNoted, *, reason: str, awarded_by: str
) -> list[RecordEvent]:
    """The award ends no later than what it rests on.

    Raises `UnknownAchievement`, `RetiredAchievement`, `AlreadyHeld`.
    """
    given, *follows = award_by_hand(
        record,
        catalog,
        noted.learner,
        noted.achievement,
        reason=reason,
        awarded_by=awarded_by,
        at=noted.occurred_at,
    )
    assert isinstance(given, CredentialAwarded)
    ends = _earlier(given.valid_until, noted.valid_until)
    award = replace(given, evidence=(Evidence(source=noted.source),), grade=None, valid_until=ends)
    return [noted, award, *follows]


def _earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    return min((end for end in (one, other) if end is not None), default=None)
