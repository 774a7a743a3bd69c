"""A read model as small as can be, with a kept table and a tally, and a log to fold into it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Generator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias
from uuid import uuid4

import asyncpg
import msgspec

from milepost.events.codec import Codec
from milepost.events.event import Event
from milepost.events.log import Command, NewEvent
from milepost.events.projections.generations import ensure_live, generations
from milepost.events.projections.positions import Overtaken
from milepost.events.projections.projector import Projector
from milepost.events.projections.read_model import Fact, Key, ReadModel, Rows, Table
from milepost.events.projections.shared_scan import SharedScan, heads
from milepost.events.projections.writer import GenerationWriter
from milepost.events.store.postgres import PostgresLog
from milepost.events.streams import category_of, key_of

DAY = datetime(2026, 3, 1, 12, tzinfo=UTC)


class PageRead(Event, frozen=True, kw_only=True, tag="page_read"):
    reader: str
    book: str
    pages: int


class BookNamed(Event, frozen=True, kw_only=True, tag="book_named"):
    book: str
    title: str


Heard: TypeAlias = PageRead | BookNamed


class Reader(msgspec.Struct):
    reader: str
    trail: str = ""
    last: datetime | None = None


class Book(msgspec.Struct):
    book: str
    pages: int = 0
    readers: int = 0
    title: str | None = None


def reader_of(fact: Fact[Heard]) -> Key | None:
    return (fact.event.reader,) if isinstance(fact.event, PageRead) else None


READERS = Table("readers", Reader, ("reader",), reader_of)
BOOKS = Table("books", Book, ("book",), indexes=("pages, book",))


def folding(readers: Table[Reader], books: Table[Book]) -> Callable[[Rows, Fact[Heard]], None]:
    def fold(rows: Rows, fact: Fact[Heard]) -> None:
        event = fact.event
        book = rows.of(books, event.book)
        if isinstance(event, BookNamed):
            book.title = event.title
            return
        if event.pages < 0:
            raise ValueError("nobody reads backwards")
        reader = rows.of(readers, event.reader)
        book.pages += event.pages
        book.readers += event.book not in reader.trail
        reader.trail += event.book
        reader.last = event.occurred_at

    return fold


fold = folding(READERS, BOOKS)


def model(version: int = 1, name: str = "reading") -> ReadModel:
    return ReadModel(name, version, Codec(Heard), (READERS, BOOKS), fold)


def own_model() -> ReadModel:
    """With tables that no other has."""
    own = uuid4().hex[:8]
    readers = msgspec.structs.replace(READERS, name=f"readers_{own}")
    books = msgspec.structs.replace(BOOKS, name=f"books_{own}")
    return ReadModel(f"reading_{own}", 1, Codec(Heard), (readers, books), folding(readers, books))


async def record(pool: asyncpg.Pool, tenant: str, events: Sequence[Heard]) -> None:
    """Each reader has a stream, and each book."""
    codec: Codec[Heard] = Codec(Heard)
    new = []
    for number, event in enumerate(events):
        tag, data = codec.encode(msgspec.structs.replace(event, occurred_at=DAY))
        at = DAY + timedelta(minutes=number)
        stream = stream_of(event)
        new.append(NewEvent(stream=stream, type=tag, data=data, occurred_at=at, event_id=uuid4()))
    counts = "select stream, count(*) from log.events where tenant = $1 group by stream"
    versions = {row[0]: row[1] for row in await pool.fetch(counts, tenant)}
    expects = tuple((stream, versions.get(stream, 0)) for stream in {one.stream for one in new})
    command = Command(command_id=uuid4(), expects=expects, events=tuple(new))
    await PostgresLog(pool).append(tenant, [command])


def stream_of(event: Heard) -> str:
    return f"reading-{event.reader}" if isinstance(event, PageRead) else f"book-{event.book}"


def pages(*counts: int, reader: str = "ann") -> list[PageRead]:
    """One reader, with a book per count."""
    return [
        PageRead(reader=reader, book="ABCD"[n % 4], pages=pages) for n, pages in enumerate(counts)
    ]


async def facts_of(pool: asyncpg.Pool, codec: Codec[Heard], tenant: str) -> list[Fact[Heard]]:
    return [
        Fact(
            one.position,
            category_of(one.stream),
            key_of(one.stream),
            one.type,
            codec.read(one),
            one.recorded_at,
        )
        for one in await PostgresLog(pool).read(tenant)
    ]


async def live_writer(pool: asyncpg.Pool, one: ReadModel) -> GenerationWriter:
    """As a process that has just started sees it."""
    await ensure_live(pool, one)
    writer = GenerationWriter(pool, one, (await generations(pool, [one.name]))[one.name]["live"])
    await writer.load()
    return writer


async def project(pool: asyncpg.Pool, one: ReadModel, window: int = 3) -> GenerationWriter:
    """Until the live generation has read what the log holds now, whoever else does the same."""
    ends = await heads(pool)
    while True:
        writer = await live_writer(pool, one)
        try:
            await SharedScan(pool, [writer], window).catch_up(ends)
        except Overtaken:
            continue
        return writer


@asynccontextmanager
async def projecting(pool: asyncpg.Pool, *models: ReadModel) -> AsyncIterator[None]:
    task = asyncio.create_task(Projector(pool, models, window=50).run())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def rows(pool: asyncpg.Pool, tenant: str, *tables: str) -> dict[str, list[Any]]:
    """What the views show of a tenant."""
    tables = tables or ("readers", "books")
    return {
        table: [
            tuple(record)
            for record in await pool.fetch(
                f"select * from dashboards.{table} where tenant = $1 order by 2", tenant
            )
        ]
        for table in tables
    }


class CanceledAt:
    """Awaits `work`, but cancels what it waits for at its n-th suspension."""

    def __init__(self, work: Coroutine[Any, Any, Any], n: int) -> None:
        self.work = work
        self.left = n

    def __await__(self) -> Generator[Any, Any, Any]:
        step, argument = self.work.send, None
        while True:
            try:
                waited_for = step(argument)
            except StopIteration as stop:
                return stop.value
            self.left -= 1
            if self.left == 0 and waited_for is not None:
                waited_for.cancel()
            try:
                step, argument = self.work.send, (yield waited_for)
            except BaseException as error:  # noqa: BLE001 - carried on to where it belongs
                step, argument = self.work.throw, error


async def canceled(work: Coroutine[Any, Any, Any], n: int) -> bool:
    """Run `work`, canceled at its n-th suspension. False: it finished before."""
    with suppress(asyncio.CancelledError):
        await CanceledAt(work, n)
        return False
    return True
