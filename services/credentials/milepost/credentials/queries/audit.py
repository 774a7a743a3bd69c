"""Asks the log whether whoever has earned an achievement holds it, and nobody else."""

from collections.abc import AsyncIterator
from datetime import datetime

import msgspec

from milepost.contracts import streams
from milepost.credentials.achievement_cache import AchievementCache
from milepost.credentials.domain.achievements.achievement import ACHIEVEMENT
from milepost.credentials.domain.audit.differences import Difference, differences, explained
from milepost.credentials.domain.records.awards import RECORD
from milepost.credentials.domain.records.record import Fact
from milepost.credentials.queries.histories import (
    MOST_BYTES,
    NOTES,
    OnProgress,
    deciding,
    histories,
)
from milepost.credentials.queries.learning_told import LearningTold
from milepost.events.log import Log
from milepost.events.streams import key_of


class Audited(msgspec.Struct, frozen=True, kw_only=True):
    """So many learners, the credentials that they hold now, and what is not as it should be."""

    learners: int
    held: int
    differences: tuple[Difference, ...]


async def audit(
    log: Log,
    tenant: str,
    *,
    at: datetime,
    upto: int,
    on_progress: OnProgress = lambda _done, _of: None,
    most_bytes: int = MOST_BYTES,
) -> AsyncIterator[Audited]:
    """A part of the school at a time, each learner once: all that have a result or a record.

    `at`: the moment that validity is judged at; `upto`: a position that the log has reached.
    """
    catalog = await AchievementCache(log).up_to(tenant, upto)
    defined = await _defined(log, tenant, upto)
    told = LearningTold(log, tenant, catalog)
    types = deciding(catalog)
    async for some in histories(
        log, tenant, types, upto, on_progress=on_progress, most_bytes=most_bytes
    ):
        held, found = 0, list[Difference]()
        for history in some:
            record, new = differences(await told.of(history), catalog, defined, at)
            held += len(record.held(at))
            found += [await _explained(log, tenant, one) for one in new]
        yield Audited(learners=len(some), held=held, differences=tuple(found))


async def _explained(log: Log, tenant: str, one: Difference) -> Difference:
    if one.because != "not_awarded":
        return one
    recorded = await log.read_stream(tenant, streams.record(one.learner))
    notes = (RECORD.codec.read(event) for event in recorded if event.type in NOTES)
    return explained(one, {note.position for note in notes if isinstance(note, Fact)})


async def _defined(log: Log, tenant: str, upto: int) -> dict[str, int]:
    """Where the version of now of each achievement stands."""
    recorded = await log.read_category(tenant, ACHIEVEMENT.name)
    return {
        key_of(one.stream): one.position
        for one in recorded
        if one.position <= upto and one.type == "achievement_defined"
    }
