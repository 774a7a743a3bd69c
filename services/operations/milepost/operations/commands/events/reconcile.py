"""`milepost relay --reconcile`: finds and mends what JetStream lost, beside running relays."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import typer
from nats.aio.client import Client
from rich.table import Table

from milepost.contracts.published import PUBLISHED
from milepost.events.log import Log
from milepost.events.nats import jetstream
from milepost.events.relay.reconcile import (
    Finding,
    Gaps,
    Mending,
    RelayStandsStill,
    RelayTooBusy,
    compare,
    until_relayed,
)
from milepost.events.relay.relay import Relay
from milepost.events.relay.stream_inventory import OnProgress, StreamInventory, StreamSetBack
from milepost.events.runtime.cancellation import cancel_and_wait
from milepost.events.store.postgres import PostgresLog, connect_pool
from milepost.operations.installation.connection import connected, load_settings, reachable
from milepost.operations.installation.named_servers import require_answering
from milepost.operations.installation.tenants import require_school
from milepost.operations.terminal.errors import Trouble
from milepost.operations.terminal.progress import bars
from milepost.operations.terminal.tables import print_table
from milepost.web.server import run
from milepost.web.settings import Settings
from milepost.web.telemetry.logs import configure_logging


def run_reconcile(
    tenant: str | None, data_dir: Path | None, *, dry_run: bool, as_json: bool
) -> None:
    settings = connected(load_settings(data_dir))
    configure_logging(settings)
    with reachable():
        try:
            told = run(_reconcile(settings, tenant, dry_run=dry_run))
        except StreamSetBack as error:
            raise Trouble("The stream was emptied or set back meanwhile: begin anew.") from error
        except RelayStandsStill as error:
            raise Trouble(
                "The relay that leads publishes nothing: its log says why, `milepost doctor` helps."
            ) from error
        except RelayTooBusy as error:
            raise Trouble("The relay is too busy to be interrupted: try again later.") from error
    if as_json:
        typer.echo(msgspec.json.encode(told).decode())
    else:
        _show(told, dry_run=dry_run)


async def _reconcile(settings: Settings, tenant: str | None, *, dry_run: bool) -> dict[str, Any]:
    await require_answering(settings)
    began = time.monotonic()
    pool = await connect_pool(settings.postgres, name="milepost reconcile", size=4)
    async with pool, jetstream.connected(settings.nats, "reconcile") as client:
        log, inventory = PostgresLog(pool), StreamInventory(client.jetstream(), tenant or "*")
        await require_school(pool, tenant)
        with bars() as on_progress:
            await inventory.read_on(on_progress)
            gaps = await compare(log, inventory, tuple(PUBLISHED), tenant, on_progress)
            mended: Mapping[str, int] = {}
            if not dry_run:
                async with _relaying(log, settings):
                    mended = await _mended(log, client, inventory, gaps, on_progress)
    findings = [one.finding for one in gaps]
    return {
        "dry_run": dry_run,
        "events": sum(one.events for one in findings),
        "lost": sum(one.lost for one in findings),
        "behind": sum(one.behind for one in findings),
        "mended": sum(mended.values()),
        "seconds": round(time.monotonic() - began, 3),
        "tenants": [_row(one, mended) for one in findings],
    }


@asynccontextmanager
async def _relaying(log: Log, settings: Settings) -> AsyncIterator[None]:
    """Publish what is missing at the end, unless a relay leads already and does it."""
    replicas = settings.nats_replicas
    relay = Relay(log, settings.postgres, settings.nats, PUBLISHED, replicas=replicas)
    relaying = asyncio.create_task(relay.run())
    try:
        yield
    finally:
        await cancel_and_wait(relaying)


async def _mended(
    log: Log,
    client: Client,
    inventory: StreamInventory,
    gaps: Sequence[Gaps],
    on_progress: OnProgress,
) -> dict[str, int]:
    await until_relayed(client.jetstream(), gaps)
    mending = Mending(log, client, PUBLISHED, inventory)
    return {one.finding.tenant: await mending.mend(one, on_progress) for one in gaps}


def _row(finding: Finding, mended: Mapping[str, int]) -> dict[str, Any]:
    return {**msgspec.structs.asdict(finding), "mended": mended.get(finding.tenant, 0)}


def _show(told: Mapping[str, Any], *, dry_run: bool) -> None:
    columns = ("events", "lost", "behind", "mended", "discarded", "doubled", "strange")
    table = Table("school")
    for column in columns:
        table.add_column(column, justify="right")
    for row in told["tenants"]:
        table.add_row(row["tenant"], *(f"{row[column]:,}" for column in columns))
    print_table(table)
    if not told["lost"] + told["behind"]:
        typer.echo("The stream holds everything that was published.")
    elif dry_run:
        typer.echo("Nothing was changed; without --dry-run what is missing is published.")
    else:
        typer.echo(f"The stream is whole again: {told['mended']:,} events were mended.")
    if any(row["strange"] for row in told["tenants"]):
        typer.echo(
            "The stream holds positions that this log did not publish: it belongs to another"
            " database, or the database was set back. Delete the stream, and the relay fills it.",
            err=True,
        )
