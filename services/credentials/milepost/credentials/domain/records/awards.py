"""The decisions on a learner's record: note a result, award and never twice, revoke. Pure.

What an event about one enrollment says is noted once, and never after a later one of the same
enrollment. Nothing is taken by itself: what no longer holds is flagged, see `flags`.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import chain

from msgspec.structs import replace

from milepost.contracts import streams
from milepost.contracts.records import (
    RecordEvent,
)
from milepost.credentials.domain.achievements.catalog import Catalog
from milepost.credentials.domain.achievements.criteria import explain
from milepost.credentials.domain.records.cascade import award, cascade
from milepost.credentials.domain.records.flags import flag_fallen, lift_flags
from milepost.credentials.domain.records.record import (
    Fact,
    Record,
    empty_record,
    evolve_record,
)
from milepost.credentials.domain.refusals import (
    AlreadyHeld,
    RetiredAchievement,
)
from milepost.events.codec import Codec
from milepost.events.streams import Category

RECORD: Category[Record, RecordEvent] = Category(
    streams.RECORD, empty_record, evolve_record, Codec(RecordEvent)
)


def note_and_award(record: Record, catalog: Catalog, facts: Sequence[Fact]) -> list[RecordEvent]:
    """Notes those that are news, awards whatever they earn, to any depth, and flags what fell."""
    after, said = record.copy(), list[RecordEvent]()
    for fact in facts:
        if not after.knows(fact):
            before = after.copy()
            evolve_record(after, fact)
            said += [fact, *_follow(before, after, catalog, fact)]
    return said


def _follow(before: Record, after: Record, catalog: Catalog, fact: Fact) -> Iterator[RecordEvent]:
    yield from flag_fallen(before, after, catalog, fact)
    yield from lift_flags(after, catalog, fact.learner, fact.occurred_at)
    touched = catalog.touched_by(fact)
    yield from cascade(after, catalog, touched, fact.learner, fact.occurred_at)


def award_if_earned(
    record: Record, catalog: Catalog, learner: str, achievement: str, at: datetime
) -> list[RecordEvent]:
    """Awards by the criteria as they stand: for achievements defined after the course was passed.

    Raises `UnknownAchievement`, `RetiredAchievement`.
    """
    if catalog.find(achievement).retired:
        raise RetiredAchievement(achievement)
    return list(cascade(record.copy(), catalog, (achievement,), learner, at))


def award_by_history(
    record: Record,
    catalog: Catalog,
    learner: str,
    achievement: str,
    *,
    facts: Sequence[Fact],
    at: datetime,
) -> list[RecordEvent]:
    """As `award_if_earned`, after what was not noted at the time: nothing had asked for it.

    Raises `UnknownAchievement`, `RetiredAchievement`.
    """
    if catalog.find(achievement).retired:
        raise RetiredAchievement(achievement)
    noted = note_and_award(record, catalog, facts)
    after = record.copy()
    for event in noted:
        evolve_record(after, event)
    return [*noted, *cascade(after, catalog, (achievement,), learner, at)]


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
    held = record.active.get(achievement)
    if held and not held.has_expired(at):
        raise AlreadyHeld(achievement, held.credential)
    condition = explain(found.definition.criteria, record, catalog, at, achievement=achievement)
    given = replace(
        award(record, found, condition, catalog, learner=learner, valid_from=at, at=at),
        awarded_by=awarded_by,
        reason=reason,
    )
    after = evolve_record(record.copy(), given)
    dependents = catalog.by_achievement.get(achievement, ())
    follows = chain(
        lift_flags(after, catalog, learner, at), cascade(after, catalog, dependents, learner, at)
    )
    return [given, *follows]
