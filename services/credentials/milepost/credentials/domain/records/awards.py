"""The decisions on a learner's record: note a result, award and never twice, revoke. Pure.

What an event about one enrollment says is noted once, and never after a later one of the same
enrollment. Nothing is taken by itself: what no longer holds is flagged, see `flags`.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import chain

import msgspec

from milepost.contracts import streams
from milepost.contracts.ids import credential_id
from milepost.contracts.records import (
    CourseResultNoted,
    CourseResultWithdrawn,
    CredentialAwarded,
    CredentialFlagged,
    CredentialFlagLifted,
    CredentialRevoked,
    RecordEvent,
)
from milepost.contracts.times import not_before
from milepost.credentials.domain.achievements.achievement import Achievement
from milepost.credentials.domain.achievements.catalog import Catalog
from milepost.credentials.domain.achievements.condition import (
    Condition,
    evidence_of,
    without_grades,
)
from milepost.credentials.domain.achievements.criteria import explain
from milepost.credentials.domain.records.credential import Credential
from milepost.credentials.domain.records.flags import flag_fallen, flag_inherited, lift_flags
from milepost.credentials.domain.records.record import (
    Fact,
    Record,
    empty_record,
    evolve_record,
)
from milepost.credentials.domain.refusals import (
    AlreadyHeld,
    AlreadyRevoked,
    NotHeld,
    NotYetAwarded,
    RetiredAchievement,
)
from milepost.events.codec import Codec
from milepost.events.streams import Category

RECORD: Category[Record, RecordEvent] = Category(
    streams.RECORD, empty_record, evolve_record, Codec(RecordEvent)
)


def note_result_and_award(
    record: Record, catalog: Catalog, result: CourseResultNoted
) -> list[RecordEvent]:
    """Notes how a course stands, awards whatever it earns, to any depth, and flags what fell."""
    return note_and_award(record, catalog, (result,))


def withdraw_result(
    record: Record, catalog: Catalog, withdrawn: CourseResultWithdrawn
) -> list[RecordEvent]:
    """Notes that the course is not completed after all, and flags what rested on it."""
    return note_and_award(record, catalog, (withdrawn,))


def note_and_award(record: Record, catalog: Catalog, facts: Sequence[Fact]) -> list[RecordEvent]:
    """Notes those that are news, awards whatever they earn, to any depth, and flags what fell."""
    after, said = record.copy(), list[RecordEvent]()
    for fact in facts:
        if not after.knows(fact):
            before = after.copy()
            evolve_record(after, fact)
            said += [fact, *_follow(before, after, catalog, fact)]
    return said


def _follow(
    before: Record, after: Record, catalog: Catalog, fact: Fact
) -> Iterator[CredentialFlagged | CredentialFlagLifted | CredentialAwarded]:
    yield from flag_fallen(before, after, catalog, fact)
    yield from lift_flags(after, catalog, fact.learner, fact.occurred_at)
    touched = catalog.touched_by(fact)
    yield from _cascade(after, catalog, touched, fact.learner, fact.occurred_at)


def award_if_earned(
    record: Record, catalog: Catalog, learner: str, achievement: str, at: datetime
) -> list[RecordEvent]:
    """Awards by the criteria as they stand: for achievements defined after the course was passed.

    Raises `UnknownAchievement`, `RetiredAchievement`.
    """
    if catalog.find(achievement).retired:
        raise RetiredAchievement(achievement)
    return list(_cascade(record.copy(), catalog, (achievement,), learner, at))


def award_by_hand(
    record: Record,
    catalog: Catalog,
    learner: str,
    achievement: str,
    *,
    reason: str,
    awarded_by: str,
    at: datetime,
) -> list[RecordEvent]:
    """Awards whether or not the criteria hold, also after a revocation, and what rests on it.

    Raises `UnknownAchievement`, `RetiredAchievement`, `AlreadyHeld`.
    """
    found = catalog.find(achievement)
    if found.retired:
        raise RetiredAchievement(achievement)
    if held := record.active.get(achievement):
        raise AlreadyHeld(achievement, held.credential)
    condition = explain(found.definition.criteria, record, catalog, at, achievement=achievement)
    award = msgspec.structs.replace(
        _award(record, found, condition, catalog.school, learner=learner, valid_from=at, at=at),
        awarded_by=awarded_by,
        reason=reason,
    )
    after = evolve_record(record.copy(), award)
    dependents = catalog.by_achievement.get(achievement, ())
    follows = chain(
        lift_flags(after, catalog, learner, at), _cascade(after, catalog, dependents, learner, at)
    )
    return [award, *follows]


def revoke(
    record: Record,
    learner: str,
    credential: str,
    reason: str,
    at: datetime,
    *,
    skew: timedelta = timedelta(0),
) -> list[RecordEvent]:
    """Takes one credential away; those that rest on it stay until a person decides.

    `skew` is how far the caller's clock may be behind. Raises `NotHeld`, `AlreadyRevoked`,
    `NotYetAwarded`.
    """
    held = record.credentials.get(credential)
    if held is None:
        raise NotHeld(learner, credential)
    if held.revoked:
        raise AlreadyRevoked(credential, held.revoked.reason, held.revoked.at)
    at = not_before(at, held.awarded_at, skew)
    if at < held.awarded_at:
        raise NotYetAwarded(credential, held.awarded_at)
    return [
        CredentialRevoked(
            credential=credential,
            learner=learner,
            achievement=held.achievement,
            reason=reason,
            occurred_at=at,
        )
    ]


def dependents_of(record: Record, credential: str) -> list[Credential]:
    """The active credentials whose evidence names this one."""
    return [
        one
        for one in record.active.values()
        if any(evidence.credential == credential for evidence in one.evidence)
    ]


def _cascade(
    record: Record, catalog: Catalog, touched: Iterable[str], learner: str, at: datetime
) -> Iterator[CredentialAwarded | CredentialFlagged]:
    """Ends, since each award makes one achievement more active. Changes the record."""
    queue = deque(touched)
    while queue:
        achievement = catalog.achievements[queue.popleft()]
        award = _earned(record, achievement, catalog, learner, at)
        if award:
            evolve_record(record, award)
            yield award
            yield from flag_inherited(record, catalog, award)
            queue.extend(catalog.by_achievement.get(award.achievement, ()))


def _earned(
    record: Record, achievement: Achievement, catalog: Catalog, learner: str, at: datetime
) -> CredentialAwarded | None:
    code = achievement.achievement
    if achievement.retired or code in record.active:
        return None
    condition = explain(achievement.definition.criteria, record, catalog, at, achievement=code)
    if condition.since is None:
        return None
    # After a revocation the same evidence must not quietly earn the credential again.
    if record.discredited(code).issuperset(without_grades(evidence_of(condition))):
        return None
    since, school = condition.since, catalog.school
    return _award(record, achievement, condition, school, learner=learner, valid_from=since, at=at)


def _award(
    record: Record,
    achievement: Achievement,
    condition: Condition,
    school: str,
    *,
    learner: str,
    valid_from: datetime,
    at: datetime,
) -> CredentialAwarded:
    """Late results may complete what later events had prepared: it is not awarded before those."""
    days = achievement.definition.validity_days
    cycle = record.cycles(achievement.achievement) + 1
    return CredentialAwarded(
        credential=credential_id(learner, achievement.achievement, cycle, school),
        learner=learner,
        achievement=achievement.achievement,
        achievement_version=achievement.version,
        evidence=evidence_of(condition),
        valid_from=valid_from,
        valid_until=valid_from + timedelta(days=days) if days else None,
        occurred_at=max(at, valid_from),
    )
