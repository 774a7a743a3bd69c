"""What `milepost serve` consists of: wiring, nothing else."""

import asyncio
import os
import resource
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import asyncpg
from litestar import Litestar
from prometheus_client import REGISTRY

from milepost.events.commands.transact import Transactor
from milepost.events.policies.reactions import policy_handler
from milepost.events.policies.settlement import Settlement
from milepost.events.policies.timers import Timers
from milepost.events.store.postgres import ROLE, PostgresLog
from milepost.events.subscriptions.handler import AnyHandler
from milepost.events.subscriptions.subscription import Subscription
from milepost.operations.doctor.watch import watch
from milepost.operations.doctor.work import consumers_here
from milepost.operations.documentation import app as documentation
from milepost.operations.rooms import ENROLLMENT_ROLE, services_of
from milepost.operations.serving.consumers import consumers_of_all
from milepost.operations.serving.lifecycle import stop_signal, supervised
from milepost.operations.serving.process import alive, process_pool, run_process
from milepost.operations.sign_in import app as sign_in
from milepost.operations.sign_in.ended_sessions import EndedSessions
from milepost.operations.sign_in.rules import VARIABLE
from milepost.web.admission import LIMITS
from milepost.web.app import create_app
from milepost.web.auth.session_cookie import SessionCookie
from milepost.web.auth.tokens import TokenVerifier
from milepost.web.openapi.published import PUBLISHER, Publisher
from milepost.web.room import Context, Service
from milepost.web.server import serve
from milepost.web.settings import Settings
from milepost.web.telemetry.health import Check
from milepost.web.telemetry.tracing import tracing_from

# Only these have the keys of the vault, which the doctor looks for.
EXAMINES = ("enrollment", "all")

# These hold private keys and secrets.
HOLDS_KEYS = (*EXAMINES, "credentials", "subscriptions")

# These have `/`, `/sign-in` and `/sign-out`.
SIGNS_IN = ("dashboards", "all")

# To Postgres. All that leads shares one of them, and who hears of deliveries holds another.
CONNECTIONS = 20


def run_serve(name: str, data_dir: Path | None) -> None:
    service = "serve" if name == "all" else name
    run_process(service, lambda settings: _serve(settings, name), data_dir)


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

        async def answering(ready: Mapping[str, Check]) -> None:
            app = _app(settings, services, ready, settles=settlement, cookie=cookie)
            await _answer(settings, app, stop)

        works = (*subscriptions, *timers, *workers, settlement.run())
        probes = settings.probes_port or None
        await alive(settings, pool, stop, *works, probes=probes, answering=answering)
        await transactor.close()


def handlers_of(services: Sequence[Service], transactor: Transactor) -> list[AnyHandler]:
    """What subscriptions run: the services' policies, and their handlers of other kinds."""
    policies = [policy for service in services for policy in service.policies]
    others = [handler for service in services for handler in service.handlers]
    return [*(policy_handler(policy, transactor) for policy in policies), *others]


async def _answer(settings: Settings, app: Litestar, stop: asyncio.Event) -> None:
    most = {"connections": settings.max_connections, "requests": settings.max_requests}
    await serve(
        app,
        settings.host,
        settings.port,
        stop,
        shutdown_seconds=settings.shutdown_seconds,
        limits=LIMITS._replace(**most),
    )


def _app(
    settings: Settings,
    services: Sequence[Service],
    ready: Mapping[str, Check],
    *,
    settles: Settlement,
    cookie: SessionCookie,
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
    return process_pool(settings, f"serve {name}", size=CONNECTIONS, role=role)
