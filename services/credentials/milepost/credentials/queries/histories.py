"""What the log holds of each learner: what was told of their learning, and what the record says.

    log   ann completed · bob completed · ann's record noted, awarded · cid completed · …
    pass 1    ▶ ann: all three       bob: all one                       as many learners as fit
    pass 2    ▶ cid: …                                                  the others

Learners are spread by a checksum of their id. A pass begins with all of them that were not told
yet; as it gathers more than fits, it lets go of half. So memory is bounded, and each learner is
told once, whole.
"""

from asyncio import sleep
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from datetime import datetime
from sys import intern
from typing import NamedTuple, TypeAlias, TypeVar, get_args
from zlib import crc32

import msgspec

from milepost.contracts import streams
from milepost.contracts.achievements import CoursePassed, LessonScored
from milepost.contracts.progress import ProgressOpened
from milepost.contracts.rules.criteria import leaves
from milepost.credentials.domain.achievements.catalog import Catalog
from milepost.credentials.domain.records.awards import RECORD
from milepost.credentials.domain.records.lesson_scores import ScoringEvent
from milepost.credentials.domain.records.record import Fact
from milepost.credentials.learning import ModeEvent
from milepost.credentials.policies import Verdict
from milepost.events.event import tag_of
from milepost.events.log import Log, Recorded, pages

VERDICTS = frozenset(tag_of(one) for one in get_args(Verdict))
MODES = frozenset(tag_of(one) for one in get_args(ModeEvent))
SCORING = frozenset(tag_of(one) for one in get_args(ScoringEvent))
# Told by learning itself; whether they were noted rightly is what is asked.
NOTES = frozenset(tag_of(one) for one in get_args(Fact))
MOST_BYTES = 48 * 1024 * 1024
# An event that is kept takes so many bytes beside its data.
OVERHEAD_BYTES = 200
SPREAD = 2**32
PAGE = 4_000
# So many are told at once, before others have their turn.
TURN = 100

OnProgress: TypeAlias = Callable[[int, int], None]
T = TypeVar("T")


class Kept(msgspec.Struct, frozen=True, gc=False):
    """What is kept of an event: nothing that the garbage collector would have to walk through."""

    type: str
    data: bytes
    occurred_at: datetime
    position: int


class Enrollment(NamedTuple):
    """The events that decide, of the two streams of an enrollment, in the order of the log."""

    progress: list[Kept]
    enrolled: list[Kept]


class History(NamedTuple):
    """One learner's: the record, and each enrollment by its id."""

    learner: str
    record: list[Kept]
    enrollments: dict[str, Enrollment]


def deciding(catalog: Catalog) -> tuple[str, ...]:
    """The types of the events that these criteria may be decided by."""
    defined = catalog.achievements.values()
    criteria = [each.criteria for one in defined for each in (one.definition, *one.earlier)]
    found = [leaf for tree in criteria for leaf in leaves(tree)]
    types = {*VERDICTS, *RECORD.codec.tags} - NOTES
    if any(isinstance(leaf, CoursePassed) and leaf.mode for leaf in found):
        types |= MODES
    if any(isinstance(leaf, LessonScored) for leaf in found):
        types |= SCORING
    return tuple(sorted(types))


async def histories(
    log: Log,
    tenant: str,
    types: Collection[str],
    upto: int,
    *,
    first: int = 0,
    on_progress: OnProgress = lambda _done, _of: None,
    most_bytes: int = MOST_BYTES,
) -> AsyncIterator[Sequence[History]]:
    """Every learner's once, up to this position, some at a time, in the order of `place_of`.

    first        from this place on
    on_progress  hears how far a pass has read, and how far it goes
    """
    while first < SPREAD:
        part = _Part(first, most_bytes)
        async for page in pages(log, tenant, upto=upto, types=tuple(types), limit=PAGE):
            part.add(page.events)
            on_progress(page.reached, upto)
            await sleep(0)
        for some in in_turns(sorted(part.learners.values(), key=_order)):
            yield some
            await sleep(0)
        first = part.end


def place_of(learner: str) -> int:
    return crc32(learner.encode())


def _order(history: History) -> tuple[int, str]:
    return place_of(history.learner), history.learner


def in_turns(all_of_them: Sequence[T], count: int = TURN) -> Sequence[Sequence[T]]:
    return [all_of_them[first : first + count] for first in range(0, len(all_of_them), count)]


class _Whose(msgspec.Struct, gc=False):
    learner: str | None = None


_whose = msgspec.json.Decoder(_Whose)
_OPENED = tag_of(ProgressOpened)


class _Part:
    """The learners whose checksum lies between `first` and `end`, as far as they fit."""

    def __init__(self, first: int, most_bytes: int) -> None:
        self.first, self.end = first, SPREAD
        self.learners: dict[str, History] = {}
        # Of events that do not name their learner.
        self._opened: dict[str, str] = {}
        self._bytes, self._most_bytes = 0, most_bytes

    def add(self, events: Sequence[Recorded]) -> None:
        for one in events:
            history = self._history(one)
            if history is not None:
                kept = Kept(intern(one.type), one.data, one.occurred_at, one.position)
                _place(history, one).append(kept)
                self._bytes += len(one.data) + OVERHEAD_BYTES
        while self._bytes > self._most_bytes and self.end - self.first > 1:
            self._let_go()

    def _history(self, one: Recorded) -> History | None:
        learner = self._learner(one)
        if learner is None:
            return None
        history = self.learners.get(learner)
        if history is None and self._has(learner):
            history = self.learners[learner] = History(learner, [], {})
        return history

    def _learner(self, one: Recorded) -> str | None:
        category, _, key = one.stream.partition("-")
        if category == streams.RECORD:
            return key
        learner = self._opened.get(key) or _whose.decode(one.data).learner
        if one.type == _OPENED and learner is not None and self._has(learner):
            self._opened[key] = learner
        return learner

    def _has(self, learner: str) -> bool:
        return self.first <= place_of(learner) < self.end

    def _let_go(self) -> None:
        self.end = (self.first + self.end) // 2
        stays = {name for name in self.learners if place_of(name) < self.end}
        self.learners = {name: one for name, one in self.learners.items() if name in stays}
        self._opened = {key: name for key, name in self._opened.items() if name in stays}
        self._bytes = sum(map(_bytes, self.learners.values()))


def _place(history: History, one: Recorded) -> list[Kept]:
    category, _, key = one.stream.partition("-")
    if category == streams.RECORD:
        return history.record
    found = history.enrollments.get(key)
    if found is None:
        found = history.enrollments[key] = Enrollment([], [])
    return found.enrolled if category == streams.ENROLLMENT else found.progress


def _bytes(history: History) -> int:
    lists = [history.record, *(part for one in history.enrollments.values() for part in one)]
    return sum(len(kept.data) + OVERHEAD_BYTES for part in lists for kept in part)
