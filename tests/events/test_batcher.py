import asyncio
from collections.abc import Sequence

import pytest

from milepost.events.store import batcher
from milepost.events.store.batcher import Batcher


class Library:
    """Answers a title with its length; `open` holds every query until it is set."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.queries: list[tuple[str, list[str]]] = []

    async def query(self, tenant: str, asked: Sequence[str]) -> list[int]:
        self.queries.append((tenant, list(asked)))
        await self.open.wait()
        if "burned" in asked:
            raise LookupError
        return [len(one) for one in asked]


async def asked(titles: Batcher[str, int], tenant: str, *names: str) -> list[asyncio.Task[int]]:
    tasks = [asyncio.create_task(titles.load(tenant, name)) for name in names]
    await asyncio.sleep(0)
    return tasks


async def test_what_is_asked_while_a_query_is_under_way_forms_the_next():
    library = Library()
    titles = Batcher(library.query)
    tasks = [*await asked(titles, "north", "a"), *await asked(titles, "south", "bb")]
    await asyncio.sleep(0)
    tasks += await asked(titles, "north", "ccc", "dddd")
    library.open.set()
    assert await asyncio.gather(*tasks) == [1, 2, 3, 4]
    assert library.queries == [("north", ["a"]), ("south", ["bb"]), ("north", ["ccc", "dddd"])]


async def test_a_failed_query_fails_for_all_who_asked_it_and_nobody_else():
    library = Library()
    titles = Batcher(library.query)
    first = await asked(titles, "north", "a")
    await asyncio.sleep(0)
    second = await asked(titles, "north", "burned", "cc")
    library.open.set()
    assert await first[0] == 1
    assert [type(one) for one in await asyncio.gather(*second, return_exceptions=True)] == [
        LookupError,
        LookupError,
    ]
    assert await titles.load("north", "ddd") == 3


async def test_who_stops_waiting_takes_nothing_from_the_others():
    library = Library()
    titles = Batcher(library.query)
    tasks = await asked(titles, "north", "a", "bb", "ccc")
    tasks[1].cancel()
    library.open.set()
    assert [await tasks[0], await tasks[2]] == [1, 3]


async def test_no_query_grows_beyond_its_bound(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(batcher, "MAX_KEYS", 2)
    library = Library()
    library.open.set()
    titles = Batcher(library.query)
    assert await asyncio.gather(*await asked(titles, "north", *"abcde")) == [1] * 5
    assert [len(names) for _, names in library.queries] == [2, 2, 1]
