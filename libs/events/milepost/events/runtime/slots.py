"""How much is under way at once, when some of it may stand still.

quick    [north] [south]             so many at a time, for 0.25 s each
slow     west  east …                have left their slot to others, and go on
most                                 so many in all; who comes then waits for one to end
"""

import asyncio
from types import TracebackType

QUICK_SECONDS = 0.25


class Slots:
    """`quick` are under way at a time, and `most` together with those that take long."""

    def __init__(self, quick: int, most: int) -> None:
        self._quick, self._most = asyncio.Semaphore(quick), asyncio.Semaphore(most)

    def hold(self) -> "Slot":
        """`async with`: one of them, given back at the end or before it when that takes long."""
        return Slot(self._quick, self._most)


class Slot:
    __slots__ = ("_most", "_quick", "_timer")

    def __init__(self, quick: asyncio.Semaphore, most: asyncio.Semaphore) -> None:
        self._quick, self._most = quick, most
        self._timer: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> None:
        await self._most.acquire()
        try:
            await self._quick.acquire()
        except BaseException:
            self._most.release()
            raise
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(QUICK_SECONDS, self._leave)

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._leave()
        self._most.release()

    def _leave(self) -> None:
        """The quick slot is given back once, whoever is first."""
        if self._timer:
            self._timer.cancel()
            self._timer = None
            self._quick.release()
