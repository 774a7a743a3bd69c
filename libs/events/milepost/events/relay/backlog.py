"""What each tenant's log has and the stream has not yet, read beside each other.

    heads      north 90,000 behind   south 1 behind   west unreadable
    slots      [south] [north]       at most eight reads that are quick; one of a tenant
    pages      south 1, north 1,000 ─▶ published; then heads are asked again
    paused     west, for 0.25 s, 0.5 s … 30 s

So who has little to publish never waits for who has much, and who cannot be read keeps nobody
waiting: a read that takes long leaves its slot to others.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from types import TracebackType
from typing import NamedTuple, Self, TypeAlias

import structlog
from prometheus_client import Gauge

from milepost.events.log import Log, Page, read_page
from milepost.events.runtime.backoff import Backoff
from milepost.events.runtime.cancellation import cancel_and_wait
from milepost.events.runtime.slots import QUICK_SECONDS

SLOTS, MAX_READS = 8, 64
READ_SECONDS = 10.0
FIRST_LIMIT = 64
PAGE_BYTES = 4 * 1024 * 1024
FIRST_PAUSE_SECONDS, MAX_PAUSE_SECONDS = 0.25, 30.0

PAUSED = Gauge("milepost_relay_tenants_paused", "Tenants that the relay cannot read at the moment")

_log = structlog.get_logger()

# A tenant, and the head of its log: the position behind which it goes on.
Begin: TypeAlias = Callable[[str, int], Awaitable[int]]


class _Read(NamedTuple):
    task: asyncio.Task[Page]
    began: float


class _Pause(NamedTuple):
    backoff: Backoff
    until: float


class Backlogs:
    """From `begin` on, in order. What `finished` gave has to be handed to `done`."""

    def __init__(self, log: Log, tags: Sequence[str], begin: Begin, *, batch: int) -> None:
        self.after: dict[str, int] = {}
        self._log = log
        self._tags = tags
        self._begin = begin
        self._batch = batch
        self._limits: dict[str, int] = {}
        self._served: dict[str, float] = {}
        self._reads: dict[str, _Read] = {}
        self._pauses: dict[str, _Pause] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        await cancel_and_wait(*(read.task for read in self._reads.values()))
        PAUSED.set(0)  # who leads next finds out for itself

    def lag(self, heads: Mapping[str, int]) -> int:
        return sum(max(head - self.after.get(tenant, 0), 0) for tenant, head in heads.items())

    def start(self, heads: Mapping[str, int], *, spare: int = 0) -> None:
        """Read for those who are behind: the smallest first, then who waits longest.

        `spare` slots are left to others.
        """
        now = asyncio.get_running_loop().time()
        quick = sum(now - read.began < QUICK_SECONDS for read in self._reads.values())
        free = max(0, min(SLOTS - spare - quick, MAX_READS - len(self._reads)))
        for tenant in sorted(self._waiting(heads, now), key=self._turn(heads))[:free]:
            task = asyncio.create_task(self._read(tenant, heads[tenant]))
            self._reads[tenant] = _Read(task, now)

    async def finished(self, timeout_seconds: float) -> dict[str, Page]:
        """The next page of whoever has one, the smallest first."""
        if not self._reads:
            return {}
        tasks = [read.task for read in self._reads.values()]
        await asyncio.wait(tasks, timeout=timeout_seconds, return_when=asyncio.FIRST_COMPLETED)
        over = [tenant for tenant, read in self._reads.items() if read.task.done()]
        found = {tenant: page for tenant in over if (page := self._page(tenant)) is not None}
        return dict(sorted(found.items(), key=lambda item: len(item[1].events)))

    def done(self, tenant: str, page: Page) -> None:
        """The page is being published, or parked: it is gone on behind it."""
        self.after[tenant] = page.reached
        self._served[tenant] = asyncio.get_running_loop().time()
        size = sum(len(event.data) for event in page.events)
        limit = self._limits.get(tenant, FIRST_LIMIT)
        if size > PAGE_BYTES:
            self._limits[tenant] = max(1, limit // 2)
        elif len(page.events) == limit:
            self._limits[tenant] = min(self._batch, limit * 2)

    def _waiting(self, heads: Mapping[str, int], now: float) -> list[str]:
        return [
            tenant
            for tenant, head in heads.items()
            if head > self.after.get(tenant, -1)
            and tenant not in self._reads
            and (tenant not in self._pauses or now >= self._pauses[tenant].until)
        ]

    def _turn(self, heads: Mapping[str, int]) -> Callable[[str], tuple[bool, float]]:
        def turn(tenant: str) -> tuple[bool, float]:
            behind = heads[tenant] - self.after.get(tenant, heads[tenant])
            return behind > FIRST_LIMIT, self._served.get(tenant, 0.0)

        return turn

    async def _read(self, tenant: str, head: int) -> Page:
        if tenant not in self.after:
            self.after[tenant] = await self._begin(tenant, head)
        after = self.after[tenant]
        if after >= head:
            return Page((), after)
        limit = min(self._batch, self._limits.get(tenant, FIRST_LIMIT))
        async with asyncio.timeout(READ_SECONDS):
            return await read_page(self._log, tenant, after, head, types=self._tags, limit=limit)

    def _page(self, tenant: str) -> Page | None:
        """None when it could not be read: it is tried again after a pause."""
        read = self._reads.pop(tenant)
        error = None if read.task.cancelled() else read.task.exception()
        if error is None:
            self._pauses.pop(tenant, None)
            PAUSED.set(len(self._pauses))
            return read.task.result()
        before = self._pauses.get(tenant)
        backoff = before.backoff if before else Backoff(FIRST_PAUSE_SECONDS, MAX_PAUSE_SECONDS)
        seconds = backoff.next_seconds()
        self._pauses[tenant] = _Pause(backoff, asyncio.get_running_loop().time() + seconds)
        PAUSED.set(len(self._pauses))
        _log.error(
            "relay_tenant_paused", tenant=tenant, seconds=round(seconds, 2), error=repr(error)
        )
        return None
