"""Many questions, one query: what is asked while one is under way forms the next.

As the writer's group commit: under load queries grow by themselves; alone, a question goes at once.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeAlias, TypeVar

MAX_KEYS = 500

Key = TypeVar("Key")
Value = TypeVar("Value")
Query: TypeAlias = Callable[[str, Sequence[Key]], Awaitable[Sequence[Value]]]


class Batcher(Generic[Key, Value]):
    """One query per tenant is under way at a time. Answers are no older than their questions."""

    def __init__(self, query: Query[Key, Value]) -> None:
        self._query = query
        self._waiting: dict[str, list[tuple[Key, asyncio.Future[Value]]]] = {}
        self._drains: set[asyncio.Task[None]] = set()

    async def load(self, tenant: str, key: Key) -> Value:
        answer: asyncio.Future[Value] = asyncio.get_running_loop().create_future()
        if tenant in self._waiting:
            self._waiting[tenant].append((key, answer))
        else:
            self._waiting[tenant] = [(key, answer)]
            drain = asyncio.create_task(self._drain(tenant))
            self._drains.add(drain)
            drain.add_done_callback(self._drains.discard)
        return await answer

    async def _drain(self, tenant: str) -> None:
        while waiting := self._waiting[tenant][:MAX_KEYS]:
            del self._waiting[tenant][:MAX_KEYS]
            try:
                found = await self._query(tenant, [key for key, _ in waiting])
            except Exception as error:  # noqa: BLE001 - handed on to whoever waits for it
                for _, answer in waiting:
                    if not answer.done():
                        answer.set_exception(error)
            else:
                for (_, answer), one in zip(waiting, found, strict=True):
                    if not answer.done():
                        answer.set_result(one)
        del self._waiting[tenant]
