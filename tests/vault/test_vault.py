import asyncio
import contextlib
from datetime import UTC, datetime

import asyncpg
import pytest

from milepost.contracts.learners import LearnerErased
from milepost.enrollment.domain.erasure import VAULT, erase
from milepost.enrollment.vault.app import personal_name
from milepost.enrollment.vault.cipher import Unreadable
from milepost.enrollment.vault.keyring import Keyring, MasterKeyMissing
from milepost.enrollment.vault.store import AlreadyErased, Person, UnknownLearner, Vault
from milepost.events.commands.transact import Transactor
from milepost.events.store.memory import MemoryLog
from milepost.web.room import Context
from milepost.web.settings import Settings

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = datetime(2026, 3, 1, 13, tzinfo=UTC)
ADA = Person(name="Ada Lovelace", email="ada@example.org", locale="en")


def test_a_learner_is_erased():
    assert erase(None, learner="ada", occurred_at=NOON) == [
        LearnerErased(learner="ada", occurred_at=NOON)
    ]


def test_who_is_erased_is_not_erased_again():
    state = VAULT.evolve(None, LearnerErased(learner="ada", occurred_at=NOON))
    assert erase(state, learner="ada", occurred_at=LATER) == []


async def test_what_was_put_is_got_and_replaced_whole(vault, tenant):
    assert await vault.put(tenant, "ada", ADA) == 1
    assert await vault.get(tenant, "ada") == (1, ADA)
    short = Person(name="Ada")
    assert await vault.put(tenant, "ada", short) == 2
    assert await vault.get(tenant, "ada") == (2, short)


async def test_every_process_that_has_the_key_reads_it(vault, pool, settings, tenant):
    await vault.put(tenant, "ada", ADA)
    assert await Vault(pool, Keyring(settings)).get(tenant, "ada") == (1, ADA)


async def test_another_tenant_has_no_such_learner(vault, tenant):
    await vault.put(tenant, "ada", ADA)
    with pytest.raises(UnknownLearner):
        await vault.get("another", "ada")
    await vault.erase("another", "ada", NOON)
    assert await vault.get(tenant, "ada") == (1, ADA)


async def test_rows_that_were_swapped_do_not_open(vault, pool, tenant):
    await vault.put(tenant, "ada", ADA)
    await vault.put(tenant, "bob", Person(name="Bob"))
    swap = """update vault.learners l set wrapped_key = o.wrapped_key, sealed = o.sealed
        from vault.learners o where l.tenant = $1 and o.tenant = $1 and l.learner <> o.learner"""
    await pool.execute(swap, tenant)
    for learner in ("ada", "bob"):
        with pytest.raises(Unreadable):
            await vault.get(tenant, learner)


async def test_nothing_of_an_erased_learner_is_left_and_nobody_brings_it_back(vault, pool, tenant):
    await vault.put(tenant, "ada", ADA)
    await vault.erase(tenant, "ada", NOON)
    row = await pool.fetchrow("select * from vault.learners where tenant = $1", tenant)
    assert (row["key_id"], row["wrapped_key"], row["sealed"]) == (None, None, None)
    with pytest.raises(UnknownLearner) as unknown:
        await vault.get(tenant, "ada")
    assert unknown.value.erased_at == NOON
    with pytest.raises(AlreadyErased) as refused:
        await vault.put(tenant, "ada", ADA)
    assert refused.value.erased_at == NOON


async def test_erasing_again_changes_nothing(vault, pool, tenant):
    await vault.erase(tenant, "ada", NOON)
    before = await pool.fetchrow("select * from vault.learners where tenant = $1", tenant)
    await vault.erase(tenant, "ada", LATER)
    assert before == await pool.fetchrow("select * from vault.learners where tenant = $1", tenant)


async def test_a_put_and_an_erasure_at_once_end_erased(vault, tenant):
    learners = [f"learner-{n}" for n in range(20)]

    async def put(learner):
        with contextlib.suppress(AlreadyErased):
            await vault.put(tenant, learner, ADA)

    erasures = [vault.erase(tenant, learner, NOON) for learner in learners]
    await asyncio.gather(*map(put, learners), *erasures, *map(put, learners))
    for learner in learners:
        with pytest.raises(UnknownLearner):
            await vault.get(tenant, learner)


async def test_the_database_refuses_half_an_erasure(vault, pool, tenant):
    await vault.put(tenant, "ada", ADA)
    with pytest.raises(asyncpg.CheckViolationError):
        await pool.execute("update vault.learners set erased_at = now()")
    with pytest.raises(asyncpg.CheckViolationError):
        await pool.execute("update vault.learners set wrapped_key = null")


async def test_a_process_with_another_key_writes_nothing(vault, pool, tenant, tmp_path):
    await vault.put(tenant, "ada", ADA)
    stranger = Vault(pool, Keyring(Settings(data_dir=tmp_path / "elsewhere")))
    with pytest.raises(MasterKeyMissing):
        await stranger.get(tenant, "ada")
    with pytest.raises(MasterKeyMissing):
        await stranger.put(tenant, "ada", ADA)
    assert not (tmp_path / "elsewhere").exists()
    assert await vault.get(tenant, "ada") == (1, ADA)


async def test_of_two_that_begin_at_once_with_keys_of_their_own_one_is_first(
    pool, tenant, tmp_path
):
    vaults = [Vault(pool, Keyring(Settings(data_dir=tmp_path / name))) for name in ("a", "b")]
    done = await asyncio.gather(
        *(vault.put(tenant, f"learner-{n}", ADA) for n, vault in enumerate(vaults)),
        return_exceptions=True,
    )
    assert {type(one) for one in done} == {int, MasterKeyMissing}
    assert await pool.fetchval("select count(*) from vault.master_keys") == 1


def test_a_person_does_not_show_in_a_log():
    assert "Ada" not in f"{ADA} {ADA!r}"


async def test_a_page_is_told_a_name_only_while_there_is_one(pool, vault, settings, tenant):
    name = personal_name(Context(Transactor(MemoryLog()), settings, pool))
    assert await name(tenant, "ada") is None
    await vault.put(tenant, "ada", ADA)
    assert await name(tenant, "ada") == ADA.name
    assert await name("elsewhere", "ada") is None
    await vault.erase(tenant, "ada", NOON)
    assert await name(tenant, "ada") is None
