"""`milepost up`: servers, services, relay and projections as one, started again when they die."""

import asyncio
import os
import time
import urllib.request
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from http import HTTPStatus
from typing import Any, NoReturn, TypeAlias

import asyncpg
import structlog

from milepost.events.runtime.cancellation import cancel_and_wait
from milepost.events.runtime.outages import UNAVAILABLE
from milepost.operations.installation.connection import reason
from milepost.operations.installation.data_directory import Runtime, write_runtime
from milepost.operations.installation.logins import migrate_and_ensure
from milepost.operations.installation.named_servers import require_answering
from milepost.operations.local.child_process import Child, start_supervised
from milepost.operations.local.embedded import Embedded, Logins, free_port
from milepost.operations.local.metrics_ports import MetricsPorts
from milepost.operations.local.restarts import STARTS_AT_MOST, Restarts
from milepost.operations.terminal.errors import Trouble
from milepost.web.server import AddressTaken, require_free
from milepost.web.settings import NATS_FILES, PREFIX, SEALING, SECRETS, Settings

# So often it says that it still waits.
SAY_SECONDS = 60
# In the order in which they are stopped: first what takes requests in.
PROCESSES = (("serve", "all"), ("project",), ("relay",))
Start: TypeAlias = Callable[[], Awaitable[Child]]
NOT_STARTED: tuple[type[BaseException], ...] = (Trouble, asyncpg.PostgresError, *UNAVAILABLE)

_log = structlog.get_logger()


async def up(
    settings: Settings, stop: asyncio.Event, announce: Callable[[Runtime], None] | None = None
) -> None:
    """Run everything until `stop`, then stop it in order. Raises `Trouble`."""
    port = _port(settings)
    await require_answering(settings)
    _log.info("starting", data_dir=str(settings.data_dir.resolve()))
    async with Embedded(
        settings.data_dir, postgres=settings.postgres, nats=settings.nats
    ) as servers:
        for name, child in servers.children.items():
            _log.info("server_started", server=name, pid=child.pid)
        owner = settings.owner_login if settings.postgres else servers.postgres
        logins = _logins(settings, servers)
        await _prepare(owner, logins)
        http = f"http://{_reachable(settings.host)}:{port}"
        runtime = Runtime(
            postgres=logins.service,
            nats=servers.nats,
            http=http,
            owner=owner,
            enrollment=logins.enrollment,
        )
        group = ProcessGroup(_environment(settings, runtime, port) | _accounts_file(servers))
        works: list[Coroutine[Any, Any, None]] = [
            *(_supervise_server(servers, name) for name in servers.children),
            *_following(servers),
            *(group.supervise(process) for process in PROCESSES),
            _announce_when_ready(settings, runtime, announce),
        ]
        tasks = [asyncio.create_task(work) for work in works]
        try:
            await _until(stop, tasks)
        finally:
            await cancel_and_wait(*tasks)
            await group.stop()


async def up_servers(
    settings: Settings,
    only: Sequence[str],
    stop: asyncio.Event,
    announce: Callable[[Runtime], None],
) -> None:
    """Run these servers alone until `stop`. Raises `Trouble`."""
    unused = {name: "unused" for name in ("postgres", "nats") if name not in only}
    async with Embedded(settings.data_dir, **unused) as servers:
        if "postgres" in only:
            await _prepare(servers.postgres, servers.logins)
        addresses = {
            "postgres": servers.logins.service,
            "enrollment": servers.logins.enrollment,
            "owner": servers.postgres,
            "nats": servers.nats,
        }
        if "postgres" in unused:
            addresses["owner"] = ""
        if "nats" in unused:
            addresses["nats"] = ""
        runtime = Runtime(**addresses, http="")
        write_runtime(settings.data_dir.resolve(), runtime)
        announce(runtime)
        works = [*(_supervise_server(servers, name) for name in only), *_following(servers)]
        tasks = [asyncio.create_task(work) for work in works]
        try:
            await _until(stop, tasks)
        finally:
            await cancel_and_wait(*tasks)


class ProcessGroup:
    """The `milepost` processes that this one started."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self._env = env
        self._metrics = MetricsPorts()
        self._children: dict[tuple[str, ...], Child] = {}

    async def supervise(self, process: tuple[str, ...]) -> NoReturn:
        """Start it, and again whenever it dies. Raises `Trouble` when it cannot start."""

        async def start() -> Child:
            words, more = self._metrics.of(process[0])
            env = {**_needed(process[0], self._env), **more}
            child = await start_supervised(process[0], (*process, *words), env)
            self._children[process] = child
            return child

        name, restarts = " ".join(process), Restarts()
        await _supervise(name, await _start(name, start, restarts), start, restarts)

    async def stop(self) -> None:
        for process in PROCESSES:
            if child := self._children.get(process):
                await child.stop()


async def _supervise_server(servers: Embedded, name: str) -> NoReturn:
    first = servers.children[name]
    await _supervise(name, first, lambda: servers.restart(name), Restarts(started=True))


def _following(servers: Embedded) -> list[Coroutine[Any, Any, NoReturn]]:
    return [servers.queue.follow_accounts()] if servers.queue else []


def _accounts_file(servers: Embedded) -> dict[str, str]:
    """Where the accounts of subscribers are kept, for a NATS of our own."""
    if not servers.queue:
        return {}
    return {"MILEPOST_NATS_ACCOUNTS": str(servers.queue.accounts_file)}


async def _supervise(name: str, child: Child, start: Start, restarts: Restarts) -> NoReturn:
    while True:
        code = await child.wait()
        pause_seconds = restarts.ended(code)
        _log.warning("process_died", process=name, pid=child.pid, code=code)
        _require_hope(name, restarts)
        await asyncio.sleep(pause_seconds)
        child = await _start(name, start, restarts)
        _log.info("process_started_again", process=name, pid=child.pid)


async def _start(name: str, start: Start, restarts: Restarts) -> Child:
    """Try until it runs: a port or a lock may be taken for a moment, memory be short."""
    while True:
        restarts.began()
        try:
            return await start()
        except NOT_STARTED as error:
            _log.warning("process_did_not_start", process=name, reason=reason(error))
            pause_seconds = restarts.not_begun()
            _require_hope(name, restarts)
            await asyncio.sleep(pause_seconds)


def _require_hope(name: str, restarts: Restarts) -> None:
    if restarts.hopeless:
        raise Trouble(
            f"{name} ended {STARTS_AT_MOST} times at its start: its log says why;"
            " `milepost doctor` looks for what is missing."
        )


async def _until(stop: asyncio.Event, tasks: Sequence["asyncio.Task[Any]"]) -> None:
    """Return when told to stop; raise what any task raises before that."""
    stopping = asyncio.create_task(stop.wait())
    waiting: set[asyncio.Task[Any]] = {stopping, *tasks}
    try:
        while not stop.is_set():
            done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
    finally:
        await cancel_and_wait(stopping)


async def _announce_when_ready(
    settings: Settings, runtime: Runtime, announce: Callable[[Runtime], None] | None
) -> None:
    """Wait until everything answers, then say so."""
    began = said_at = time.monotonic()
    while not await asyncio.to_thread(_ready, runtime.http):
        if (now := time.monotonic()) - said_at > SAY_SECONDS:
            _log.warning("not_ready_yet", seconds=round(now - began), remedy="milepost doctor")
            said_at = now
        await asyncio.sleep(0.1)
    write_runtime(settings.data_dir.resolve(), runtime)
    _log.info("ready", http=runtime.http, data_dir=str(settings.data_dir.resolve()))
    if announce:
        announce(runtime)


def _ready(http: str) -> bool:
    try:
        # A proxy that the environment names is not for this.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(f"{http}/health/ready", timeout=5) as response:
            return bool(response.status == HTTPStatus.OK)
    except OSError:
        return False


async def _prepare(owner: str, logins: Logins) -> None:
    for file in await migrate_and_ensure(owner, logins.service, logins.enrollment):
        _log.info("migrated", file=file)


def _logins(settings: Settings, servers: Embedded) -> Logins:
    """As named; else as made here, where Postgres is ours."""
    if settings.postgres:
        return Logins(service=settings.postgres, enrollment=settings.postgres_enrollment)
    return servers.logins


def _needed(process: str, env: Mapping[str, str]) -> dict[str, str]:
    """Nobody gets the owner's login, and only who serves the vault's login and the keys."""
    withheld = {"MILEPOST_POSTGRES_OWNER"}
    if process == "project":
        withheld |= {"MILEPOST_NATS", *(PREFIX + name.upper() for name in NATS_FILES)}
    if process != "serve":
        withheld |= {
            "MILEPOST_POSTGRES_ENROLLMENT",
            "MILEPOST_MASTER_KEY",
            "MILEPOST_MASTER_KEY_FILE",
            "MILEPOST_ISSUER_KEY",
            "MILEPOST_ISSUER_KEY_FILE",
            "MILEPOST_WEBHOOK_KEY",
            "MILEPOST_WEBHOOK_KEY_FILE",
            "MILEPOST_SESSION_KEY",
            "MILEPOST_SESSION_KEY_FILE",
            "MILEPOST_SIGN_IN_CLIENT_SECRET",
            "MILEPOST_SIGN_IN_CLIENT_SECRET_FILE",
        }
    return {name: value for name, value in env.items() if name not in withheld}


def _environment(settings: Settings, runtime: Runtime, port: int) -> dict[str, str]:
    in_files = {f"{PREFIX}{name.upper()}_FILE" for name in SECRETS if name not in SEALING}
    return {
        **{name: value for name, value in os.environ.items() if name not in in_files},
        "MILEPOST_POSTGRES_ENROLLMENT": runtime.enrollment,
        "MILEPOST_POSTGRES": runtime.postgres,
        "MILEPOST_NATS": runtime.nats,
        "MILEPOST_HOST": settings.host,
        "MILEPOST_PORT": str(port),
        "MILEPOST_DATA_DIR": str(settings.data_dir.resolve()),
        "MILEPOST_LOG_FORMAT": settings.log_format,
    }


def _port(settings: Settings) -> int:
    """0 takes any. Raises `Trouble` when somebody listens there already."""
    if settings.port == 0:
        return free_port(0)
    try:
        require_free(settings.host, settings.port)
    except AddressTaken as taken:
        raise Trouble(
            f"Milepost {taken}: stop what listens there, or choose another port with --port."
        ) from taken
    return settings.port


def _reachable(host: str) -> str:
    """An address at which this machine reaches what listens on `host`."""
    if host in ("0.0.0.0", "::"):  # noqa: S104 compared, not listened on
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host
