"""Which credentials a person should look at: what they rest on has ceased to hold. Pure.

    grade 0.95      badge awarded, program on it awarded
    grade 0.40      badge flagged, program flagged            both stay valid
    grade 0.95      both flags lifted: `holds_again`
    or a person     lifts the badge's: it stands; the program's goes with it
    or a person     revokes the badge; the program stays flagged

A credential is judged by the criteria of the version it was awarded by. One that a person awarded
rests on that person's reason, not on criteria: it is never flagged.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import assert_never

import msgspec

from milepost.contracts.records import (
    CourseResultNoted,
    CourseResultWithdrawn,
    CredentialAwarded,
    CredentialFlagged,
    CredentialFlagLifted,
    CredentialRevoked,
    LessonResultNoted,
    RecordEvent,
)
from milepost.credentials.domain.achievements.catalog import Catalog
from milepost.credentials.domain.achievements.criteria import explain
from milepost.credentials.domain.records.credential import HOLDS_AGAIN, Credential, Flag
from milepost.credentials.domain.records.record import Fact, Record, evolve_record
from milepost.credentials.domain.refusals import AlreadyRevoked, NotFlagged, NotHeld


def flag_fallen(
    before: Record,
    after: Record,
    catalog: Catalog,
    event: Fact,
) -> Iterator[CredentialFlagged | CredentialRevoked]:
    """Flags what held before and holds no longer, and what rests on it; revokes it where the
    definition says so. Changes `after`.

    Ends, since each round but the last flags one more.
    """
    if after.level(event) >= before.level(event):
        return
    flag = Flag(reason=_reason(event), at=event.occurred_at, position=event.position)
    more = True
    while more:
        fallen = [
            one
            for one in after.active.values()
            if _falls(one, before, after, catalog, event.occurred_at)
            or _is_graver(one, event, after, catalog)
        ]
        for one in fallen:
            yield _fallen(after, one, catalog, event.learner, flag)
        more = bool(fallen)


def flag_inherited(
    record: Record, catalog: Catalog, award: CredentialAwarded
) -> Iterator[CredentialFlagged]:
    """What was just awarded on the strength of a flagged credential has its flag as well."""
    flags = [one.flag for one in record.active.values() if one.flag]
    credential = record.credentials[award.credential]
    if not flags or _is_sound(credential, record, catalog, award.occurred_at):
        return
    named = [record.credentials[one.credential] for one in award.evidence if one.credential]
    flag = next((one.flag for one in named if one.flag), flags[0])
    flag = msgspec.structs.replace(flag, at=award.occurred_at)
    yield _flag(record, credential, award.learner, flag)


def lift_flags(
    record: Record, catalog: Catalog, learner: str, at: datetime
) -> Iterator[CredentialFlagLifted]:
    """Lifts what holds again. Changes the record. Ends: each round but the last lifts one more."""
    more = True
    while more:
        sound = [
            one
            for one in record.active.values()
            if one.flag and _is_sound(one, record, catalog, at)
        ]
        for one in sound:
            yield _lift(record, one, learner, HOLDS_AGAIN, at)
        more = bool(sound)


def lift_flag(
    record: Record,
    catalog: Catalog,
    learner: str,
    credential: str,
    *,
    reason: str,
    at: datetime,
) -> list[RecordEvent]:
    """A person lets a credential stand, and with it what was flagged on its account.

    Raises `NotHeld`, `AlreadyRevoked`, `NotFlagged`.
    """
    held = record.credentials.get(credential)
    if held is None:
        raise NotHeld(learner, credential)
    if held.revoked:
        raise AlreadyRevoked(credential, held.revoked.reason, held.revoked.at)
    if held.flag is None:
        raise NotFlagged(credential)
    after, at = record.copy(), max(at, held.flag.at)
    return [_lift(after, held, learner, reason, at), *lift_flags(after, catalog, learner, at)]


def _falls(one: Credential, before: Record, after: Record, catalog: Catalog, at: datetime) -> bool:
    """Its criteria held until now. What a person let stand holds not, and is left alone."""
    if one.flag or not _is_sound(one, before, catalog, at):
        return False
    return not _is_sound(one, after, catalog, at)


def _is_graver(
    one: Credential,
    event: Fact,
    after: Record,
    catalog: Catalog,
) -> bool:
    """A person who looked at a fallen grade has not yet judged that nothing is completed."""
    known = one.flag or one.let_stand
    return (
        isinstance(event, CourseResultWithdrawn)
        and known is not None
        and known.position < event.position
        and any(evidence.enrollment == event.enrollment for evidence in one.evidence)
        and not _is_sound(one, after, catalog, event.occurred_at)
    )


def _is_sound(one: Credential, record: Record, catalog: Catalog, at: datetime) -> bool:
    """Its criteria hold, by credentials that are not in doubt themselves."""
    achievement = catalog.achievements.get(one.achievement)
    if one.awarded_by != "policy" or achievement is None:
        return True
    certain = {name: held for name, held in record.active.items() if not held.flag}
    criteria = achievement.criteria_of(one.achievement_version)
    certain_record = msgspec.structs.replace(record, active=certain)
    return explain(criteria, certain_record, catalog, at, achievement=one.achievement).holds


def _reason(event: Fact) -> str:
    match event:
        case CourseResultNoted():
            return "grade_fell"
        case LessonResultNoted():
            return "score_fell"
        case CourseResultWithdrawn():
            return "completion_revoked"
        case _:
            assert_never(event)


def _fallen(
    record: Record, one: Credential, catalog: Catalog, learner: str, flag: Flag
) -> CredentialFlagged | CredentialRevoked:
    """By the definition that it was awarded by: the issuer had said so before."""
    definition = catalog.achievements[one.achievement].definition_of(one.achievement_version)
    if not definition.revoke_when_fallen:
        return _flag(record, one, learner, flag)
    event = CredentialRevoked(
        **one.named(learner),
        reason=flag.reason,
        occurred_at=max(flag.at, one.changed_at),
    )
    evolve_record(record, event)
    return event


def _flag(record: Record, one: Credential, learner: str, flag: Flag) -> CredentialFlagged:
    event = CredentialFlagged(
        credential=one.credential,
        learner=learner,
        achievement=one.achievement,
        reason=flag.reason,
        position=flag.position,
        occurred_at=flag.at,
    )
    evolve_record(record, event)
    return event


def _lift(
    record: Record, one: Credential, learner: str, reason: str, at: datetime
) -> CredentialFlagLifted:
    event = CredentialFlagLifted(
        credential=one.credential,
        learner=learner,
        achievement=one.achievement,
        reason=reason,
        occurred_at=at,
    )
    evolve_record(record, event)
    return event
