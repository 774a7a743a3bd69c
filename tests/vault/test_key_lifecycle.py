"""Keys are retired and destroyed in time: wherever it dies, whoever works meanwhile."""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread

import asyncpg
import pytest
from structlog.testing import capture_logs
from tests.eventually import eventually

from milepost.enrollment.vault.binding import OfAnotherDatabase, take_over
from milepost.enrollment.vault.cipher import MasterKey
from milepost.enrollment.vault.destruction import KeyInUse, destroy, discard, retired_here
from milepost.enrollment.vault.erasures import Term, openable, standings, step_due
from milepost.enrollment.vault.key_lifecycle import Renewed, renew, renewing
from milepost.enrollment.vault.keyring import Keyring, MasterKeyMissing
from milepost.enrollment.vault.rotation import (
    NoNewKey,
    RotationUnderWay,
    rotate,
    rotation_lock,
)
from milepost.enrollment.vault.store import Person, UnknownLearner, Vault
from milepost.events.commands.transact import Transactor
from milepost.events.policies.timers import utc_now
from milepost.events.runtime.cancellation import cancel_and_wait
from milepost.events.store.postgres import ROLE, PostgresLog, connect_pool
from milepost.operations.rooms import ENROLLMENT_ROLE, services_of
from milepost.web.room import Context
from milepost.web.settings import Settings

DAYS = 28
TERM = Term.of(DAYS, by_hand=False)
DAY, NEVER = timedelta(days=1), Renewed()
NOT_RETIRED = """with gone as (delete from vault.retired_keys returning key_id, number)
    insert into vault.master_keys (key_id, number) overriding system value select * from gone"""
WAITS = "select exists (select from pg_locks where not granted)"


@pytest.fixture
async def erased_at(vault: Vault, tenant: str) -> datetime:
    """When Ada was, of two learners."""
    at = datetime.now(UTC)
    for learner in ("ada", "ben"):
        await vault.put(tenant, learner, Person(name=learner))
    await vault.erase(tenant, "ada", at)
    return at


async def last_key(pool: asyncpg.Pool, learner: str) -> str | None:
    query = "select erased_key from vault.learners where learner = $1"
    key: str | None = await pool.fetchval(query, learner)
    return key


async def test_wherever_it_dies_the_next_one_ends_it(
    *, vault: Vault, pool: asyncpg.Pool, settings: Settings, tenant: str, erased_at: datetime
):
    """Canceled at its first pause, its second, and so on, until it comes to its end."""
    died, now = 0, erased_at + DAYS * DAY
    for steps in range(1, 200):
        await vault.put(tenant, "eve", Person(name=f"Eve {steps}"))
        await vault.erase(tenant, f"gone-{steps}", erased_at)
        renewing = asyncio.create_task(renew(pool, Keyring(settings), TERM, now))
        for _ in range(steps):
            await asyncio.sleep(0.0005)
        renewing.cancel()
        with suppress(asyncio.CancelledError):
            await renewing
            break
        died += 1
        assert (await vault.get(tenant, "ben"))[1].name == "ben"
    assert died > 3
    await renew(pool, Keyring(settings), TERM, now + DAYS * DAY)
    keyring = Keyring(settings)
    async with pool.acquire() as connection:
        assert openable(await standings(connection, keyring.keys)) is None
    assert (await Vault(pool, keyring).get(tenant, "ben"))[1].name == "ben"


async def test_a_rotation_that_stopped_before_its_last_line_is_ended_with_its_key(
    *, vault: Vault, postgres: str, pool: asyncpg.Pool, keyring: Keyring, tenant: str
):
    assert keyring.file is not None
    await vault.put(tenant, "ben", Person(name="Ben"))
    new = (await rotate(pool, keyring)).to
    old = [key_id for key_id in keyring.keys if key_id != new]
    owner = await asyncpg.connect(postgres)
    await owner.execute(NOT_RETIRED)
    await owner.close()
    assert await renew(pool, keyring, TERM, datetime.now(UTC)) == Renewed(rotated=new)
    assert [*Keyring(Settings(data_dir=keyring.file.parents[1])).keys] == [new, *old]


async def test_who_reads_while_a_key_is_destroyed_reads_again(
    vault: Vault, postgres: str, pool: asyncpg.Pool, settings: Settings, tenant: str
):
    async def destroy_old() -> None:
        async with await connect_pool(postgres, name="test", role=ENROLLMENT_ROLE) as other:
            keyring = Keyring(settings)
            await rotate(other, keyring)
            async with other.acquire() as connection, rotation_lock(connection):
                await destroy(connection, keyring, await retired_here(connection, keyring))

    class Overtaken(Keyring):
        """Between the row and the key that wraps it."""

        times = 0

        def get(self, key_id: str) -> MasterKey:
            self.times += 1
            if self.times == 1:
                overtaking = Thread(target=lambda: asyncio.run(destroy_old()))
                overtaking.start()
                overtaking.join()
                self.refresh()
            return super().get(key_id)

    await vault.put(tenant, "ben", Person(name="Ben"))
    for _ in range(2):
        assert (await Vault(pool, Overtaken(settings)).get(tenant, "ben"))[1].name == "Ben"
        assert await Vault(pool, Overtaken(settings)).put(tenant, "ben", Person(name="Ben"))
    assert len(Keyring(settings).keys) == 1


async def test_the_service_does_it_by_itself(
    vault: Vault, pool: asyncpg.Pool, settings: Settings, tenant: str
):
    await vault.put(tenant, "ada", Person(name="Ada"))
    await vault.erase(tenant, "ada", datetime.now(UTC) - 2 * DAY)
    transactor = Transactor(PostgresLog(pool))
    services = services_of("enrollment", Context(transactor, settings, pool))
    [work] = [work for one in services if one.name == "vault" for work in one.workers]
    working = asyncio.create_task(work())

    async def rotated() -> bool:
        return len(Keyring(settings).keys) == 2

    await eventually(rotated)
    await cancel_and_wait(working)
    await transactor.close()


async def test_what_fails_ends_no_process(postgres: str, keyring: Keyring, vault: Vault):
    """Such as tables that nobody has made yet, or may not read."""
    await vault.put("t", "ada", Person(name="Ada"))
    async with await connect_pool(postgres, name="test", role=ROLE) as pool:
        with capture_logs() as logs:
            working = asyncio.create_task(renewing(pool, keyring, TERM, utc_now)())

            async def failed() -> bool:
                return "vault_keys_not_renewed" in [one["event"] for one in logs]

            await eventually(failed)
            assert not working.done()
            await cancel_and_wait(working)


async def test_of_two_at_once_one_rotates(
    pool: asyncpg.Pool, settings: Settings, erased_at: datetime
):
    both = [renew(pool, Keyring(settings), TERM, erased_at + DAY) for _ in range(2)]
    done = await asyncio.gather(*both, return_exceptions=True)
    assert {type(one) for one in done} <= {Renewed, RotationUnderWay}
    assert len([one for one in done if isinstance(one, Renewed) and one.rotated]) == 1
    assert len(Keyring(settings).keys) == 2


async def test_who_is_erased_while_a_rotation_goes_on_waits_for_the_new_key(
    vault: Vault, pool: asyncpg.Pool, keyring: Keyring, tenant: str
):
    """The erasure's own look at the row is older than the rotation's."""
    await vault.put(tenant, "ada", Person(name="Ada"))
    old, new = keyring.first(), keyring.add()
    async with pool.acquire() as connection:
        await connection.execute("insert into vault.master_keys (key_id) values ($1)", new.id)
        async with connection.transaction():
            await connection.execute("update vault.learners set key_id = $1", new.id)
            erasing = asyncio.create_task(vault.erase(tenant, "ada", datetime.now(UTC)))
            while not await connection.fetchval(WAITS):  # noqa: ASYNC110 - Postgres tells nobody
                await asyncio.sleep(0.01)
        await erasing
    assert await last_key(pool, "ada") == new.id != old.id


async def test_a_key_that_may_open_an_erasure_is_due_and_no_other(
    *, vault: Vault, pool: asyncpg.Pool, settings: Settings, tenant: str, erased_at: datetime
):
    now = erased_at + DAY
    first = (await renew(pool, Keyring(settings), TERM, now)).rotated
    await rotate(pool, Keyring(settings))
    assert (await renew(pool, Keyring(settings), TERM, now + DAYS * DAY)).destroyed
    left = [*Keyring(settings).keys]
    assert first in left, "it was used after the only erasure"
    await vault.erase(tenant, "ben", now)
    await renew(pool, Keyring(settings), TERM, now + DAYS * DAY)
    await renew(pool, Keyring(settings), TERM, now + DAYS * DAY)
    assert not {*left} & {*Keyring(settings).keys}


async def test_keys_that_are_somebody_elses_are_left_alone_and_asked_for(
    pool: asyncpg.Pool, tmp_path: Path, tenant: str
):
    """By variable: an operator has half of the time for either step."""
    old, new = MasterKey.new().written(), MasterKey.new().written()

    def given(*keys: str) -> Keyring:
        return Keyring(Settings(data_dir=tmp_path, master_key=",".join(keys)))

    async def due(keyring: Keyring, days: float) -> str | None:
        async with pool.acquire() as connection:
            keys = await standings(connection, keyring.keys)
        return step_due(keys, at + days * DAY, Term.of(DAYS, by_hand=True))

    at = datetime.now(UTC)
    vault = Vault(pool, given(old))
    await vault.put(tenant, "ada", Person(name="Ada"))
    await vault.erase(tenant, "ada", at)
    assert await renew(pool, given(old), TERM, at + 99 * DAY) == NEVER
    assert [await due(given(old), days) for days in (13, 14)] == [None, "rotate"]
    with pytest.raises(NoNewKey):
        await rotate(pool, given(old))
    await rotate(pool, given(new, old))
    assert [await due(given(new, old), days) for days in (13, 14)] == [None, "destroy"]
    assert await due(given(new), 99) is None
    with pytest.raises(NoNewKey):
        await rotate(pool, given(old, new))


@pytest.mark.usefixtures("erased_at")
async def test_a_key_in_use_is_not_destroyed(pool: asyncpg.Pool, keyring: Keyring):
    assert keyring.file is not None
    before = keyring.file.read_bytes()
    async with pool.acquire() as connection, rotation_lock(connection):
        with pytest.raises(KeyInUse):
            await destroy(connection, keyring, [*keyring.keys])
    assert keyring.file.read_bytes() == before


async def test_old_keys_of_a_time_when_nobody_kept_them_go_as_well(
    pool: asyncpg.Pool, settings: Settings, erased_at: datetime
):
    file, forgotten = settings.data_dir / "vault" / "master.keys", MasterKey.new()
    file.write_text(f"{file.read_text()}{forgotten.written()}\n")
    await renew(pool, Keyring(settings), TERM, erased_at + DAY)
    assert forgotten.id in Keyring(settings).keys
    await renew(pool, Keyring(settings), TERM, erased_at + DAYS * DAY)
    assert forgotten.id not in Keyring(settings).keys


async def test_a_file_that_serves_another_database_is_left_alone(
    pool: asyncpg.Pool, settings: Settings, erased_at: datetime
):
    """As when a restore is tried out in the data directory of what is in use."""
    keyring = Keyring(settings)
    assert await renew(pool, keyring, TERM, erased_at) == NEVER
    bound = settings.data_dir / "vault" / "database"
    bound.write_text("another/1")
    with pytest.raises(OfAnotherDatabase):
        await renew(pool, keyring, TERM, erased_at + DAYS * DAY)
    assert len(Keyring(settings).keys) == 1
    async with pool.acquire() as connection:
        await take_over(connection, keyring)
    assert (await renew(pool, keyring, TERM, erased_at + DAYS * DAY)).rotated


@pytest.mark.usefixtures("erased_at")
async def test_what_a_lost_key_has_sealed_is_discarded_and_people_go_on(
    postgres: str, pool: asyncpg.Pool, tmp_path: Path, tenant: str
):
    """As after a restore of a backup that is older than its key."""
    keyring = Keyring(Settings(data_dir=tmp_path / "later"))
    vault, lost = Vault(pool, keyring), await pool.fetchval("select key_id from vault.master_keys")
    with pytest.raises(MasterKeyMissing):
        await vault.put(tenant, "cid", Person(name="Cid"))
    owner = await asyncpg.connect(postgres)
    keyring.first()
    with pytest.raises(KeyInUse):
        await discard(owner, keyring, "another")
    assert await discard(owner, keyring, lost) == 1
    await owner.close()
    with pytest.raises(UnknownLearner):
        await vault.get(tenant, "ben")
    assert await vault.put(tenant, "ben", Person(name="Ben")) == 1
    assert await last_key(pool, "ada") == lost
