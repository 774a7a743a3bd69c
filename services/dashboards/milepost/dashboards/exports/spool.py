"""A whole list written into a file before the first byte is sent: nobody is given half a list.

    Postgres ── cursor, 2,000 rows ──> thread: decode, write ──> file (8 MB in memory, then on disk)
    file ── 64 KiB at a time ──> whoever asked

So a slow reader holds a file and no snapshot, and what goes wrong is a problem with a status.
"""

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from hashlib import blake2b
from typing import IO, Any, Final, TypeAlias, cast

from milepost.dashboards.exports.columns import Column
from milepost.web.problems import Problem, RequestFault

IN_MEMORY_BYTES: Final = 8 * 2**20
MOST_BYTES: Final = 512 * 2**20
MOST_SECONDS: Final = 120.0
CHUNK_SECONDS: Final = 60.0
SENT_BYTES: Final = 2**16

Write: TypeAlias = Callable[[IO[bytes], Sequence[Column], Iterator[Sequence[object]]], None]


class ListTooLong(RequestFault):
    def problem(self) -> Problem:
        return Problem(
            status=422,
            name="list_too_long",
            title="List too long",
            detail=f"A file has {MOST_BYTES >> 20} MB at most, and {MOST_SECONDS:.0f} s to be"
            " written: ask for parts of the list, by its filters.",
        )


async def spooled(
    chunks: AsyncIterator[Sequence[object]],
    columns: Sequence[Column],
    write: Write,
    *,
    most_bytes: int = MOST_BYTES,
) -> IO[bytes]:
    """The file, at its beginning; the caller closes it. Raises `ListTooLong`."""
    # Whoever is sent it closes it.
    file = cast("IO[bytes]", tempfile.SpooledTemporaryFile(IN_MEMORY_BYTES))  # noqa: SIM115
    pulled = _Pulled(chunks, file, most_bytes)
    writing = asyncio.create_task(asyncio.to_thread(write, file, columns, pulled))
    try:
        await asyncio.shield(writing)
    except BaseException as error:  # noqa: BLE001 - raised again
        pulled.stopped = True
        await asyncio.wait([writing])
        file.close()
        raise pulled.error or error from None  # arro3 makes an error of its own of any
    file.seek(0)
    return file


def digest(file: IO[bytes]) -> str:
    """Of all its bytes; it stands at its beginning again."""
    found = blake2b(digest_size=12)
    while some := file.read(SENT_BYTES):
        found.update(some)
    file.seek(0)
    return found.hexdigest()


async def sent(file: IO[bytes]) -> AsyncIterator[bytes]:
    """The file's bytes; it is closed at the end."""
    with file:
        while some := file.read(SENT_BYTES):
            yield some


class _Pulled(Iterator[Sequence[object]]):
    """Chunks that the loop reads and a thread waits for."""

    def __init__(self, chunks: AsyncIterator[Any], file: IO[bytes], most_bytes: int) -> None:
        self._chunks = chunks
        self._file = file
        self._most_bytes = most_bytes
        self._loop = asyncio.get_running_loop()
        self._deadline = time.monotonic() + MOST_SECONDS
        self.stopped = False
        self.error: Exception | None = None

    def __next__(self) -> Sequence[object]:
        if self.stopped or (found := self._found()) is None:
            raise StopIteration
        return found

    def _found(self) -> Sequence[object] | None:
        try:
            if time.monotonic() > self._deadline or self._file.tell() > self._most_bytes:
                raise ListTooLong  # noqa: TRY301 - kept, as every other
            pulled = asyncio.run_coroutine_threadsafe(self._next(), self._loop)
            return pulled.result(CHUNK_SECONDS)
        except Exception as error:
            self.error = error
            raise

    async def _next(self) -> Sequence[object] | None:
        return await anext(self._chunks, None)
