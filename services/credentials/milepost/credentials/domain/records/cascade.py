"""What criteria earn, and what rests on that, to any depth. Pure.

holds nothing of it            ─▶ awarded
holds it, it does not end      ─▶ nothing
within the window before its   ─▶ renewed, by evidence that is later than what earned it
end
it has expired                 ─▶ awarded anew, a next cycle, by later evidence
withheld, suspended, declined  ─▶ nothing by itself
"""

from collections import deque
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from milepost.contracts.ids import credential_id
from milepost.contracts.records import CredentialAwarded, CredentialFlagged, CredentialRenewed
from milepost.credentials.domain.achievements.achievement import Achievement
from milepost.credentials.domain.achievements.catalog import Catalog
from milepost.credentials.domain.achievements.condition import (
    Condition,
    evidence_of,
    without_grades,
)
from milepost.credentials.domain.achievements.criteria import explain
from milepost.credentials.domain.achievements.definition import DEFAULT_ISSUER
from milepost.credentials.domain.records.credential import Credential
from milepost.credentials.domain.records.flags import flag_inherited
from milepost.credentials.domain.records.record import Record, evolve_record


def cascade(
    record: Record, catalog: Catalog, touched: Iterable[str], learner: str, at: datetime
) -> Iterator[CredentialAwarded | CredentialRenewed | CredentialFlagged]:
    """Ends: each award or renewal rests on evidence that the one before it did not have.

    Changes the record.
    """
    queue = deque(touched)
    while queue:
        achievement = catalog.achievements[queue.popleft()]
        earned = _earned(record, achievement, catalog, learner, at)
        if earned:
            evolve_record(record, earned)
            yield earned
            if isinstance(earned, CredentialAwarded):
                yield from flag_inherited(record, catalog, earned)
            queue.extend(catalog.by_achievement.get(earned.achievement, ()))


def award(
    record: Record,
    achievement: Achievement,
    condition: Condition,
    catalog: Catalog,
    *,
    learner: str,
    valid_from: datetime,
    at: datetime,
) -> CredentialAwarded:
    """Late results may complete what later events had prepared: it is not awarded before those."""
    code, defined = achievement.achievement, achievement.definition
    cycle = record.cycles(code) + 1
    credential = credential_id(learner, code, cycle, catalog.school)
    evidence, moment = evidence_of(condition), max(at, valid_from)
    embargoed = defined.embargo_until is not None and moment < defined.embargo_until
    expired = record.active.get(code)
    return CredentialAwarded(
        credential=credential,
        learner=learner,
        achievement=code,
        achievement_version=achievement.version,
        evidence=evidence,
        valid_from=valid_from,
        valid_until=_until(valid_from, achievement),
        name=defined.name,
        names=defined.names,
        description=defined.description,
        skills=defined.skills,
        issuer=defined.issuer or DEFAULT_ISSUER,
        issuer_name=catalog.issuer_names.get(defined.issuer or DEFAULT_ISSUER),
        grade=max((one.grade for one in evidence if one.grade is not None), default=None),
        url=f"{catalog.public_url}/c/{credential}" if catalog.public_url else None,
        embargo_until=defined.embargo_until if embargoed else None,
        held_for_release=defined.held_for_release,
        renews=expired.credential if expired else None,
        occurred_at=moment,
    )


def renewal(
    held: Credential,
    achievement: Achievement,
    condition: Condition,
    *,
    learner: str,
    valid_from: datetime,
    at: datetime,
) -> CredentialRenewed:
    """Whoever renews early loses no day: the new validity is added to the old one."""
    end = held.valid_until
    return CredentialRenewed(
        **held.named(learner),
        achievement_version=achievement.version,
        evidence=evidence_of(condition),
        valid_from=valid_from,
        valid_until=_until(max(valid_from, end) if end else valid_from, achievement),
        occurred_at=max(at, valid_from, held.changed_at),
    )


def _until(start: datetime, achievement: Achievement) -> datetime | None:
    days = achievement.definition.validity_days
    return start + timedelta(days=days) if days else None


def _earned(
    record: Record, achievement: Achievement, catalog: Catalog, learner: str, at: datetime
) -> CredentialAwarded | CredentialRenewed | None:
    code, held = achievement.achievement, record.active.get(achievement.achievement)
    if achievement.retired or not _may_follow(record, held, achievement, at):
        return None
    news = record.later_than(held.valid_from) if held else record
    condition = explain(achievement.definition.criteria, news, catalog, at, achievement=code)
    since = condition.since
    if since is None or (held and since <= held.valid_from):
        return None
    # After a revocation the same evidence must not quietly earn the credential again.
    if record.discredited(code).issuperset(without_grades(evidence_of(condition))):
        return None
    if held is None or held.has_expired(at):
        return award(
            record, achievement, condition, catalog, learner=learner, valid_from=since, at=at
        )
    if since < _window(held, achievement):
        return None
    return renewal(held, achievement, condition, learner=learner, valid_from=since, at=at)


def _may_follow(
    record: Record, held: Credential | None, achievement: Achievement, at: datetime
) -> bool:
    """An award, a renewal, or a next cycle."""
    if held is None:
        latest = record.latest(achievement.achievement)
        return latest is None or latest.declined_at is None
    if held.valid_until is None or held.suspended or held.is_withheld(at):
        return False
    in_window = achievement.definition.renewal_days and at >= _window(held, achievement)
    return bool(in_window) or held.has_expired(at)


def _window(held: Credential, achievement: Achievement) -> datetime:
    """Evidence from then on renews it."""
    assert held.valid_until is not None
    return held.valid_until - timedelta(days=achievement.definition.renewal_days)
