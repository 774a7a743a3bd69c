"""A person renews a credential, or lets a new one stand for it. Pure."""

from datetime import datetime, timedelta

from msgspec.structs import replace

from milepost.contracts.records import CredentialSuperseded, RecordEvent
from milepost.credentials.domain.achievements.achievement import Achievement
from milepost.credentials.domain.achievements.catalog import Catalog
from milepost.credentials.domain.achievements.criteria import explain
from milepost.credentials.domain.records.cascade import award, cascade, renewal
from milepost.credentials.domain.records.credential import Credential
from milepost.credentials.domain.records.record import Record, evolve_record
from milepost.credentials.domain.records.steps import NO_SKEW, living, require_released, step_moment
from milepost.credentials.domain.refusals import (
    AlreadyHeld,
    AlreadySuspended,
    NeverExpires,
    RetiredAchievement,
)


def renew(
    record: Record,
    catalog: Catalog,
    learner: str,
    credential: str,
    *,
    reason: str,
    renewed_by: str,
    at: datetime,
    skew: timedelta = NO_SKEW,
) -> list[RecordEvent]:
    """A person makes the same credential valid anew, before or after its end.

    Raises `NeverExpires`, `CredentialWithheld`, `AlreadyHeld` (a later one), `RetiredAchievement`.
    """
    held, achievement = _latest(record, catalog, learner, credential)
    if held.valid_until is None:
        raise NeverExpires(credential)
    at = step_moment(held, at, skew)
    require_released(held, at)
    criteria, code = achievement.definition.criteria, held.achievement
    facts = record.later_than(held.valid_from)
    condition = explain(criteria, facts, catalog, at, achievement=code)
    renewed = renewal(held, achievement, condition, learner=learner, valid_from=at, at=at)
    event = replace(renewed, renewed_by=renewed_by, reason=reason)
    after = evolve_record(record.copy(), event)
    return [event, *cascade(after, catalog, catalog.by_achievement.get(code, ()), learner, at)]


def supersede(
    record: Record,
    catalog: Catalog,
    learner: str,
    credential: str,
    *,
    reason: str,
    awarded_by: str,
    at: datetime,
    skew: timedelta = NO_SKEW,
) -> list[RecordEvent]:
    """A new credential by the present definition stands for it, with its evidence and validity.

    It is out as the old one was. Raises `CredentialWithheld`, `AlreadySuspended`, `AlreadyHeld` (a
    later one), `RetiredAchievement`.
    """
    held, achievement = _latest(record, catalog, learner, credential)
    at = step_moment(held, at, skew)
    require_released(held, at)
    if held.suspended:  # a new one would count, in spite of the doubt
        raise AlreadySuspended(credential, held.suspended.reason, held.suspended.at)
    criteria, code = achievement.definition.criteria, held.achievement
    condition = explain(criteria, record, catalog, at, achievement=code)
    new = award(record, achievement, condition, catalog, learner=learner, valid_from=at, at=at)
    new = replace(
        new,
        evidence=held.evidence,
        valid_from=held.valid_from,
        valid_until=held.valid_until,
        grade=held.grade,
        embargo_until=None,
        held_for_release=False,
        renews=None,
        supersedes=credential,
        awarded_by=awarded_by,
        reason=reason,
    )
    old = CredentialSuperseded(
        **held.named(learner),
        by=new.credential,
        reason=reason,
        occurred_at=at,
    )
    return [old, new]


def _latest(
    record: Record, catalog: Catalog, learner: str, credential: str
) -> tuple[Credential, Achievement]:
    held = living(record, learner, credential)
    achievement = catalog.find(held.achievement)
    if achievement.retired:
        raise RetiredAchievement(held.achievement)
    later = record.active.get(held.achievement)
    if later and later.credential != credential:
        raise AlreadyHeld(held.achievement, later.credential)
    return held, achievement
