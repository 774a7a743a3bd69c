"""The decisions on approvals: persons let an award happen, or take back that they did. Pure."""

from datetime import datetime

from milepost.contracts.records import ApprovalWithdrawn, AwardApproved, RecordEvent
from milepost.credentials.domain.achievements.catalog import Catalog
from milepost.credentials.domain.achievements.criteria_tree import approvals_needed
from milepost.credentials.domain.records.awards import award_if_earned
from milepost.credentials.domain.records.record import Record, evolve_record
from milepost.credentials.domain.refusals import (
    AlreadyHeld,
    ApprovalNotAsked,
    NotApproved,
    OwnAward,
    RetiredAchievement,
)


def approve(
    record: Record,
    catalog: Catalog,
    learner: str,
    achievement: str,
    *,
    person: str,
    reason: str | None,
    at: datetime,
) -> list[RecordEvent]:
    """One person's approval, once; and the award, where nothing else is missing.

    Raises `UnknownAchievement`, `RetiredAchievement`, `ApprovalNotAsked`, `OwnAward`,
    `AlreadyHeld`.
    """
    found = catalog.find(achievement)
    if found.retired:
        raise RetiredAchievement(achievement)
    if not approvals_needed(found.definition.criteria):
        raise ApprovalNotAsked(achievement)
    if person == learner:
        raise OwnAward(achievement)
    if person in record.approvals_of(achievement, at):
        return []
    _require_open(record, achievement, at)
    approval = AwardApproved(
        learner=learner, achievement=achievement, approved_by=person, reason=reason, occurred_at=at
    )
    after = evolve_record(record.copy(), approval)
    return [approval, *award_if_earned(after, catalog, learner, achievement, at)]


def withdraw_approval(
    record: Record, learner: str, achievement: str, *, person: str, reason: str, at: datetime
) -> list[RecordEvent]:
    """Before the award only: afterwards there is a credential to revoke.

    Raises `NotApproved`, `AlreadyHeld`.
    """
    if person not in record.approvals_of(achievement, at):
        raise NotApproved(achievement)
    _require_open(record, achievement, at)
    return [
        ApprovalWithdrawn(
            learner=learner,
            achievement=achievement,
            approved_by=person,
            reason=reason,
            occurred_at=at,
        )
    ]


def _require_open(record: Record, achievement: str, at: datetime) -> None:
    """Also what is withheld or suspended is awarded already."""
    active = record.active.get(achievement)
    if active and not active.has_expired(at):
        raise AlreadyHeld(achievement, active.credential)
