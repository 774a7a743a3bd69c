"""What a process of Milepost is around its work: settings, logs, a pool, probes, an end."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, TypeAlias

import asyncpg
import structlog
from prometheus_client import REGISTRY

from milepost.events.runtime.event_loop import run
from milepost.events.runtime.outages import UNAVAILABLE
from milepost.events.store.postgres import ROLE, connect_pool
from milepost.operations.installation.connection import connected, load_settings, reachable
from milepost.operations.serving.lifecycle import supervised, together, until
from milepost.operations.terminal.errors import Trouble
from milepost.web.probes import serve_probes
from milepost.web.server import AddressTaken
from milepost.web.settings import SettingInvalid, Settings
from milepost.web.telemetry.health import Check
from milepost.web.telemetry.logs import configure_logging
from milepost.web.telemetry.loop_lag import LoopWatch
from milepost.web.telemetry.metrics_peers import peers_of

Answering: TypeAlias = Callable[[Mapping[str, Check]], Coroutine[Any, Any, None]]

# There is one of each process under `milepost up`: it always leads.
ROUTINE = ("leads", "projector_leads")

_log = structlog.get_logger()


def run_process(
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


async def alive(
    settings: Settings,
    pool: asyncpg.Pool,
    stop: asyncio.Event,
    *works: Coroutine[Any, Any, object],
    probes: int | None,
    answering: Answering | None = None,
) -> None:
    """Work, answer if it is to, and be probed on the port, until told to stop."""
    watch, ready = LoopWatch(), {"postgres": _reaches(pool)}
    working = [until(stop, watch.run(), *works)]
    if answering is not None:
        working.append(answering(ready))
    if probes is not None:
        peers = peers_of(settings.metrics_peers)
        working.append(
            serve_probes(
                settings.host,
                probes,
                stop,
                watch=watch,
                ready=ready,
                registry=REGISTRY,
                peers=peers,
            )
        )
    await together(*working)


def probes_of(settings: Settings, port: int | None) -> int | None:
    """Where it is probed; None: nowhere."""
    return settings.probes_port or None if port is None else port


def _reaches(pool: asyncpg.Pool) -> Check:
    async def postgres() -> bool:
        return bool(await pool.fetchval("select true", timeout=1))

    return postgres


def patient_pool(settings: Settings, name: str) -> AbstractAsyncContextManager[asyncpg.Pool]:
    """For what reads a whole log: no statement is given up."""
    return process_pool(settings, name, size=12, command_timeout_seconds=None)


@asynccontextmanager
async def process_pool(
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
