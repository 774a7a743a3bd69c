"""A rotation wraps every key anew, wherever it is stopped and whoever works meanwhile."""

import asyncio
import json
import subprocess
from datetime import UTC, datetime

import pytest
from tests.commands.forked import forked

from milepost.enrollment.vault import rotation
from milepost.enrollment.vault.cipher import MasterKey
from milepost.enrollment.vault.keyring import Keyring, MasterKeyMissing
from milepost.enrollment.vault.rotation import (
    TRY_LOCK,
    UNLOCK,
    Damaged,
    NoNewKey,
    RotationUnderWay,
    VaultEmpty,
    plan,
    rotate,
)
from milepost.enrollment.vault.store import Person, Vault
from milepost.operations.installation.vault_faults import explained
from milepost.operations.terminal.errors import Trouble
from milepost.web.settings import Settings

TEXTS = "select learner, sealed from vault.learners where tenant = $1 order by learner"


class Stopped(Exception): ...


@pytest.fixture(autouse=True)
def small_batches(monkeypatch):
    monkeypatch.setattr(rotation, "BATCH", 10)


@pytest.fixture
async def forty(vault, tenant):
    """The learners of a tenant that has forty."""
    learners = [f"learner-{n}" for n in range(40)]
    for learner in learners:
        await vault.put(tenant, learner, Person(name=learner))
    return learners


async def everybody(vault, tenant, learners):
    return [(await vault.get(tenant, learner))[1].name for learner in learners]


async def keys_in_use(pool):
    rows = await pool.fetch("select distinct key_id from vault.learners where key_id is not null")
    return {row["key_id"] for row in rows}


def quietly(pool, keyring, rewrapped=lambda _: None):
    return rotate(pool, keyring, lambda _: None, rewrapped)


async def test_every_key_is_wrapped_anew_and_no_text_is_touched(
    *, vault, pool, keyring, settings, tenant, forty
):
    await vault.erase(tenant, "learner-0", (await pool.fetchval("select now()")))
    old, before = keyring.first().id, await pool.fetch(TEXTS, tenant)
    batches: list[int] = []
    done = await quietly(pool, keyring, batches.append)
    assert (done.learners, done.resumed, sum(batches)) == ({old: 39}, False, 39)
    assert await keys_in_use(pool) == {done.to} == {keyring.first().id}
    assert await pool.fetch(TEXTS, tenant) == before
    assert await everybody(Vault(pool, Keyring(settings)), tenant, forty[1:]) == forty[1:]
    registered = await pool.fetch("select key_id from vault.master_keys")
    assert [row["key_id"] for row in registered] == [done.to]


async def test_a_running_process_finds_the_new_key_by_itself(vault, pool, settings, tenant, forty):
    await quietly(pool, Keyring(settings))
    assert await everybody(vault, tenant, forty) == forty
    await vault.put(tenant, "new", Person(name="new"))
    assert len(await keys_in_use(pool)) == 1


async def test_one_that_was_stopped_goes_on_with_the_key_it_had_begun(
    vault, pool, keyring, tenant, forty
):
    def stop(_):
        raise Stopped

    with pytest.raises(Stopped):
        await quietly(pool, keyring, stop)
    assert await everybody(vault, tenant, forty) == forty
    newest = keyring.first().id
    begun = await plan(pool, keyring)
    assert (begun.to, begun.resumed, begun.total) == (newest, True, 30)
    done = await quietly(pool, Keyring(Settings(data_dir=keyring.file.parents[1])))
    assert (done.to, done.total) == (newest, 30)
    assert await keys_in_use(pool) == {newest}
    assert len(keyring.keys) == 2


@pytest.mark.usefixtures("forty")
async def test_one_that_was_stopped_before_it_began_uses_the_key_it_had_made(pool, keyring):
    made = keyring.add()
    assert (await quietly(pool, keyring)).to == made.id
    assert len(keyring.keys) == 2


async def test_of_two_at_once_the_second_is_told(vault, pool, keyring, tenant, forty):
    async with pool.acquire() as first:
        assert await first.fetchval(TRY_LOCK)  # as a rotation does before anything else
        with pytest.raises(RotationUnderWay):
            await quietly(pool, keyring)
        await first.execute(UNLOCK)
    assert len(keyring.keys) == 1
    await quietly(pool, keyring)
    assert await everybody(vault, tenant, forty) == forty
    assert len(keyring.keys) == 2


async def test_people_may_write_meanwhile(vault, pool, keyring, tenant, forty):
    async def write():
        for learner in forty:
            await vault.put(tenant, learner, Person(name=f"{learner} again"))

    writing = asyncio.create_task(write())
    for _ in range(3):
        await quietly(pool, keyring)
    await writing
    await quietly(pool, keyring)
    assert await keys_in_use(pool) == {keyring.first().id}
    assert await everybody(vault, tenant, forty) == [f"{one} again" for one in forty]


async def test_an_old_key_opens_nothing_afterwards(pool, keyring, settings, tenant, forty):
    old = keyring.first().written()
    await quietly(pool, keyring)
    outdated = Vault(pool, Keyring(Settings(data_dir=settings.data_dir, master_key=old)))
    with pytest.raises(MasterKeyMissing):
        await outdated.get(tenant, forty[0])
    with pytest.raises(MasterKeyMissing):
        await outdated.put(tenant, "new", Person(name="new"))


async def test_a_key_by_variable_is_never_made_but_taken(pool, tmp_path, tenant):
    old, new = MasterKey.new().written(), MasterKey.new().written()

    def given(*keys):
        return Keyring(Settings(data_dir=tmp_path / "unused", master_key=",".join(keys)))

    await Vault(pool, given(old)).put(tenant, "ada", Person(name="Ada"))
    with pytest.raises(NoNewKey):
        await quietly(pool, given(old))
    with pytest.raises(MasterKeyMissing):
        await quietly(pool, given(new))
    await quietly(pool, given(new, old))
    assert (await Vault(pool, given(new)).get(tenant, "ada"))[1].name == "Ada"
    assert not (tmp_path / "unused").exists()


async def test_a_key_that_somebody_changed_is_named_and_keeps_nobody_else_waiting(
    vault, pool, keyring, tenant, forty
):
    changed = forty[7]
    flip = """update vault.learners
        set wrapped_key = set_byte(wrapped_key, 3, get_byte(wrapped_key, 3) # 1)
        where tenant = $1 and learner = $2"""
    await pool.execute(flip, tenant, changed)
    for _ in range(2):
        with pytest.raises(Damaged) as damaged:
            await quietly(pool, keyring)
        assert damaged.value.learners == [(tenant, changed)]
    others = [learner for learner in forty if learner != changed]
    assert await everybody(vault, tenant, others) == others
    await pool.execute(flip, tenant, changed)
    assert (await quietly(pool, keyring)).total == 1
    assert await everybody(vault, tenant, forty) == forty


async def test_an_empty_vault_has_no_key_to_replace(pool, keyring):
    with pytest.raises(VaultEmpty):
        await quietly(pool, keyring)
    assert not keyring.file.exists()


async def test_the_command_says_what_it_would_do_and_does_it(
    *, vault, pool, keyring, settings, embedded, postgres, tenant, forty
):
    def vault_command(*arguments):
        environment = {
            "MILEPOST_POSTGRES": postgres,
            "MILEPOST_NATS": embedded.nats,
            "MILEPOST_DATA_DIR": str(settings.data_dir),
        }
        command = (*forked(), "vault", *arguments)
        done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
        return done.stdout

    old = keyring.first().id
    would = vault_command("rotate", "--dry-run")
    assert "Would wrap 40 learners' keys by a new key" in would
    assert await keys_in_use(pool) == {old}
    done = json.loads(vault_command("rotate", "--json"))
    assert done["learners"] == {old: 40}
    assert await keys_in_use(pool) == {done["to"]}
    assert await everybody(vault, tenant, forty) == forty
    secrets = keyring.file.read_text().splitlines()[2::2]
    assert len(secrets) == 2
    assert not [one for one in secrets if one in would]

    await vault.erase(tenant, forty[0], datetime.now(UTC))
    told = json.loads(vault_command("status", "--json"))
    states = [(key["key_id"], key["retired"], key["learners"]) for key in told["keys"]]
    assert states == [(done["to"], False, 39), (old, True, 0)]
    assert (told["openable"]["erasures"], told["by_hand"]) == (1, False)
    assert f"Would destroy: {old}" in vault_command("destroy", "--dry-run")
    assert len(Keyring(settings).keys) == 2
    assert json.loads(vault_command("destroy", "--yes", "--json"))["keys"] == [old]
    assert [*Keyring(settings).keys] == [done["to"]]
    assert f"rows, WAL and backups by {done['to']}." in vault_command("status")


def test_a_key_file_that_cannot_be_written_is_named(tmp_path):
    """As a secret that is mounted is; here the file that would take its place has no room."""
    file = tmp_path / f"{'k' * 250}"
    file.write_text(MasterKey.new().written())
    keyring = Keyring(Settings(master_key_file=str(file)))
    with (
        pytest.raises(Trouble, match="Keys are renewed where their file can be written"),
        explained(),
    ):
        keyring.add()
    assert len(Keyring(Settings(master_key_file=str(file))).keys) == 1
