"""Players that report every few seconds: their reports are held for a moment, and written as one.

    call                                                    the reports are
    of one lesson, `progressed` only, the fourth or later   held: `buffered`
      of it that came within `seconds` of the one before
    any other                                               written; what is held of the enrollment
                                                            is written before it

What is held is written after `seconds`, before others of the enrollment, before the overview is
told, and at the end of the process. It never waits for more than that, and there is never more
than `MAX_HELD`. A crash loses what is held; nobody was told that it was written, and who sends it
again loses nothing. Several processes may hold reports of one enrollment: merging is commutative.
"""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from time import monotonic
from typing import Final, Literal, NamedTuple, TypeAlias

import msgspec
import structlog

from milepost.contracts.rules.learning.plan import Plan
from milepost.contracts.rules.learning.progress import Progress
from milepost.events.commands.transact import Contended, Transactor
from milepost.events.event import Refused
from milepost.events.runtime.cancellation import end_of
from milepost.events.runtime.lru_cache import LruCache
from milepost.progress.domain.decisions import Answer, Reported, Terms, report
from milepost.progress.domain.joined import MAX_MERGED
from milepost.progress.domain.reports import Progressed, Report, digest_of
from milepost.progress.domain.state import PROGRESS
from milepost.progress.plan_cache import PlanCache

Key: TypeAlias = tuple[str, str]
Told: TypeAlias = Answer | Literal["buffered"]

HEAVY_CALLS: Final = 3
MAX_CALL: Final = 10
MAX_HELD: Final = 10_000
MAX_WATCHED: Final = 20_000
MAX_TRIES: Final = 30
AT_ONCE: Final = 64
LAST_SECONDS: Final = 5.0

_log = structlog.get_logger()


class Sender(NamedTuple):
    """Who reports, by which terms; `metadata` is what their events carry."""

    subject: str
    terms: Terms
    metadata: bytes


class _Held(msgspec.Struct, eq=False):
    sender: Sender
    since: float
    reports: dict[str, Report] = {}
    tries: int = 0


class _Pace(NamedTuple):
    last: float
    calls: int


class ReportBuffer:
    """`seconds`: how long a report is held; 0: none is."""

    def __init__(
        self,
        transactor: Transactor,
        plans: PlanCache,
        seconds: float,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self.held = 0
        self._transactor = transactor
        self._plans = plans
        self._seconds = seconds
        self._clock = clock
        self._closed = False
        self._lost = False
        self._by_key: dict[Key, _Held] = {}
        self._writing: dict[Key, asyncio.Task[None]] = {}
        self._paces: LruCache[tuple[Key, str], _Pace] = LruCache(MAX_WATCHED)

    def takes(self, key: Key, subject: str, reports: Sequence[Report]) -> bool:
        """Whether these may be held. Counts the call: ask once for each."""
        if not self._seconds or not 0 < len(reports) <= MAX_CALL:
            return False
        lesson = reports[0].lesson
        if not all(isinstance(one, Progressed) and one.lesson == lesson for one in reports):
            return False
        return self._is_heavy(key, lesson) and self._has_room(key, subject, reports)

    def hold(
        self, key: Key, sender: Sender, reports: Sequence[Report], answers: Sequence[Answer]
    ) -> Sequence[Told] | None:
        """Hold those that were accepted, and say so of them. None: they cannot be held after all.

        Others may have reported since `takes`, or the process may be ending.
        """
        if not self._has_room(key, sender.subject, reports):
            return None
        held = self._by_key.setdefault(key, _Held(sender, self._clock()))
        before = len(held.reports)
        for one, answer in zip(reports, answers, strict=True):
            if answer == "accepted":
                held.reports.setdefault(one.id, one)
        self.held += len(held.reports) - before
        return ["buffered" if answer == "accepted" else answer for answer in answers]

    async def flush(self, key: Key) -> None:
        """Write what is held of an enrollment; returns when that has been tried."""
        while writing := self._writing.get(key):  # of several who wait, one goes on to write
            await end_of(writing)
        held = self._by_key.pop(key, None)
        if held is None:
            return
        self.held -= len(held.reports)
        writing = self._writing[key] = asyncio.create_task(self._write(key, held))
        writing.add_done_callback(lambda _: self._writing.pop(key, None))
        await end_of(writing)

    async def run(self) -> None:
        """Write what has been held long enough, until canceled; then all of it."""
        try:
            while True:
                await asyncio.sleep(max(self._seconds / 4, 0.05) if self._seconds else 60)
                before = self._clock() - self._seconds
                await self._flush_all(
                    [key for key, held in self._by_key.items() if held.since <= before]
                )
        finally:
            self._closed = True
            await self._end()

    def _is_heavy(self, key: Key, lesson: str) -> bool:
        now, pace = self._clock(), self._paces.get((key, lesson))
        calls = pace.calls if pace and now - pace.last <= self._seconds else 0
        self._paces.put((key, lesson), _Pace(now, min(calls + 1, HEAVY_CALLS)))
        return calls >= HEAVY_CALLS

    def _has_room(self, key: Key, subject: str, reports: Sequence[Report]) -> bool:
        if self._closed or key in self._writing or self.held + len(reports) > MAX_HELD:
            return False
        held = self._by_key.get(key)
        if held is None:
            return True
        if held.sender.subject != subject or len(held.reports) + len(reports) > MAX_MERGED:
            return False
        # An id with other content is refused by name: where it is decided.
        known = [(one, held.reports.get(one.id)) for one in reports]
        return all(before is None or digest_of(before) == digest_of(one) for one, before in known)

    async def _write(self, key: Key, held: _Held) -> None:
        tenant, enrollment = key
        stream = PROGRESS.of(enrollment)
        try:
            _, state = await self._transactor.load(tenant, stream)
            assert state.opened is not None
            plan = await self._plans.get(tenant, state.opened.course, state.opened.version)
            decide = partial(_decide, plan, held)
            outcome = await self._transactor.transact(
                tenant, stream, decide, metadata=held.sender.metadata
            )
        except Exception as error:  # noqa: BLE001 - whatever it is: it is held, and tried again
            self._keep(key, held, error)
            return
        answers = outcome.value.answers if outcome.value else []
        if refused := sum(isinstance(answer, Refused) for answer in answers):
            _log.warning(
                "buffered_reports_refused", tenant=tenant, stream=stream.name, count=refused
            )

    def _keep(self, key: Key, held: _Held, error: Exception) -> None:
        held.tries += 1
        # Whoever asks has it tried as well: so many tries alone may be a matter of moments.
        if held.tries > MAX_TRIES and self._clock() - held.since > MAX_TRIES * self._seconds:
            _log.error("buffered_reports_lost", tenant=key[0], enrollment=key[1], exc_info=error)
            return
        _log.warning("buffered_reports_not_written", tenant=key[0], error=repr(error))
        self._by_key[key] = held  # nothing newer is held: see `_has_room`
        self.held += len(held.reports)

    async def _flush_all(self, keys: Sequence[Key]) -> None:
        for first in range(0, len(keys), AT_ONCE):
            await asyncio.gather(*map(self.flush, keys[first : first + AT_ONCE]))

    async def _flush_until_empty(self) -> None:
        """Ends when all is written, or when `_end` waits no longer and says what is lost."""
        while self._by_key and not self._lost:
            await self._flush_all(list(self._by_key))
            await asyncio.sleep(0.05)

    async def _end(self) -> None:
        """Whoever ends us asks again every few seconds; this takes as long as it takes, or so."""
        writing = asyncio.create_task(self._flush_until_empty())
        deadline = monotonic() + LAST_SECONDS
        while not writing.done() and monotonic() < deadline:
            try:
                await asyncio.wait([writing], timeout=deadline - monotonic())
            except asyncio.CancelledError:
                continue
        self._lost = True
        if unwritten := self._by_key.keys() | self._writing.keys():
            _log.error("buffered_reports_lost", enrollments=len(unwritten), reports=self.held)


def _decide(plan: Plan, held: _Held, state: Progress) -> Reported:
    """Raises `Contended` if the enrollment has been migrated to another plan meanwhile."""
    if state.opened is None or state.opened.version != plan.version:
        raise Contended
    return report(state, plan, list(held.reports.values()), held.sender.terms)
