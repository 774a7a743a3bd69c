"""What `milepost relay` consists of: wiring, nothing else."""

from pathlib import Path

import asyncpg

from milepost.contracts.documents.addresses import dataschemas
from milepost.contracts.published import PUBLISHED
from milepost.events.relay.relay import Relay
from milepost.events.store.postgres import PostgresLog
from milepost.operations.console.integrity.worker import checks_of_stream, look_again_and_again
from milepost.operations.serving.lifecycle import stop_signal
from milepost.operations.serving.process import alive, probes_of, process_pool, run_process
from milepost.web.settings import Settings


def run_relay(health_port: int | None, data_dir: Path | None) -> None:
    run_process("relay", lambda settings: _relay(settings, health_port), data_dir)


async def _relay(settings: Settings, health_port: int | None) -> None:
    stop, probes = await stop_signal(), probes_of(settings, health_port)
    async with process_pool(settings, "relay", size=12) as pool:
        relay = relay_of(settings, pool)
        checks = look_again_and_again(pool, checks_of_stream(pool, settings))
        await alive(settings, pool, stop, relay.run(), checks, probes=probes)


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
