"""Each thing that `milepost doctor` looks at is made wrong, on real servers, and it says so."""

import asyncio
import socket
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import msgspec
import nats
import pytest
import typer
from tests.credentials.forget_issuer_keys import forget_issuer_keys
from tests.events.traffic import append, relaying
from tests.eventually import eventually
from tests.subscriptions.webhooks.forget_webhook_secrets import forget_webhook_secrets
from tests.tenants import new_tenant

from milepost.credentials.issuers.sealing import ISSUER_KEY
from milepost.enrollment.vault.cipher import MasterKey
from milepost.events.nats.jetstream import STREAM, SUBJECTS, ensure_stream
from milepost.events.parking.parked import Failure, park
from milepost.events.relay.strays import Strays, forget_strays
from milepost.events.relay.stream_inventory import Stray
from milepost.events.runtime.cancellation import cancel_and_wait
from milepost.events.runtime.leadership import leases
from milepost.events.sizes import EVENT_DATA
from milepost.events.store.memory import MemoryLog
from milepost.events.store.postgres import PostgresLog, connect_pool, owner_connection
from milepost.operations.commands.installation.doctor import run_doctor
from milepost.operations.doctor import safety
from milepost.operations.doctor.examination import BOUNDS, CHECKS, findings_of
from milepost.operations.doctor.finding import Consumers, Finding, Patient
from milepost.operations.doctor.watch import FINDING, watch
from milepost.operations.doctor.work import consumers_here
from milepost.operations.local.embedded import free_port
from milepost.operations.rooms import read_models
from milepost.subscriptions.webhooks.secrets import WEBHOOK_KEY
from milepost.web.secrets.sealing import Sealing
from milepost.web.settings import Settings

NOBODY_WAITS = {"lag_warning_seconds": 3600, "lag_wrong_seconds": 7200}
EVERYBODY_WAITS = {"lag_warning_seconds": -1, "lag_wrong_seconds": 0}
TIMERS = [
    *("policy/timer/enrollment-expiry", "policy/timer/seat-offers"),
    *("policy/timer/credential-expiry", "policy/timer/credential-embargo"),
]
POLICIES = [
    *("policy/enrollment", "policy/enrollment-cancellation", "policy/vault", "policy/bulk"),
    *("policy/progress", "policy/progress-jobs", "policy/credential-jobs", "policy/credentials"),
    *("policy/credentials-lessons", "policy/credential-index", "policy/credential-register"),
    *("policy/webhooks", "policy/webhooks-erasure"),
]


@pytest.fixture
async def pool(postgres):
    pool = await connect_pool(postgres, name="test")
    yield pool
    await pool.close()


@pytest.fixture
def settings(postgres, nats_url, tmp_path):
    return Settings(postgres=postgres, nats=nats_url, data_dir=tmp_path, port=free_port(0))


@pytest.fixture
def tenant():
    return new_tenant()


async def findings(settings: Settings, **bounds: float) -> list[Finding]:
    limits = msgspec.structs.replace(BOUNDS, **bounds)
    return await findings_of(settings, await consumers_here(settings), limits)


async def finding(settings: Settings, name: str, **bounds: float) -> Finding:
    found = await findings(settings, **bounds)
    [one] = [one for one in found if one.name == name]
    return one


async def wrong(settings: Settings, name: str, **bounds: float) -> str:
    """What it says of something that is wrong, and what to do about it."""
    one = await finding(settings, name, **bounds)
    assert (one.verdict, one.ok) == ("wrong", False), one
    assert one.remedy
    return f"{one.says}: {one.remedy}"


async def fine(settings: Settings, name: str, **bounds: float) -> str:
    one = await finding(settings, name, **bounds)
    assert (one.verdict, one.ok, one.remedy) == ("ok", True, ""), one
    return one.says


@asynccontextmanager
async def led(postgres, *names, heartbeat_seconds=0.02):
    async with leases(postgres, heartbeat_seconds=heartbeat_seconds) as held:
        for name in names:
            assert await held.acquire(name)
        yield


async def test_nobody_answers(settings):
    nowhere = f"127.0.0.1:{free_port(0)}"
    away = msgspec.structs.replace(settings, postgres=f"postgres://a:secret@{nowhere}/b")
    assert f"nobody answers at {nowhere}" in (said := await wrong(away, "postgres"))
    assert "secret" not in said
    away = msgspec.structs.replace(settings, nats=f"nats://a:secret@{nowhere}")
    assert f"nobody answers at {nowhere}" in (said := await wrong(away, "nats"))
    assert "secret" not in said
    names = {one.name for one in await findings(away)}
    assert names == {name for name, one in CHECKS.items() if "nats" not in one.needs}


async def test_versions_are_those_that_the_servers_tell(settings, pool):
    version = await pool.fetchval("show server_version")
    assert f"version {version}" in await fine(settings, "postgres")
    said = await fine(settings, "versions")
    assert f"Postgres {version}" in said
    assert "NATS 2." in said


async def test_a_durability_that_is_off_loses_events(settings, postgres):
    name = postgres.rpartition("/")[2]
    async with owner_connection(postgres) as connection:
        await connection.execute(f"alter database {name} set synchronous_commit = off")
        assert "would lose events" in await wrong(settings, "postgres")
        await connection.execute(f"alter database {name} reset synchronous_commit")
    await fine(settings, "postgres")


async def test_missing_migrations_are_said_once(settings, postgres):
    async with owner_connection(postgres) as connection:
        kept = await connection.fetch("delete from public.milepost_migrations returning *")
        assert "milepost migrate" in await wrong(settings, "log")
        names = {one.name for one in await findings(settings)}
        await connection.executemany(
            "insert into public.milepost_migrations values ($1, $2)", [tuple(row) for row in kept]
        )
    assert names == {name for name, one in CHECKS.items() if "log" not in one.needs}
    await fine(settings, "log")


async def test_clocks_that_differ(settings, js):
    await ensure_stream(js)
    assert "Postgres" in await wrong(settings, "clock", clock_seconds=-1)
    said = await fine(settings, "clock", clock_seconds=60)
    assert "Postgres" in said
    assert "NATS" in said


async def test_a_disk_that_fills(settings):
    assert "make room" in await wrong(settings, "disk", disk_wrong=1.1)
    assert (await finding(settings, "disk", disk_wrong=-1, disk_warning=1.1)).verdict == "warning"


async def test_what_takes_less_than_an_event(settings, js):
    await js.add_stream(name=STREAM, subjects=[SUBJECTS], max_msg_size=1000)
    assert "max_msg_size" in await wrong(settings, "sizes")
    await js.delete_stream(STREAM)
    await fine(settings, "sizes")
    larger = msgspec.structs.replace(settings, max_body_bytes=EVENT_DATA + 1)
    assert "MILEPOST_MAX_BODY_BYTES" in await wrong(larger, "sizes")


async def test_a_port_that_somebody_else_has(settings):
    with socket.socket() as other:
        other.bind((settings.host, settings.port))
        other.listen()
        assert (await finding(settings, "http")).verdict == "warning"
    assert "is free" in await fine(settings, "http")


async def test_a_relay_that_does_not_run_or_hangs(settings, postgres):
    assert "nobody runs relay" in await wrong(settings, "relay")
    async with led(postgres, "relay", heartbeat_seconds=3600):
        assert "says nothing" in await wrong(settings, "relay", silent_seconds=0)
    async with led(postgres, "relay"):
        await fine(settings, "relay", **NOBODY_WAITS)


@pytest.mark.usefixtures("js")
async def test_events_that_wait_for_the_relay(settings, postgres, pool, tenant):
    log = PostgresLog(pool)
    await append(log, tenant, "enrollment-a", 1, 2)
    await append(log, tenant, "progress-a", 3, type_="lesson_progressed")
    async with led(postgres, "relay"):
        said = await wrong(settings, "relay", **EVERYBODY_WAITS)
    assert f"2 events of {tenant} wait" in said
    async with relaying(log, postgres, settings.nats):
        await eventually(lambda: _is_fine(settings, "relay", **EVERYBODY_WAITS))
        await fine(settings, "stream")


async def _is_fine(settings, name, **bounds):
    return (await finding(settings, name, **bounds)).verdict == "ok"


@pytest.mark.usefixtures("js")
async def test_what_the_relay_has_parked_does_not_wait(settings, postgres, pool, tenant):
    await append(PostgresLog(pool), tenant, "enrollment-a", 1)
    async with pool.acquire() as connection:
        await park(connection, "relay", [Failure(tenant, 1, tenant, "too large", 1)])
    async with led(postgres, "relay"):
        assert tenant not in (await finding(settings, "relay", **EVERYBODY_WAITS)).says
    assert "in relay" in await wrong(settings, "parked")
    await pool.execute("delete from consumer.parked")


@pytest.mark.usefixtures("js")
async def test_a_stream_that_knows_more_than_the_log(settings, pool, tenant):
    newer = MemoryLog()
    await append(newer, tenant, "enrollment-a", 1, 2)
    await append(PostgresLog(pool), tenant, "enrollment-a", 1)
    await _relayed(newer, settings, 2)
    assert "ahead of the log" in await wrong(settings, "stream")


@pytest.mark.usefixtures("js")
async def test_a_stream_that_tells_of_another_event(settings, pool, tenant):
    other = MemoryLog()
    await append(other, tenant, "enrollment-a", 1)
    await append(PostgresLog(pool), tenant, "enrollment-a", 1)
    await _relayed(other, settings, 1)
    assert "another event" in await wrong(settings, "stream")


async def test_a_message_that_no_relay_wrote(settings, pool, js, tenant):
    await append(PostgresLog(pool), tenant, "enrollment-a", 1)
    await ensure_stream(js)
    await js.publish(f"milepost.{tenant}.enrollment.learner_enrolled", b"{}")
    assert "written by no relay" in await wrong(settings, "stream")


async def test_strays_that_the_stream_has_gone_past(settings, pool, js, tenant):
    await ensure_stream(js)
    await Strays(pool).note([Stray(tenant, 7, f"milepost.{tenant}.x", 3, uuid4())])
    assert f"1 under {tenant}, positions 3 to 3" in (said := await wrong(settings, "stream"))
    assert "milepost stream rebuild" in said
    await forget_strays(pool)
    await fine(settings, "stream")


async def _relayed(log, settings, count):
    client = await nats.connect(settings.nats)
    await ensure_stream(client.jetstream())

    async def there():
        info = await client.jetstream().stream_info(STREAM)
        return info.state.messages == count

    async with relaying(log, settings.postgres, settings.nats):
        await eventually(there)
    await client.close()


async def test_read_models_that_are_missing_late_or_stand_still(settings, postgres, pool, tenant):
    names = [model.name for model in read_models()]
    leads = [f"projection/{name}/1" for name in names]
    assert "not built yet" in await wrong(settings, "read_models")
    await pool.executemany(
        "insert into dashboards.generations (name, generation, version, status, tables)"
        " values ($1, 1, 1, 'live', '{}')",
        [(name,) for name in names],
    )
    assert "nobody runs projection/" in await wrong(settings, "read_models")
    async with led(postgres, *leads, heartbeat_seconds=3600):
        assert "says nothing" in await wrong(settings, "read_models", silent_seconds=0)
    await append(PostgresLog(pool), tenant, "enrollment-a", 1)
    async with led(postgres, *leads):
        assert " behind in " in await wrong(settings, "read_models", **EVERYBODY_WAITS)
        assert (
            await finding(settings, "read_models", lag_warning_seconds=-1, lag_wrong_seconds=3600)
        ).verdict == "warning"
    await pool.execute("delete from dashboards.generations")


@pytest.mark.parametrize(("name", "leads"), [("policies", POLICIES), ("timers", TIMERS)])
async def test_policies_and_timers_that_are_late_or_stand_still(
    settings, pool, tenant, name, leads
):
    postgres = settings.postgres
    await append(PostgresLog(pool), tenant, "enrollment-a", 1)
    assert "nobody runs policy/" in await wrong(settings, name)
    async with led(postgres, *leads, heartbeat_seconds=3600):
        assert "says nothing" in await wrong(settings, name, silent_seconds=0)
    async with led(postgres, *leads):
        assert " behind in " in await wrong(settings, name, **EVERYBODY_WAITS)
        await fine(settings, name, **NOBODY_WAITS)


async def test_a_timer_that_is_overdue(settings, postgres, pool, tenant):
    await append(PostgresLog(pool), tenant, "enrollment-a", 1)
    hour_ago = datetime.now(UTC) - timedelta(hours=1)
    insert = "insert into consumer.timers (tenant, timer, position, due_at) values ($1, $2, 1, $3)"
    await pool.execute(insert, tenant, "seat-offers", hour_ago)
    async with led(postgres, *TIMERS):
        said = await wrong(settings, "timers", lag_wrong_seconds=1800)
    assert f"seat-offers of {tenant}" in said
    assert "overdue" in said
    await pool.execute("delete from consumer.timers")


async def test_nobody_proves_that_the_numbers_agree(settings, postgres):
    said = await wrong(settings, "integrity")
    assert said == "nobody runs integrity/log: start `milepost project`"
    async with led(postgres, "integrity/log"):
        assert "integrity/stream: start `milepost relay`" in await wrong(settings, "integrity")
    async with led(postgres, "integrity/log", "integrity/stream"):
        await fine(settings, "integrity")
    async with led(postgres, "integrity/log", "integrity/stream", heartbeat_seconds=3600):
        assert "says nothing" in await wrong(settings, "integrity", silent_seconds=0)


async def test_nobody_does_the_jobs_of_read_models(settings, postgres):
    said = await wrong(settings, "jobs")
    assert said == "nobody runs operations/jobs: start `milepost project`"
    async with led(postgres, "operations/jobs"):
        assert await fine(settings, "jobs") == "none waits for a worker"


@pytest.mark.parametrize(
    ("room", "schema"),
    [("enrollment", "bulk"), ("progress", "progress_jobs"), ("credentials", "credential_jobs")],
)
async def test_jobs_that_wait_for_a_worker_that_is_not_there(settings, tenant, room, schema):
    insert = f"""insert into {schema}.jobs (tenant, job, command, digest, kind, state, dry_run,
            actor, metadata, alive_at, started_at, changed_at)
        values ($1, gen_random_uuid(), gen_random_uuid(), 'x', 'any', $2, false, 'rhea', '{{}}',
            $3, $3, $4)"""
    now, minute_ago = datetime.now(UTC), datetime.now(UTC) - timedelta(minutes=1)
    postgres = settings.postgres
    async with owner_connection(postgres) as connection, led(postgres, "operations/jobs"):
        await connection.execute(insert, tenant, "queued", None, minute_ago)
        await connection.execute(insert, tenant, "running", minute_ago, minute_ago)
        said = await wrong(settings, "jobs")
        assert f"2 jobs of {room} wait, and no worker takes them" in said
        assert f"`milepost serve {room}`" in said
        await fine(settings, "jobs", silent_seconds=300)
        await connection.execute(insert, tenant, "running", now, now)
        await fine(settings, "jobs")  # somebody is at work: theirs is the next turn
        await connection.execute(f"delete from {schema}.jobs where tenant = $1", tenant)


async def test_something_parked(settings, pool, tenant):
    await append(PostgresLog(pool), tenant, "enrollment-a", 1, 2)
    async with pool.acquire() as connection:
        behind = Failure(tenant, 2, "enrollment-a")
        await park(connection, "progress", [Failure(tenant, 1, "enrollment-a", "P", 3), behind])
    assert "2 in progress" in await wrong(settings, "parked")
    await pool.execute("update consumer.parked set status = 'done'")
    assert await fine(settings, "parked") == "nothing"


async def test_a_vault_whose_key_is_elsewhere(settings, postgres):
    async with owner_connection(postgres) as connection:
        await connection.execute("insert into vault.master_keys (key_id) values ('elsewhere')")
        said = await wrong(settings, "vault")
        await connection.execute("delete from vault.master_keys")
    assert "elsewhere" in said
    unread = msgspec.structs.replace(settings, master_key_file="/nowhere/keys")
    assert "MILEPOST_MASTER_KEY_FILE" in await wrong(unread, "vault")
    assert await fine(settings, "vault") == "empty"


@pytest.mark.parametrize(
    "sealed",
    [
        ("issuer_keys", ISSUER_KEY, forget_issuer_keys),
        ("webhook_secrets", WEBHOOK_KEY, forget_webhook_secrets),
    ],
    ids=lambda one: one[0],
)
async def test_what_is_sealed_with_a_key_that_is_elsewhere(settings, pool, postgres, sealed):
    line, purpose, forget = sealed
    await forget(postgres)
    assert await fine(settings, line) == "none yet"
    assert not purpose.file(settings).exists(), "it looks, and changes nothing"
    key = await Sealing(purpose, settings, pool).key()
    assert key.id in await fine(settings, line)
    other = msgspec.structs.replace(settings, **{purpose.setting: MasterKey.new().written()})
    assert f"{key.id}, is not the one" in await wrong(other, line)
    purpose.file(settings).write_text("none")
    assert "sealing.key" in await wrong(settings, line)
    purpose.file(settings).unlink()
    assert f"{key.id}, is not here" in await wrong(settings, line)
    await forget(postgres)


async def test_an_erasure_that_a_key_of_the_operators_can_still_open(settings, postgres, tmp_path):
    key = MasterKey.new()
    settings = msgspec.structs.replace(settings, master_key=key.written())
    erased = (
        "insert into vault.learners (tenant, learner, erased_at, erased_key)"
        " values ('t', 'ada', now() - $1::interval, $2)"
    )
    async with owner_connection(postgres) as connection:
        await connection.execute("insert into vault.master_keys (key_id) values ($1)", key.id)
        for days, verdict in ((1, "ok"), (15, "warning"), (29, "wrong")):
            await connection.execute("delete from vault.learners")
            await connection.execute(erased, timedelta(days=days), key.id)
            found = await finding(settings, "erasures")
            assert (found.verdict, key.id in found.says) == (verdict, True)
        said = await wrong(settings, "erasures")
        assert "put a new key first in MILEPOST_MASTER_KEY" in said
        await connection.execute("delete from vault.learners")
        assert "reach everything" in await fine(settings, "erasures")
        own = msgspec.structs.replace(settings, master_key="", data_dir=tmp_path)
        (tmp_path / "vault").mkdir()
        (tmp_path / "vault" / "master.keys").write_text(key.written())
        assert "reach everything" in await fine(own, "erasures")
        (tmp_path / "vault" / "database").write_text("another/1")
        assert "another database" in (await finding(own, "erasures")).says
        await connection.execute("delete from vault.master_keys")


async def test_backups_that_were_never_made_or_have_stopped(settings, postgres):
    assert (await finding(settings, "backup")).verdict == "warning"
    made = "insert into consumer.backups values (now() - $1::interval, now(), 7, 8)"
    async with owner_connection(postgres) as connection:
        for days, verdict in ((8, "wrong"), (3, "warning"), (0, "ok")):
            await connection.execute(made, timedelta(days=days))
            assert (await finding(settings, "backup")).verdict == verdict
        await connection.execute("delete from consumer.backups")


async def test_a_login_that_may_do_anything(settings):
    assert (await finding(settings, "roles")).verdict == "warning"


async def test_what_goes_over_a_network_unencrypted(settings, nats_url, postgres):
    client = await nats.connect(nats_url)
    remote = msgspec.structs.replace(settings, nats="nats://nats.school.example:4222")
    async with owner_connection(postgres) as connection:
        said = await safety.tls(Patient(remote, BOUNDS, Consumers((), ()), connection, client))
    await client.close()
    assert said.verdict == "warning"
    assert "nats.school.example" in said.says
    await fine(settings, "tls")


@pytest.mark.parametrize(
    ("address", "encrypted", "verdict", "says"),
    [
        ("db.school.example/milepost?sslmode=verify-full", True, "ok", "encrypted"),
        ("db.school.example/milepost?sslmode=require", True, "warning", "whose the certificate"),
        ("a.school.example,b.school.example/milepost", True, "warning", "at a.school.example"),
        ("db.school.example/milepost", False, "warning", "not encrypted"),
        ("localhost/milepost", False, "ok", "on this machine"),
    ],
)
def test_a_certificate_that_nobody_looks_at_is_told(address, encrypted, verdict, says):
    said = safety.postgres_link(f"postgresql://login@{address}", encrypted=encrypted)
    assert said.verdict == verdict
    assert says in said.says


def test_the_exit_code_is_1_when_anything_is_wrong(settings, monkeypatch, capsys):
    for name in ("postgres", "nats", "data_dir", "port"):
        monkeypatch.setenv(f"MILEPOST_{name.upper()}", str(getattr(settings, name)))
    with pytest.raises(typer.Exit) as ended:
        run_doctor(None, as_json=False)
    assert ended.value.exit_code == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[1] for line in lines] == list(CHECKS)
    assert "wrong   relay       nobody runs relay: start `milepost relay`" in lines
    with pytest.raises(typer.Exit):
        run_doctor(None, as_json=True)
    told = msgspec.json.decode(capsys.readouterr().out, type=list[Finding])
    assert [one.name for one in told if not one.ok][:1] == ["relay"]


async def test_what_it_says_is_measured_while_somebody_looks(settings, pool):
    bounds = msgspec.structs.replace(BOUNDS, **NOBODY_WAITS)
    looking = asyncio.create_task(watch(settings, pool, Consumers((), ()), bounds, 0.05))

    def degree(name):
        return {
            one.labels["finding"]: one.value for one in next(iter(FINDING.collect())).samples
        }.get(name)

    await eventually(lambda: degree("relay") == 2)
    assert (degree("postgres"), degree("roles"), degree("http")) == (0, 1, None)
    async with led(settings.postgres, "relay"):
        await eventually(lambda: degree("relay") == 0)
    await cancel_and_wait(looking)
    assert degree("relay") is None


async def test_deliveries_that_are_late_are_ours_to_mend(pool, settings, tenant):
    assert "gone out" in await fine(settings, "webhooks")
    await pool.execute(
        "insert into webhooks.endpoints (tenant, webhook, url, ordered, sends)"
        " values ($1, 'w', 'https://hooks.example.org/', false, true)", tenant,
    )  # fmt: skip
    add = """insert into webhooks.deliveries (tenant, webhook, event_id, position, event, learner,
            key, state, due_at, created_at)
        values ($1, 'w', gen_random_uuid(), 1, 'e', '', '', $2, now() - interval '2 min', now())"""
    await pool.execute(add, tenant, "waiting")
    assert "late" in await wrong(settings, "webhooks")
    await pool.execute("update webhooks.endpoints set failures = 1 where tenant = $1", tenant)
    assert "1 fail" in await fine(settings, "webhooks")
    await pool.execute(add, tenant, "parked")
    parked = await finding(settings, "webhooks")
    assert (parked.verdict, parked.says[:12]) == ("warning", "1 deliveries")
    for table in ("endpoints", "deliveries"):
        await pool.execute(f"delete from webhooks.{table} where tenant = $1", tenant)
