"""`milepost relay --reconcile`: finds and mends what JetStream lost, beside running relays.

It ends with 1 while anything is wrong: what lacks, what nobody has published, what is no event of
this log.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import typer
from nats.aio.client import Client
from rich.table import Table

from milepost.contracts.documents.addresses import dataschemas
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
from milepost.events.relay.strays import forget_strays
from milepost.events.relay.stream_inventory import StreamInventory, StreamSetBack
from milepost.events.relay.unpublishable import left_out
from milepost.events.runtime.cancellation import cancel_and_wait
from milepost.events.runtime.event_loop import run
from milepost.events.store.postgres import PostgresLog, connect_pool
from milepost.operations.installation.connection import connected, load_settings, reachable
from milepost.operations.installation.named_servers import require_answering
from milepost.operations.installation.tenants import require_school
from milepost.operations.serving.relay import relay_of
from milepost.operations.terminal.errors import Trouble
from milepost.operations.terminal.progress import bars
from milepost.operations.terminal.tables import print_table
from milepost.web.settings import Settings
from milepost.web.telemetry.logs import configure_logging

MOMENT_SECONDS = 3.0


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
    if not told["whole"]:
        raise typer.Exit(1)


async def _reconcile(settings: Settings, tenant: str | None, *, dry_run: bool) -> dict[str, Any]:
    await require_answering(settings)
    began = time.monotonic()
    pool = await connect_pool(settings.postgres, name="milepost reconcile", size=12)
    async with pool, jetstream.connected(settings.nats_server, "reconcile") as client:
        log, inventory = PostgresLog(pool), StreamInventory(client.jetstream(), tenant or "*")
        await require_school(pool, tenant)
        with bars() as on_progress:
            await inventory.read_on(on_progress)
            out = await left_out(pool)
            gaps = await compare(
                log, inventory, tuple(PUBLISHED), tenant, on_progress, left_out=out
            )
            mended: Mapping[str, int] = {}
            if dry_run:
                published = await _catches_up(log, client, inventory, gaps)
            else:
                mending = Mending(
                    log,
                    client,
                    PUBLISHED,
                    inventory,
                    dataschemas=dataschemas(settings.public_origin),
                    pool=pool,
                )
                async with relaying(pool, settings):
                    await until_relayed(log, client.jetstream(), inventory, gaps)
                    mended = {
                        one.finding.tenant: await mending.mend(one, on_progress) for one in gaps
                    }
                published = not mending.unpublishable
        findings = [one.finding for one in gaps]
        strange = sum(one.strange for one in findings)
        if not dry_run and tenant is None and not strange:
            await forget_strays(pool)
    told = _outcome(findings, mended, published=published, dry_run=dry_run)
    return {**told, "seconds": round(time.monotonic() - began, 3)}


def _outcome(
    findings: Sequence[Finding], mended: Mapping[str, int], *, published: bool, dry_run: bool
) -> dict[str, Any]:
    """`published`: all that could be is in the stream, or will be without us."""
    lost = sum(one.lost for one in findings)
    odd = sum(one.strange + one.parked for one in findings)
    return {
        "dry_run": dry_run,
        "whole": published and not odd and not (dry_run and lost),
        "events": sum(one.events for one in findings),
        "lost": lost,
        "behind": sum(one.behind for one in findings),
        "mended": sum(mended.values()),
        "tenants": [_row(one, mended) for one in findings],
    }


@asynccontextmanager
async def relaying(pool: asyncpg.Pool, settings: Settings) -> AsyncIterator[None]:
    """Publish what is missing at the end, unless a relay leads already and does it."""
    relaying = asyncio.create_task(relay_of(settings, pool).run())
    try:
        yield
    finally:
        await cancel_and_wait(relaying)


async def _catches_up(
    log: Log, client: Client, inventory: StreamInventory, gaps: Sequence[Gaps]
) -> bool:
    """Whether some relay publishes what is missing at the end: it may be a moment behind."""
    try:
        await until_relayed(
            log, client.jetstream(), inventory, gaps, patience_seconds=MOMENT_SECONDS
        )
    except RelayStandsStill:
        return False
    return True


def _row(finding: Finding, mended: Mapping[str, int]) -> dict[str, Any]:
    return {**msgspec.structs.asdict(finding), "mended": mended.get(finding.tenant, 0)}


def _show(told: Mapping[str, Any], *, dry_run: bool) -> None:
    columns = ["events", "lost", "behind", "mended", "discarded", "doubled", "strange"]
    columns += [one for one in ("parked", "skipped") if _total(told, one)]
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
        typer.echo(f"Nothing lacks any more: {told['mended']:,} events were mended.")
    if _total(told, "strange"):
        typer.echo(
            "The stream holds messages that this log did not write: of another publisher, or of"
            " before Postgres was set back. `milepost stream rebuild` makes it anew from the log.",
            err=True,
        )
    if _total(told, "parked"):
        typer.echo(
            "Some events could not be published: `milepost parked list --consumer relay` says why.",
            err=True,
        )


def _total(told: Mapping[str, Any], column: str) -> int:
    return sum(row[column] for row in told["tenants"])
