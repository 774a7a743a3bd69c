"""Asks the log who would gain and who would lose by a definition. Writes nothing.

One pass over the log answers for `limit` learners, in the order of a checksum of their ids; `next`
says where the rest begins. So memory is bounded, whatever the school's size.
"""

from datetime import datetime
from typing import Annotated

import msgspec

from milepost.credentials.achievement_cache import AchievementCache
from milepost.credentials.domain.achievements.catalog import Catalog
from milepost.credentials.domain.achievements.define import define
from milepost.credentials.domain.achievements.definition import Definition
from milepost.credentials.domain.audit.impact import Affected, impact_on, with_definition
from milepost.credentials.domain.audit.told import derive
from milepost.credentials.domain.refusals import RetiredAchievement, UnknownAchievement
from milepost.credentials.queries.histories import (
    MOST_BYTES,
    OnProgress,
    deciding,
    histories,
    place_of,
)
from milepost.credentials.queries.learning_told import LearningTold
from milepost.events.log import Log

MAX_LEARNERS = 20_000


class ImpactCursor(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where an answer goes on: behind the learners of the one before, as the log was then."""

    after: Annotated[int, msgspec.Meta(ge=0, le=2**32)]
    position: Annotated[int, msgspec.Meta(ge=0)]


class ImpactQuestion(msgspec.Struct, frozen=True, kw_only=True):
    """`definition`: the new one; None: the present one, applied to history."""

    achievement: str
    definition: Definition | None = None
    limit: int = 1_000
    cursor: ImpactCursor | None = None


class Impact(msgspec.Struct, frozen=True, kw_only=True):
    """True for `position` of the log. `judged`: learners who have a result or a record. `affected`:
    those for whom something would change. `next`: there are more; None: that was all.
    """

    position: int
    version: int
    judged: int
    gain: int
    lose: int
    affected: list[Affected]
    next: ImpactCursor | None = None


async def impact(
    log: Log,
    tenant: str,
    question: ImpactQuestion,
    *,
    at: datetime,
    on_progress: OnProgress = lambda _done, _of: None,
    most_bytes: int = MOST_BYTES,
) -> Impact:
    """Raises `UnknownAchievement`, `RetiredAchievement`, and what defining it would raise."""
    head = (await log.heads()).get(tenant, 0)
    upto = min(question.cursor.position, head) if question.cursor else head
    present = await AchievementCache(log).up_to(tenant, upto)
    changed = _changed(present, question, at)
    now = present if question.definition else None
    code, told = question.achievement, LearningTold(log, tenant, changed)
    parts = histories(
        log,
        tenant,
        deciding(changed),
        upto,
        first=question.cursor.after if question.cursor else 0,
        on_progress=on_progress,
        most_bytes=most_bytes,
    )
    found = _Tally(question)
    async for some in parts:
        for history in some:
            if found.is_full(history.learner):
                return found.answer(upto, changed, rest=history.learner)
            record = derive(await told.of(history)).record
            found.add(
                history.learner,
                impact_on(history.learner, record, code, at, now=now, changed=changed),
            )
    return found.answer(upto, changed)


class _Tally:
    def __init__(self, question: ImpactQuestion) -> None:
        self._question = question
        self._judged, self._last = 0, -1
        self._affected: list[Affected] = []

    def is_full(self, learner: str) -> bool:
        """Who shares a place is judged in one answer."""
        return self._judged >= self._question.limit and place_of(learner) != self._last

    def add(self, learner: str, found: Affected | None) -> None:
        self._judged, self._last = self._judged + 1, place_of(learner)
        if found:
            self._affected.append(found)

    def answer(self, position: int, changed: Catalog, rest: str | None = None) -> Impact:
        gain = sum(one.effect == "gains" for one in self._affected)
        return Impact(
            position=position,
            version=changed.achievements[self._question.achievement].version,
            judged=self._judged,
            gain=gain,
            lose=len(self._affected) - gain,
            affected=self._affected,
            next=None if rest is None else ImpactCursor(after=place_of(rest), position=position),
        )


def _changed(now: Catalog, question: ImpactQuestion, at: datetime) -> Catalog:
    code = question.achievement
    known = now.achievements.get(code)
    if known and known.retired:
        raise RetiredAchievement(code)
    if question.definition is None:
        if known is None:
            raise UnknownAchievement(code)
        return now
    define(known, code, question.definition, now, at)
    return with_definition(now, code, question.definition)
