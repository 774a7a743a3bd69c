"""One scan of the log for several read models: read once, decoded once, folded by each.

log      1 ─────────────────────────────────────▶
a, b     ═════════════════════▶                     stand together: one read for both
c        ═════════▶                                 stands elsewhere: a read of its own

`advance` is one tenant's: others may be read at the same time. While the windows of one tenant are
written, the next one is read. How much of it is read at once grows
from 64 positions up to the window, and shrinks while events are large: a school with 5,000 courses
of a megabyte would end the process, again and again.
"""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence

import asyncpg

from milepost.events.projections.log_reader import Records, codecs_of, facts_of, records_between
from milepost.events.projections.writer import GenerationWriter
from milepost.events.runtime.cancellation import cancel_and_wait
from milepost.events.sizes import MIB

# Of one tenant, each on a connection: what stands still leaves the others to other tenants.
WRITES = 4
FIRST_WINDOW = 64
MAX_CHARACTERS = 32 * MIB

HEADS = """select tenant, head from log.heads
    where head > 0 and ($1::text is null or tenant = $1)"""


async def heads(pool: asyncpg.Pool, only_tenant: str | None = None) -> dict[str, int]:
    return {record[0]: record[1] for record in await pool.fetch(HEADS, only_tenant)}


Span = tuple[str, int, int]  # tenant, after, upto


class SharedScan:
    """Brings `writers` forward together, by `window` positions of a tenant at most.

    `close` when nothing more is to be read.
    """

    def __init__(
        self, pool: asyncpg.Pool, writers: Sequence[GenerationWriter], window: int
    ) -> None:
        self.writers = writers
        self._pool = pool
        self._window = window
        self._windows: dict[str, int] = {}
        self._codecs = codecs_of(*(writer.model.codec for writer in writers))
        self._ahead: tuple[Span, asyncio.Task[Records]] | None = None

    async def close(self) -> None:
        if self._ahead is not None:
            await cancel_and_wait(self._ahead[1])
            self._ahead = None

    async def step(self, ends: Mapping[str, int]) -> int:
        """Bring each tenant nearer to its end.

        Returns how far the furthest is away then; 0: all are there. Raises `Overtaken`.
        """
        for writer in self.writers:
            await writer.add_tenants(ends.keys() - writer.positions.keys())
        alone = sum(self._is_behind(*one) for one in ends.items()) == 1
        left = [await self.advance(*one, read_ahead=alone) for one in ends.items()]
        return max(left, default=0)

    async def advance(self, tenant: str, end: int, *, read_ahead: bool = False) -> int:
        """As `step`, of one tenant. `read_ahead`: this one is the next to be read, too."""
        for writer in self.writers:
            await writer.add_tenants({tenant} - writer.positions.keys())
        furthest = 0
        groups = self._behind(tenant, end)
        read_ahead = read_ahead and len(groups) == 1
        for after, writers in groups.items():
            upto = min(end, after + self._window_of(tenant))
            await self._advance(writers, (tenant, after, upto), end if read_ahead else upto)
            furthest = max(furthest, end - upto)
        return furthest

    async def catch_up(self, ends: Mapping[str, int]) -> None:
        try:
            while await self.step(ends):
                pass
        finally:
            await self.close()

    async def resume(self, tenant: str | None = None) -> None:
        """Do what operators have asked for of what is parked, of one tenant or of all.

        Raises `Overtaken`.
        """
        for writer in self.writers:
            await writer.resume(tenant)

    def _is_behind(self, tenant: str, end: int) -> bool:
        return any(writer.positions[tenant] < end for writer in self.writers)

    def _behind(self, tenant: str, end: int) -> dict[int, list[GenerationWriter]]:
        """The writers that have something to read, by where they stand."""
        found: dict[int, list[GenerationWriter]] = defaultdict(list)
        for writer in self.writers:
            if writer.positions[tenant] < end:
                found[writer.positions[tenant]].append(writer)
        return found

    async def _advance(self, writers: Sequence[GenerationWriter], span: Span, end: int) -> None:
        tenant, after, upto = span
        records = await self._read(span)
        self._adapt(tenant, upto - after, records.characters)
        if upto < end:
            following = (tenant, upto, min(end, upto + self._window_of(tenant)))
            self._ahead = following, asyncio.create_task(self._records(following))
        facts = facts_of(self._codecs, records)
        types = {fact.type for fact in facts}
        slots = asyncio.Semaphore(WRITES)

        async def write(writer: GenerationWriter) -> None:
            async with slots:
                await writer.write(tenant, facts if writer.hears(types) else (), upto)

        writes = [write(writer) for writer in writers]
        # All of them, whichever fails: what others have committed is not to be canceled half way.
        for error in await asyncio.gather(*writes, return_exceptions=True):
            if error is not None:
                raise error

    async def _read(self, span: Span) -> Records:
        """What was read ahead, if it is that."""
        if self._ahead is not None and self._ahead[0] == span:
            (_, reading), self._ahead = self._ahead, None
            return await reading
        await self.close()
        return await self._records(span)

    async def _records(self, span: Span) -> Records:
        return await records_between(self._pool, self._codecs, *span)

    def _window_of(self, tenant: str) -> int:
        return min(self._window, self._windows.get(tenant, FIRST_WINDOW))

    def _adapt(self, tenant: str, positions: int, characters: int) -> None:
        if characters > MAX_CHARACTERS:
            self._windows[tenant] = max(1, positions // 2)
        elif positions == self._window_of(tenant):
            self._windows[tenant] = min(self._window, positions * 2)
