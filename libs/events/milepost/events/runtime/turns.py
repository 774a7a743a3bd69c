"""Work for many tenants, none of which waits for another.

    offered    north  south  west …       a tenant that is offered again meanwhile goes once more
    slots      [north] [south] [  ] [  ]  four turns that are quick; one of a tenant
    slow       north                      leaves its slot after 0.25 s, and goes on beside
    paused     west: its turn failed      it is tried again after 0.25 s, 0.5 s … 5 s

So who has much to do takes turns with the others, and who stands still stands alone.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from types import TracebackType
from typing import NoReturn, Self, TypeAlias

import structlog
from prometheus_client import Gauge

from milepost.events.runtime.backoff import Backoff
from milepost.events.runtime.cancellation import cancel_and_wait
from milepost.events.runtime.leadership import LeaseLost
from milepost.events.runtime.slots import Slots

SLOTS, MAX_TURNS = 4, 64
FIRST_PAUSE_SECONDS, MAX_PAUSE_SECONDS = 0.25, 5.0

# Does a bounded part of what one tenant has to do. Whether there is more.
Turn: TypeAlias = Callable[[str], Awaitable[bool]]

PAUSED = Gauge("milepost_tenants_paused", "Tenants whose last turn failed", ["consumer"])

_log = structlog.get_logger()


class Turns:
    """Of one consumer. Turns that are under way end with the block.

    What `ends_all` names says nothing of one tenant: `join` and `lost` raise it.
    """

    def __init__(
        self,
        consumer: str,
        turn: Turn,
        ends_all: tuple[type[BaseException], ...] = (LeaseLost,),
    ) -> None:
        self._turn = turn
        self._ends_all = ends_all
        self._failed: set[str] = set()
        self._paused = PAUSED.labels(consumer)
        self._offered: set[str] = set()
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._slots = Slots(SLOTS, MAX_TURNS)
        self._lost: asyncio.Future[NoReturn] = asyncio.get_running_loop().create_future()
        self._logger = _log.bind(consumer=consumer)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        await cancel_and_wait(*self._tasks.values())
        if not self._lost.cancel():
            self._lost.exception()  # looked at, whoever has asked for it

    def offer(self, tenants: Iterable[str]) -> None:
        """They have something to do: a turn each, behind those that wait already."""
        for tenant in tenants:
            self._offered.add(tenant)
            if tenant not in self._tasks:
                self._tasks[tenant] = asyncio.create_task(self._run(tenant))

    def busy(self, tenant: str) -> bool:
        """It has a turn, waits for one, or pauses."""
        return tenant in self._tasks

    async def join(self, tenants: Iterable[str], timeout_seconds: float | None = None) -> None:
        """Until these have nothing more to do, or for so long. Raises what `ends_all`."""
        tasks = [self._tasks[tenant] for tenant in tenants if tenant in self._tasks]
        if tasks:
            await asyncio.wait(tasks, timeout=timeout_seconds)
        if self._lost.done():
            self._lost.result()

    async def lost(self) -> NoReturn:
        """Until a turn finds what `ends_all`, such as another process that leads: raises that."""
        await asyncio.shield(self._lost)

    async def _run(self, tenant: str) -> None:
        backoff = Backoff(FIRST_PAUSE_SECONDS, MAX_PAUSE_SECONDS)
        try:
            while tenant in self._offered:
                self._offered.discard(tenant)
                if await self._succeeds(tenant):
                    self._say_failed(self._failed - {tenant})
                    backoff.reset()
                else:
                    self._say_failed(self._failed | {tenant})
                    await backoff.pause()
        except self._ends_all as error:
            if not self._lost.done():
                self._lost.set_exception(error)
        finally:
            self._say_failed(self._failed - {tenant})
            del self._tasks[tenant]

    def _say_failed(self, failed: set[str]) -> None:
        """Those whose last turn failed, whether they pause or are tried again."""
        self._failed = failed
        self._paused.set(len(failed))

    async def _succeeds(self, tenant: str) -> bool:
        """One turn. What it fails with says nothing about any other tenant."""
        try:
            async with self._slots.hold():
                more = await self._turn(tenant)
        except self._ends_all:
            raise
        except Exception as error:  # noqa: BLE001 - said, and tried again after a pause
            self._logger.warning("tenant_paused", tenant=tenant, error=repr(error))
            self.offer([tenant])
            return False
        if more:
            self.offer([tenant])
        return True
