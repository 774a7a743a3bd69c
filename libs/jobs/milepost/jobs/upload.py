"""Takes an upload in: streamed into the database as it comes, and a job only once it is whole."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from hashlib import sha256
from typing import Any
from uuid import UUID

import msgspec

from milepost.jobs.formats import FORMATS, Rows, validated
from milepost.jobs.jobs import RECEIVING, Job
from milepost.jobs.row_format import Row
from milepost.jobs.store import Store, Upload
from milepost.web.problems import Malformed

ROWS_AT_ONCE = 2_000


class HashedUpload:
    """What comes, and the digest of all of it: the same upload again has the same."""

    def __init__(self, facts: Sequence[object], parts: AsyncIterator[bytes]) -> None:
        self._digest = sha256(msgspec.json.encode(facts))
        self._parts = parts

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self._parts:
            self._digest.update(part)
            yield part

    def __str__(self) -> str:
        return self._digest.hexdigest()


async def receive(
    store: Store, upload: Upload, command: UUID, media_type: str, parts: AsyncIterator[bytes]
) -> tuple[Job, str]:
    """The job that this becomes, and its digest: the same command again is the same job, which has
    another digest if it was another upload.

    Raises `TooManyJobs`, `Malformed`, and what `validated` and the parts raise; then keeps nothing.
    """
    hashed = HashedUpload(_facts(store, upload, media_type), parts)
    form = store.kinds[upload.kind].rows
    rows = validated(FORMATS[media_type](aiter(hashed), form, upload.offering))
    await store.begin(upload, command)
    limit = asyncio.timeout(RECEIVING.total_seconds())
    try:
        async with limit:
            count = await _store_rows(store, upload, rows)
            job = await store.queue(upload, command, str(hashed), count)
    except BaseException as error:
        await store.drop(upload)
        if limit.expired():
            raise Malformed(f"The upload took longer than {RECEIVING}.") from error
        raise
    return job, str(hashed)


def _facts(store: Store, upload: Upload, media_type: str) -> Sequence[object]:
    """What makes it another upload, beside the file. Digests of one kind's room never named it."""
    kind = () if len(store.kinds) == 1 else (upload.kind,)
    return (media_type, upload.offering, upload.dry_run, *kind)


async def _store_rows(store: Store, upload: Upload, rows: Rows) -> int:
    count, waiting = 0, list[Row[Any]]()
    async for batch in rows:
        waiting += batch
        count += len(batch)
        if len(waiting) >= ROWS_AT_ONCE:
            await store.add(upload, waiting)
            waiting.clear()
    await store.add(upload, waiting)
    return count
