"""What a row of a file comes to: as the single command, but what is so already is fine. Pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from milepost.contracts.records import RecordEvent
from milepost.credentials.domain.achievements.catalog import Catalog
from milepost.credentials.domain.records.awards import (
    award_by_hand,
    award_by_history,
)
from milepost.credentials.domain.records.credential import Credential
from milepost.credentials.domain.records.life import revoke
from milepost.credentials.domain.records.record import Fact, Record
from milepost.credentials.domain.records.renewal import renew, supersede
from milepost.credentials.domain.refusals import NotHeld

# Who was renewed for the same reason so shortly before is not renewed by the same file once more.
RENEWED_LATELY = timedelta(days=1)


def award_row(
    record: Record,
    catalog: Catalog,
    facts: Sequence[Fact],
    learner: str,
    achievement: str,
    *,
    reason: str | None,
    by: str,
    at: datetime,
) -> list[RecordEvent]:
    """By a person for a reason; without one by the criteria, over all that has ever happened.

    Raises `UnknownAchievement`, `RetiredAchievement`.
    """
    held = record.active.get(achievement)
    if reason is not None:
        if held and not held.has_expired(at):
            return []
        return award_by_hand(
            record, catalog, learner, achievement, reason=reason, awarded_by=by, at=at
        )
    return award_by_history(record, catalog, learner, achievement, facts=facts, at=at)


def revoke_row(
    record: Record,
    learner: str,
    achievement: str | None,
    credential: str | None,
    *,
    reason: str,
    at: datetime,
) -> list[RecordEvent]:
    """Raises `NotHeld`, and what revoking raises."""
    one = _meant(record, learner, achievement, credential)
    if one.revoked:
        return []
    return revoke(record, learner, one.credential, reason, max(at, one.changed_at))


def renew_row(
    record: Record,
    catalog: Catalog,
    learner: str,
    achievement: str | None,
    credential: str | None,
    *,
    reason: str,
    by: str,
    at: datetime,
) -> list[RecordEvent]:
    """Raises `NotHeld`, and what renewing raises."""
    one = _meant(record, learner, achievement, credential)
    at = max(at, one.changed_at)
    last = one.renewals[-1] if one.renewals else None
    if last and last.reason == reason and last.at > at - RENEWED_LATELY:
        return []
    return renew(record, catalog, learner, one.credential, reason=reason, renewed_by=by, at=at)


def supersede_row(
    record: Record,
    catalog: Catalog,
    learner: str,
    achievement: str | None,
    credential: str | None,
    *,
    reason: str,
    by: str,
    at: datetime,
) -> list[RecordEvent]:
    """To the present version of the achievement; nothing where it is the present one.

    Raises `NotHeld`, and what superseding raises.
    """
    one = _meant(record, learner, achievement, credential)
    if one.superseded or one.achievement_version == catalog.find(one.achievement).version:
        return []
    at = max(at, one.changed_at)
    return supersede(record, catalog, learner, one.credential, reason=reason, awarded_by=by, at=at)


def _meant(
    record: Record, learner: str, achievement: str | None, credential: str | None
) -> Credential:
    if credential is not None:
        found = record.credentials.get(credential)
    else:
        assert achievement is not None
        found = record.active.get(achievement) or record.latest(achievement)
    if found is None:
        raise NotHeld(learner, credential or achievement or "")
    return found
