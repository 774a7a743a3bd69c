"""After its time an erasure reaches heap, WAL and dumps: no key that exists opens what is there."""

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
from tests.conftest import Servers
from tests.vault.sealed_bytes import in_dump, in_heap, in_wal, keys_in, names_in

from milepost.enrollment.vault.erasures import Term, openable, standings
from milepost.enrollment.vault.key_lifecycle import Renewed, renew
from milepost.enrollment.vault.keyring import Keyring
from milepost.enrollment.vault.store import Person, Vault
from milepost.operations.local.embedded_postgres import binaries
from milepost.web.settings import Settings

DAYS = 28
TERM = Term.of(DAYS, by_hand=False)
DAY, NEVER = timedelta(days=1), Renewed()
PLACE = "select pg_relation_filepath('vault.learners')"
NOW = "select * from pg_walfile_name_offset(pg_current_wal_insert_lsn())"
SEGMENT_BYTES, PAGE_BYTES = 16 << 20, 8192


def written(wal: Path, begin: tuple[str, int], end: tuple[str, int]) -> bytes:
    """Without the pages' headers, which may stand in the midst of a record."""
    names = sorted(one.name for one in wal.iterdir() if begin[0] <= one.name <= end[0])
    content = b"".join((wal / name).read_bytes() for name in names)
    first, last = begin[1], SEGMENT_BYTES * (len(names) - 1) + end[1]
    pages = range(first - first % PAGE_BYTES, last, PAGE_BYTES)
    headers = {page: 24 if page % SEGMENT_BYTES else 40 for page in pages}
    return b"".join(
        content[max(first, page + headers[page]) : min(last, page + PAGE_BYTES)] for page in pages
    )


async def now(connection: asyncpg.Connection) -> tuple[str, int]:
    """A file of the WAL and a byte in it."""
    row = await connection.fetchrow(NOW)
    assert row is not None
    return row[0], row[1]


def dumped(postgres: str) -> bytes:
    command = [str(binaries() / "pg_dump"), "--schema=vault", "--dbname", postgres]
    return subprocess.run(command, check=True, capture_output=True).stdout


async def test_no_key_that_exists_opens_what_heap_wal_and_dump_hold_of_the_erased(
    *, embedded: Servers, postgres: str, session_dir: Path, pool: asyncpg.Pool,
    settings: Settings, tenant: str,
):  # fmt: skip
    if not embedded.ours:
        pytest.skip("its files are elsewhere")
    keyring, another = Keyring(settings), Keyring(settings)
    elsewhere = Vault(pool, another)
    vault = Vault(pool, keyring)
    ada, ben = [[uuid4().hex for _ in range(4)] for _ in range(2)]
    owner = await asyncpg.connect(postgres)
    # Into a file of the WAL that has room for all: a checkpoint takes away those before its own.
    await owner.execute("select pg_switch_wal()")
    heap, begin = await owner.fetchval(PLACE), await now(owner)
    for one, other in zip(ada, ben, strict=True):
        await vault.put(tenant, "ada", Person(name=one))
        await elsewhere.put(tenant, "ben", Person(name=other))
    dump = dumped(postgres)
    erased_at = datetime.now(UTC)
    await vault.erase(tenant, "ada", erased_at)

    async def opened(learner: str) -> list[set[str]]:
        """By the keys that stand in any file, out of heap, WAL and the dump."""
        await owner.execute("checkpoint")
        data, keys = session_dir / "postgres" / "data", keys_in(settings.data_dir)
        wal = written(data / "pg_wal", begin, await now(owner))
        places = (in_heap, (data / heap).read_bytes()), (in_wal, wal), (in_dump, dump)
        return [names_in(read, content, keys, tenant, learner) for read, content in places]

    in_rows, in_records, in_backup = await opened("ada")
    assert (in_rows, in_backup) == ({*ada}, {ada[-1]})
    assert in_records, "a page that was written whole is compressed, and not read here"
    assert in_records <= {*ada}
    assert await renew(pool, keyring, TERM, erased_at + DAY / 2) == NEVER
    file = settings.data_dir / "vault" / "master.keys"
    with file.open("rb") as held:
        rotated = await renew(pool, keyring, TERM, erased_at + DAY)
        assert set(held.read()) == {0}, "its blocks are overwritten"
    assert (rotated.rotated, rotated.destroyed) == (keyring.first().id, ())
    assert (await opened("ada"))[2] == {ada[-1]}, "a backup of these days still restores"
    old = [key for key in keyring.keys if key != rotated.rotated]
    with file.open("rb") as held:
        done = await renew(pool, keyring, TERM, erased_at + DAYS * DAY)
        assert (done.rotated, list(done.destroyed)) == (None, old)
        assert set(held.read()) == {0}, "its blocks are overwritten, too"
    assert await opened("ada") == [set(), set(), set()]

    assert (await elsewhere.get(tenant, "ben"))[1].name == ben[-1]
    for other in ben:
        await elsewhere.put(tenant, "ben", Person(name=other))
    in_rows, in_records, in_backup = await opened("ben")
    assert in_rows >= {ben[-1]}, "the search still finds what may be opened"
    assert in_records
    assert not in_backup
    assert await elsewhere.put(tenant, "cid", Person(name="Cid")) == 1
    assert await renew(pool, another, TERM, erased_at + 99 * DAY) == NEVER
    assert [*another.keys] == [rotated.rotated], "nor is it in another process's memory"
    async with pool.acquire() as connection:
        assert openable(await standings(connection, keyring.keys)) is None
    await owner.close()
