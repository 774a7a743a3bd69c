"""`milepost stream rebuild`: the stream in NATS, made anew from the log."""

import asyncio
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import asyncpg
import msgspec
import typer
from nats.js import JetStreamContext
from rich.table import Table

from milepost.contracts.published import PUBLISHED
from milepost.events.nats import jetstream
from milepost.events.relay.reconcile import compare
from milepost.events.relay.strays import forget_strays, strays_by_tenant
from milepost.events.relay.stream_inventory import OnProgress, StreamInventory
from milepost.events.relay.stream_rebuild import Durable, Found, look, make_anew
from milepost.events.relay.unpublishable import left_out
from milepost.events.runtime.event_loop import run
from milepost.events.store.postgres import PostgresLog, connect_pool
from milepost.operations.commands.events.reconcile import relaying
from milepost.operations.installation.connection import connected, load_settings, reachable
from milepost.operations.installation.named_servers import require_answering
from milepost.operations.terminal.errors import Trouble
from milepost.operations.terminal.options import AsJson, DataDir, DryRun
from milepost.operations.terminal.progress import bars
from milepost.operations.terminal.tables import print_table
from milepost.web.settings import Settings
from milepost.web.telemetry.logs import configure_logging

PATIENCE_SECONDS = 30.0
# When nothing came for so long, it is looked at whether anything is missing.
SILENT_SECONDS = 5.0
POLL_SECONDS = 0.2

app = typer.Typer(no_args_is_help=True)


@app.callback()
def stream() -> None:
    """The stream in NATS, which is a copy of what the log published."""


@app.command()
def rebuild(
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Delete the stream, make it anew and publish the whole log again.

    For a stream that holds what this log did not write. Durable consumers are kept, and get
    everything again: subscribers must ignore the `ce-id`s that they know. Commands and dashboards
    go on meanwhile.

    Example: milepost stream rebuild --dry-run
    """
    settings = connected(load_settings(data_dir))
    configure_logging(settings)
    with reachable():
        plan = run(_plan(settings))
        if not as_json:
            _show(plan)
        if not dry_run:
            _ask(yes=yes)
            plan |= run(_rebuild(settings))
    if as_json:
        typer.echo(msgspec.json.encode({"dry_run": dry_run, **plan}).decode())
    elif not dry_run:
        typer.echo(f"The stream holds {plan['published']:,} of {plan['events']:,} events.")
    if plan.get("not_made"):
        raise Trouble(
            f"These consumers could not be made again: {', '.join(plan['not_made'])}. What they"
            " were is in the lines `stream_consumer_kept` above."
        )
    if not dry_run and plan["published"] < plan["events"]:
        raise Trouble("The relay stands still: its log says why, `milepost doctor` helps.")


async def _plan(settings: Settings) -> dict[str, Any]:
    await require_answering(settings)
    async with (
        await connect_pool(settings.postgres, name="milepost stream", size=2) as pool,
        jetstream.connected(settings.nats_server, "stream") as client,
    ):
        found = await look(client.jetstream())
        strays = await strays_by_tenant(pool)
    return {
        "messages": found.messages,
        "strays": sum(one.messages for one in strays),
        "consumers": [_row(one) for one in found.durables],
    }


def _row(one: Durable) -> dict[str, Any]:
    return {"name": one.name, "subjects": one.subjects, "pending": one.pending}


def _show(plan: Mapping[str, Any]) -> None:
    table = Table("durable consumer", "subjects", "not sent yet")
    for one in plan["consumers"]:
        table.add_row(one["name"], " ".join(one["subjects"]), f"{one['pending']:,}")
    print_table(table)
    typer.echo(
        f"{plan['messages']:,} messages are deleted, {plan['strays']:,} of them known not to be the"
        " log's; all events are published again, and these consumers get them again."
    )


def _ask(*, yes: bool) -> None:
    """Raises `Trouble` where nobody can answer, `typer.Abort` when the answer is no."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise Trouble("Nobody is here to be asked: say --yes.")
    typer.confirm("Make the stream anew?", abort=True, err=True)


async def _rebuild(settings: Settings) -> dict[str, Any]:
    began = time.monotonic()
    async with (
        await connect_pool(settings.postgres, name="milepost stream", size=12) as pool,
        jetstream.connected(settings.nats_server, "stream") as client,
    ):
        js = client.jetstream()
        not_made = await _emptied(pool, js, await look(js), settings.nats_replicas)
        with bars() as on_progress:
            async with relaying(pool, settings):
                events, published = await _filled(pool, js, on_progress)
    return {
        "events": events,
        "published": published,
        "not_made": [one.name for one in not_made],
        "seconds": round(time.monotonic() - began, 3),
    }


async def _emptied(
    pool: asyncpg.Pool, js: JetStreamContext, found: Found, replicas: int
) -> Sequence[Durable]:
    not_made = await make_anew(js, found, replicas)
    await forget_strays(pool)
    return not_made


async def _filled(
    pool: asyncpg.Pool, js: JetStreamContext, on_progress: OnProgress
) -> tuple[int, int]:
    """How many events there are to publish, and how many of them the stream has in the end."""
    clock = asyncio.get_running_loop().time
    events, _ = await _missing(pool, StreamInventory(js), on_progress)
    before, moved_at, missing = -1, clock(), events
    while missing and clock() - moved_at < PATIENCE_SECONDS:
        info = await jetstream.stream_info(js)
        messages = info.state.messages if info else 0
        on_progress("stream", min(messages, events), events)
        if messages != before:
            before, moved_at = messages, clock()
        if messages >= events or clock() - moved_at > SILENT_SECONDS:
            inventory = StreamInventory(js)
            await inventory.read_on(lambda *_: None)
            events, missing = await _missing(pool, inventory, lambda *_: None)
        await asyncio.sleep(POLL_SECONDS)
    return events, events - missing


async def _missing(
    pool: asyncpg.Pool, inventory: StreamInventory, on_progress: OnProgress
) -> tuple[int, int]:
    """How many events can be published, and how many of them the stream has not."""
    log, out = PostgresLog(pool), await left_out(pool)
    gaps = await compare(log, inventory, tuple(PUBLISHED), None, on_progress, left_out=out)
    findings = [one.finding for one in gaps]
    events = sum(one.events - one.parked - one.skipped for one in findings)
    return events, sum(len(one.missing) for one in gaps)
