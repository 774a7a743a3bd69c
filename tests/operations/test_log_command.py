"""`milepost log` as an operator and an outside auditor use it."""

import json
import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from tests.commands.forked import forked
from tests.tenants import new_tenant

from milepost.events.log import Command, NewEvent
from milepost.events.store.postgres import PostgresLog, connect_pool, owner_connection


@pytest.fixture
async def tenant(postgres: str) -> str:
    name = new_tenant()
    pool = await connect_pool(postgres, name="test")
    events = tuple(
        NewEvent(
            stream="thing-1", type="x", data=b"{}", occurred_at=datetime.now(UTC), event_id=uuid4()
        )
        for _ in range(3)
    )
    command = Command(command_id=uuid4(), expects=(("thing-1", 0),), events=events)
    await PostgresLog(pool).append(name, [command])
    await pool.close()
    return name


def milepost(postgres: str, data_dir: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    env = {k: v for k, v in os.environ.items() if not k.startswith("MILEPOST_")}
    servers = {"MILEPOST_POSTGRES": postgres, "MILEPOST_NATS": "nats://127.0.0.1:9"}
    return subprocess.run(
        [*forked(), "log", *arguments],
        env={**env, **servers, "MILEPOST_DATA_DIR": str(data_dir)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


async def test_a_kept_head_tells_a_rewritten_log(postgres: str, data_dir: Path, tenant: str):
    kept = data_dir / "kept.jwt"
    kept.write_text(milepost(postgres, data_dir, "head", "--tenant", tenant, "--signed").stdout)
    checked = ("verify", "--tenant", tenant, "--against", str(kept), "--json")
    sound = milepost(postgres, data_dir, *checked)
    assert (sound.returncode, json.loads(sound.stdout)["faults"]) == (0, []), sound.stderr
    async with owner_connection(postgres) as connection:
        await connection.execute("set session_replication_role = replica")
        forged = "update log.{} set link = sha256('forged') where tenant = $1"
        await connection.execute(forged.format("heads"), tenant)
        await connection.execute(forged.format("links"), tenant)
    forged_log = milepost(postgres, data_dir, *checked)
    assert forged_log.returncode == 1
    faults = {fault["fault"] for fault in json.loads(forged_log.stdout)["faults"]}
    assert faults == {"event_changed", "rewritten"}


async def test_a_school_that_is_gone_is_missed(postgres: str, data_dir: Path, tenant: str):
    kept = data_dir / "kept.jwt"
    kept.write_text(milepost(postgres, data_dir, "head", "--tenant", tenant, "--signed").stdout)
    async with owner_connection(postgres) as connection:
        await connection.execute("set session_replication_role = replica")
        for table in ("events", "links", "commands", "heads"):
            await connection.execute(f"delete from log.{table} where tenant = $1", tenant)
    answer = milepost(postgres, data_dir, "verify", "--against", str(kept), "--json")
    assert answer.returncode == 1, answer.stderr
    told = json.loads(answer.stdout)
    [fault] = [one for one in told["faults"] if one["tenant"] == tenant]
    assert (told["compared"], fault["fault"]) == (1, "rewritten")


def test_nothing_to_compare_with_is_no_proof(postgres: str, data_dir: Path):
    nothing = data_dir / "kept.jwt"
    nothing.write_text("")
    milepost(postgres, data_dir, "keys")
    answer = milepost(postgres, data_dir, "verify", "--against", str(nothing))
    assert (answer.returncode, "is empty" in answer.stderr) == (1, True)


def test_a_head_that_somebody_else_signed_is_not_trusted(
    postgres: str, data_dir: Path, tenant: str
):
    kept = data_dir / "kept.jwt"
    signed = milepost(postgres, data_dir / "theirs", "head", "--tenant", tenant, "--signed")
    kept.write_text(signed.stdout)
    milepost(postgres, data_dir, "keys")
    answer = milepost(postgres, data_dir, "verify", "--tenant", tenant, "--against", str(kept))
    assert answer.returncode == 1
    assert "did not sign" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_an_unknown_tenant_is_said_so(postgres: str, data_dir: Path):
    answer = milepost(postgres, data_dir, "verify", "--tenant", "nobody")
    assert answer.returncode == 1
    assert "No school 'nobody' has any events." in answer.stderr


def test_a_head_is_printed_in_one_way_at_a_time(postgres: str, data_dir: Path, tenant: str):
    answer = milepost(postgres, data_dir, "head", "--tenant", tenant, "--signed", "--json")
    assert (answer.returncode, answer.stdout) == (2, "")
    assert "--signed" in answer.stderr
