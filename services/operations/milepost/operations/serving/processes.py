"""What `milepost serve`, `relay` and `project` consist of: wiring, nothing else."""

import asyncio
import os
import resource
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import asyncpg
import structlog
from litestar import Litestar
from prometheus_client import REGISTRY

from milepost.contracts.documents.addresses import dataschemas
from milepost.contracts.published import PUBLISHED
from milepost.events.commands.transact import Transactor
from milepost.events.policies.reactions import policy_handler
from milepost.events.policies.settlement import Settlement
from milepost.events.policies.timers import Timers
from milepost.events.projections.projector import Projector
from milepost.events.relay.relay import Relay
from milepost.events.runtime.event_loop import run
from milepost.events.runtime.outages import UNAVAILABLE
from milepost.events.store.postgres import ROLE, PostgresLog, connect_pool
from milepost.events.subscriptions.handler import AnyHandler
from milepost.events.subscriptions.subscription import Subscription
from milepost.operations.console.integrity.worker import (
    checks_of_log,
    checks_of_stream,
    look_again_and_again,
)
from milepost.operations.console.jobs.worker import do_jobs
from milepost.operations.doctor.watch import watch
from milepost.operations.doctor.work import consumers_here
from milepost.operations.documentation import app as documentation
from milepost.operations.installation.connection import connected, load_settings, reachable
from milepost.operations.rooms import ENROLLMENT_ROLE, read_models, services_of
from milepost.operations.serving.consumers import consumers_of_all
from milepost.operations.serving.lifecycle import stop_signal, supervised, together, until
from milepost.operations.sign_in import app as sign_in
from milepost.operations.sign_in.ended_sessions import EndedSessions
from milepost.operations.sign_in.rules import VARIABLE
from milepost.operations.terminal.errors import Trouble
from milepost.web.admission import LIMITS, Limits
from milepost.web.app import create_app
from milepost.web.auth.session_cookie import SessionCookie
from milepost.web.auth.tokens import TokenVerifier
from milepost.web.openapi.published import PUBLISHER, Publisher
from milepost.web.probes import serve_probes
from milepost.web.room import Context, Service
from milepost.web.server import AddressTaken, serve
from milepost.web.settings import SettingInvalid, Settings
from milepost.web.telemetry.health import Check
from milepost.web.telemetry.logs import configure_logging
from milepost.web.telemetry.loop_lag import LoopWatch
from milepost.web.telemetry.metrics_peers import peers_of
from milepost.web.telemetry.tracing import tracing_from

# There is one of each process under `milepost up`: it always leads.
ROUTINE = ("leads", "projector_leads")

# Only these have the keys of the vault, which the doctor looks for.
EXAMINES = ("enrollment", "all")

# These hold private keys and secrets.
HOLDS_KEYS = (*EXAMINES, "credentials", "subscriptions")

# These have `/`, `/sign-in` and `/sign-out`.
SIGNS_IN = ("dashboards", "all")

# To Postgres. All that leads shares one of them, and who hears of deliveries holds another.
CONNECTIONS = 20

_log = structlog.get_logger()


class Ports(NamedTuple):
    """Where a process answers; None: nowhere."""

    http: int | None
    probes: int | None


def run_serve(name: str, data_dir: Path | None) -> None:
    _run(name if name != "all" else "serve", lambda settings: _serve(settings, name), data_dir)


def run_relay(health_port: int | None, data_dir: Path | None) -> None:
    _run("relay", lambda settings: _relay(settings, _probes(settings, health_port)), data_dir)


def run_project(health_port: int | None, data_dir: Path | None) -> None:
    def work(settings: Settings) -> Coroutine[Any, Any, None]:
        return _project(settings, _probes(settings, health_port))

    _run("project", work, data_dir, without_nats=True)


def _probes(settings: Settings, health_port: int | None) -> int | None:
    return settings.probes_port or None if health_port is None else health_port


def _run(
    service: str,
    work: Callable[[Settings], Coroutine[Any, Any, None]],
    data_dir: Path | None,
    *,
    without_nats: bool = False,
) -> None:
    settings = connected(load_settings(data_dir), without_nats=without_nats)
    configure_logging(settings, service=service, routine=ROUTINE if supervised() else ())
    try:
        with reachable():
            run(work(settings))
    except Trouble:
        raise
    except AddressTaken as taken:
        raise Trouble(f"Milepost {taken}: set MILEPOST_PORT to another.") from taken
    except SettingInvalid as wrong:
        raise Trouble(str(wrong)) from wrong
    except Exception as error:
        _log.critical("process_failed", exc_info=True)
        raise SystemExit(1) from error


async def _serve(settings: Settings, name: str) -> None:
    if name in HOLDS_KEYS:  # a core would hold keys and names
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    stop = await stop_signal()
    async with _serving_pool(settings, name) as pool:
        transactor = Transactor(PostgresLog(pool))
        services = services_of(name, Context(transactor, settings, pool))
        services.append(documentation.service(settings, whole=name == "all"))
        cookie = SessionCookie(settings)
        if name in SIGNS_IN:
            develops = os.environ.get(VARIABLE, "") if supervised() else ""
            services.append(sign_in.service(settings, pool, cookie, develops=develops))
        subscriptions = [
            Subscription(
                one, transactor.log, pool, settings.nats_server, replicas=settings.nats_replicas
            ).run()
            for one in handlers_of(services, transactor)
        ]
        timers = [Timers(one.timers, transactor, pool).run() for one in services if one.timers]
        workers = [work() for one in services for work in one.workers]
        ended = EndedSessions(pool, cookie.sessions)
        await ended.begin()
        workers.append(ended.run())
        if name in EXAMINES:
            workers.append(watch(settings, pool, await consumers_here(settings)))
        settlement = Settlement(consumers_of_all(name, services, pool), transactor.log, pool)
        await _alive(
            settings, services, pool, stop, Ports(settings.port, settings.probes_port or None),
            *subscriptions, *timers, *workers, settlement.run(), settles=settlement, cookie=cookie,
        )  # fmt: skip
        await transactor.close()


def handlers_of(services: Sequence[Service], transactor: Transactor) -> list[AnyHandler]:
    """What subscriptions run: the services' policies, and their handlers of other kinds."""
    policies = [policy for service in services for policy in service.policies]
    others = [handler for service in services for handler in service.handlers]
    return [*(policy_handler(policy, transactor) for policy in policies), *others]


async def _relay(settings: Settings, health_port: int | None) -> None:
    stop = await stop_signal()
    async with _pool(settings, "relay", size=12) as pool:
        relay = relay_of(settings, pool)
        checks = look_again_and_again(pool, checks_of_stream(pool, settings))
        await _alive(settings, (), pool, stop, Ports(None, health_port), relay.run(), checks)


def relay_of(settings: Settings, pool: asyncpg.Pool) -> Relay:
    return Relay(
        PostgresLog(pool),
        settings.postgres,
        settings.nats_server,
        PUBLISHED,
        dataschemas=dataschemas(settings.public_origin),
        pool=pool,
        replicas=settings.nats_replicas,
    )


async def _project(settings: Settings, health_port: int | None) -> None:
    stop = await stop_signal()
    async with _pool(settings, "project", size=12) as pool:
        projector = Projector(pool, read_models())
        async with _patient_pool(settings, "project jobs") as apart:
            checks = look_again_and_again(apart, checks_of_log(apart, read_models()))
            await _alive(
                settings, (), pool, stop, Ports(None, health_port),
                projector.run(), do_jobs(apart, read_models()), checks,
            )  # fmt: skip


async def _alive(
    settings: Settings,
    services: Sequence[Service],
    pool: asyncpg.Pool,
    stop: asyncio.Event,
    ports: Ports,
    *works: Coroutine[Any, Any, object],
    settles: Settlement | None = None,
    cookie: SessionCookie | None = None,
) -> None:
    """Work in the background, answer on `port` and be probed on another, until told to stop."""
    watch, ready = LoopWatch(), {"postgres": _reaches(pool)}
    working = [until(stop, watch.run(), *works)]
    if ports.http is not None:
        app = _app(settings, services, ready, settles, cookie)
        seconds, limits = settings.shutdown_seconds, _limits(settings)
        working.append(
            serve(app, settings.host, ports.http, stop, shutdown_seconds=seconds, limits=limits)
        )
    if ports.probes is not None:
        peers = peers_of(settings.metrics_peers)
        working.append(
            serve_probes(
                settings.host, ports.probes, stop,
                watch=watch, ready=ready, registry=REGISTRY, peers=peers,
            )
        )  # fmt: skip
    await together(*working)


def _reaches(pool: asyncpg.Pool) -> Check:
    async def postgres() -> bool:
        return bool(await pool.fetchval("select true", timeout=1))

    return postgres


def _limits(settings: Settings) -> Limits:
    return LIMITS._replace(connections=settings.max_connections, requests=settings.max_requests)


def _app(
    settings: Settings,
    services: Sequence[Service],
    ready: Mapping[str, Check],
    settles: Settlement | None,
    cookie: SessionCookie | None,
) -> Litestar:
    tracing = tracing_from(os.environ, "milepost")

    async def send_spans() -> None:
        if tracing:
            await asyncio.to_thread(tracing.close)

    app = create_app(
        services,
        settings,
        TokenVerifier(settings),
        ready=ready,
        on_shutdown=[send_spans],
        registry=REGISTRY,
        tracer=tracing.tracer if tracing else None,
        settles=settles,
        cookie=cookie,
    )
    publisher: Publisher = app.state[PUBLISHER]
    app.on_startup.append(publisher.build)
    return app


def _serving_pool(settings: Settings, name: str) -> AbstractAsyncContextManager[asyncpg.Pool]:
    role = ENROLLMENT_ROLE if name in {"enrollment", "all"} else ROLE
    return _pool(settings, f"serve {name}", size=CONNECTIONS, role=role)


def _patient_pool(settings: Settings, name: str) -> AbstractAsyncContextManager[asyncpg.Pool]:
    """For what reads a whole log: no statement is given up."""
    return _pool(settings, name, size=12, command_timeout_seconds=None)


@asynccontextmanager
async def _pool(
    settings: Settings,
    name: str,
    size: int,
    role: str = ROLE,
    command_timeout_seconds: float | None = 60,
) -> AsyncIterator[asyncpg.Pool]:
    login = settings.postgres if role == ROLE else settings.enrollment_login
    pool = await connect_pool(
        login,
        name=f"milepost {name}",
        size=size,
        role=role,
        command_timeout_seconds=command_timeout_seconds,
    )
    try:
        yield pool
    finally:
        try:
            await asyncio.wait_for(pool.close(), settings.shutdown_seconds)
        except UNAVAILABLE:  # nor can what is lost be closed
            pool.terminate()
