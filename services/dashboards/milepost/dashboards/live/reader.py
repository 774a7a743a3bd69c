"""One reader a process, for all pages that are open: which topics changed, once that is shown.

    models   … 91 92 93 94 95 96          the position that all live read models have reached
                      └─ changes ─┘       looked up once a second, and once for all
    pages        each: its topics, what of them changed, and nothing else: no queue

A thousand pages cost one statement a second for where the models are, and two for each school in
which something happened. Where more happened than is worth looking at, all of its pages are told;
so is a page that comes back after longer than is remembered. `spread` says over how many seconds
those who are told at once should ask again.
"""

import asyncio
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Final, NoReturn

import asyncpg
import structlog

from milepost.dashboards.live.topics import (
    EVERYTHING,
    EXACT,
    Changes,
    Topic,
    changes_between,
    kind_of,
)
from milepost.events.runtime.outages import TRANSIENT

TICK_SECONDS: Final = 1.0
MOST_EVENTS: Final = 20_000
REMEMBERED: Final = 300
ROUGHLY_SECONDS: Final = 5.0
LAG_SECONDS: Final = 10.0
# As many pages may ask again in a second.
AGAIN_PER_SECOND: Final = 50
MOST_SPREAD_SECONDS: Final = 30.0

# No projector has run yet, or Postgres is away.
PASSING: Final[tuple[type[BaseException], ...]] = (*TRANSIENT, asyncpg.UndefinedTableError)

_STATUS: Final = """select asked.tenant, coalesce(h.head, 0) as head,
        coalesce(reached.position, 0) as shown, extract(epoch from reached.at)::float8 as as_of
    from unnest($1::text[]) as asked(tenant)
    left join log.heads h on h.tenant = asked.tenant
    left join lateral (
        select min(coalesce(p.position, 0)) as position, min(p.recorded_at) as at
        from dashboards.generations g
        left join dashboards.positions p on p.name = g.name and p.generation = g.generation
            and p.tenant = asked.tenant
        where g.status = 'live'
    ) reached on true"""

_log = structlog.get_logger()


class Listener:
    """An open page. `changed` is what it is yet to be told; `ring`: that there is something."""

    __slots__ = ("changed", "ring", "spread", "topics")

    def __init__(self, topics: frozenset[Topic]) -> None:
        self.topics = topics
        self.changed: set[Topic] = set()
        self.spread = 0.0
        self.ring = asyncio.Event()

    def collect(self) -> tuple[list[Topic], float]:
        """What it is told now, and over how many seconds to spread."""
        told, spread = sorted(self.changed), self.spread
        self.changed.clear()
        self.spread = 0.0
        return told, spread


class School:
    """Of one tenant: who listens, how far read models are, and what changed lately."""

    def __init__(self) -> None:
        self.listeners: dict[Topic, set[Listener]] = defaultdict(set)
        self.open = 0
        self.known = False
        self.shown = 0
        self.as_of: float | None = None
        self.stale = False
        self._head = 0
        self._head_since = 0.0
        self._latest: deque[tuple[int, Changes]] = deque(maxlen=REMEMBERED)
        self._begin = 0
        self._roughly_at = 0.0
        self._roughly = False
        self._waiting: dict[Listener, int] = {}

    def begin(self, shown: int, as_of: float | None) -> None:
        """As far as this is known now: what was before is not remembered."""
        self.known, self.shown, self.as_of, self._begin = True, shown, as_of, shown
        self._latest.clear()
        waiting, self._waiting = self._waiting, {}
        for listener, after in waiting.items():
            self.catch_up(listener, after)

    def catch_up(self, listener: Listener, after: int) -> None:
        """Tell what changed behind `after`, once it is known how far things are."""
        if not self.known:
            self._waiting[listener] = after
        elif missed := self._since(after, listener.topics):
            listener.changed |= missed
            listener.spread = min(MOST_SPREAD_SECONDS, self.open / AGAIN_PER_SECOND)
            listener.ring.set()

    def forget(self, listener: Listener) -> None:
        """It has left."""
        self._waiting.pop(listener, None)
        for topic in listener.topics:
            self.listeners[topic].discard(listener)
            if not self.listeners[topic]:
                del self.listeners[topic]
        self.open -= 1

    def judge(self, head: int, now: float) -> bool:
        """Whether pages have been out of date for longer than they should. True: that changed."""
        if self.shown >= self._head:
            self._head, self._head_since = head, now
        was, self.stale = (
            self.stale,
            self.shown < self._head and now - self._head_since > LAG_SECONDS,
        )
        return was != self.stale

    def moved(self, upto: int, as_of: float | None, changes: Changes) -> None:
        if len(self._latest) == REMEMBERED:
            self._begin = self._latest[0][0]
        self._latest.append((upto, changes))
        self.shown, self.as_of = upto, as_of

    def tell(self, changes: Changes, now: float) -> None:
        """Each listener of a topic that changed, or may have."""
        self._roughly = True
        self._tell(self._exactly(changes))
        self.tell_roughly(now)

    def tell_roughly(self, now: float) -> None:
        """That something happened, but not again and again."""
        if self._roughly and now - self._roughly_at >= ROUGHLY_SECONDS:
            self._roughly, self._roughly_at = False, now
            self._tell([one for one in self.listeners if kind_of(one) not in EXACT])

    def _tell(self, topics: Iterable[Topic]) -> None:
        told: set[Listener] = set()
        for topic in topics:
            for listener in self.listeners.get(topic, ()):
                listener.changed.add(topic)
                told.add(listener)
        spread = min(MOST_SPREAD_SECONDS, len(told) / AGAIN_PER_SECOND)
        for listener in told:
            listener.spread = max(listener.spread, spread)
            listener.ring.set()

    def _exactly(self, changes: Changes) -> list[Topic]:
        if changes.exact is None:
            return [one for one in self.listeners if kind_of(one) in EXACT]
        few, many = sorted((changes.exact, self.listeners.keys()), key=len)
        return [one for one in few if one in many]

    def _since(self, position: int, topics: frozenset[Topic]) -> set[Topic]:
        """Of these topics, those that changed behind `position`, as far as is remembered."""
        if position >= self.shown:
            return set()
        if position < self._begin:
            return {*topics}
        found = {one for one in topics if kind_of(one) not in EXACT}
        for upto, changes in self._latest:
            if upto > position:
                found |= topics if changes.exact is None else topics & changes.exact
        return found


class Reader:
    """Of one process. While it does not run, nobody is kept waiting: the process is to end."""

    def __init__(self, pool: asyncpg.Pool, tick_seconds: float | None = None) -> None:
        self.running = False
        self.away = False
        self._pool = pool
        self._tick_seconds = TICK_SECONDS if tick_seconds is None else tick_seconds
        self._schools: dict[str, School] = {}
        self._wanted = asyncio.Event()

    async def run(self) -> NoReturn:
        """Read for all who listen, until canceled; then all of them are woken, to end."""
        self.running = True
        try:
            while True:
                if not self._schools:
                    self._wanted.clear()
                    await self._wanted.wait()
                await self._tick()
                await asyncio.sleep(self._tick_seconds)
        finally:
            self.running = False
            for school in self._schools.values():
                _ring_all(school)

    @contextmanager
    def listen(
        self, tenant: str, topics: frozenset[Topic], after: int | None
    ) -> Iterator[tuple[Listener, School]]:
        """`after`: the position that the page showed; None: it has just been drawn."""
        school = self._schools.setdefault(tenant, School())
        listener = Listener(topics)
        for topic in topics:
            school.listeners[topic].add(listener)
        school.open += 1
        self._wanted.set()
        if after is not None:
            school.catch_up(listener, after)
        try:
            yield listener, school
        finally:
            self._leave(tenant, school, listener)

    def _leave(self, tenant: str, school: School, listener: Listener) -> None:
        school.forget(listener)
        if not school.open and self._schools.get(tenant) is school:
            del self._schools[tenant]

    async def _tick(self) -> None:
        """What fails is told as stale, and tried again: pages stay open."""
        try:
            rows = await self._pool.fetch(_STATUS, [*self._schools])
            for row in rows:
                if (school := self._schools.get(row["tenant"])) is not None:
                    await self._look(row, school)
            self.away = False
        except PASSING as fault:
            if not self.away:
                _log.warning("live_reader_waits", fault=repr(fault))
            self.away = True
            for school in self._schools.values():
                self._judge(school, school.shown + 1)

    async def _look(self, row: asyncpg.Record, school: School) -> None:
        shown, as_of = row["shown"], row["as_of"]
        if not school.known:
            school.begin(shown, as_of)
        elif shown > school.shown:
            changes = await changes_between(
                self._pool, row["tenant"], school.shown, shown, MOST_EVENTS
            )
            school.moved(shown, as_of, changes)
            school.tell(changes, self._now())
        elif shown < school.shown:  # another generation is live, which has not come as far
            school.begin(shown, as_of)
            school.tell(EVERYTHING, self._now())
        school.tell_roughly(self._now())
        self._judge(school, row["head"])

    def _judge(self, school: School, head: int) -> None:
        if school.judge(head, self._now()):
            _ring_all(school)

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()


def _ring_all(school: School) -> None:
    for listeners in school.listeners.values():
        for listener in listeners:
            listener.ring.set()
