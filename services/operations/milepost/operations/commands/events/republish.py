"""`milepost republish`: a part of a school's events again, for one subscriber's catch-up."""

import time
from collections import Counter
from typing import Annotated, Any

import typer
from msgspec import json
from nats.js import JetStreamContext

from milepost.contracts.documents.addresses import dataschemas
from milepost.contracts.published import PUBLISHED
from milepost.events.event import name_of
from milepost.events.log import Log
from milepost.events.nats import jetstream
from milepost.events.relay.republish import (
    MAX_AGE_SECONDS,
    NobodyListens,
    Part,
    Stopped,
    SubjectUnfit,
    count,
    republish,
    stream_for,
)
from milepost.events.runtime.event_loop import run
from milepost.events.store.postgres import PostgresLog, connect_pool
from milepost.operations.installation.connection import connected, load_settings, reachable
from milepost.operations.installation.named_servers import require_answering
from milepost.operations.installation.published import require_published
from milepost.operations.installation.tenants import require_known, require_tenant
from milepost.operations.terminal.errors import Trouble, check_all
from milepost.operations.terminal.options import AsJson, DataDir
from milepost.operations.terminal.progress import bars
from milepost.web.settings import Settings
from milepost.web.telemetry.logs import configure_logging

app = typer.Typer()


@app.command("republish")
def republish_part(
    *,
    tenant: Annotated[str, typer.Option(help="The school.")],
    first: Annotated[
        int, typer.Option("--from", help="From this position of its log on; 1 is the first.", min=1)
    ],
    subject: Annotated[str, typer.Option(help="Where to, as republish.ou.payroll.")],
    last: Annotated[
        int | None,
        typer.Option("--to", help="Up to this position.", show_default="the newest", min=1),
    ] = None,
    event: Annotated[
        list[str] | None,
        typer.Option(
            help="These events only, as credential_awarded; may be given several times.",
            show_default="all",
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Count the events; publish none.")
    ] = False,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Publish events again to a subject of one subscriber's own.

    The subscriber `payroll` of `ou` may read republish.ou.payroll, and no other. Under republish.>
    they are kept for a week; any other subject needs a stream that takes it.

    Example: milepost republish --tenant ou --from 1 --subject republish.ou.payroll
    """
    check_all(lambda: require_tenant(tenant), lambda: require_published(event or []))
    tags = tuple(tag for tag in PUBLISHED if not event or name_of(tag) in event)
    settings = connected(load_settings(data_dir))
    configure_logging(settings)
    part = Part(tenant, first, last or 0, tags)
    with reachable():
        told = run(_republish(settings, part, subject, dry_run=dry_run))
    typer.echo(json.encode(told).decode() if as_json else _sentence(told))


async def _republish(
    settings: Settings, asked: Part, subject: str, *, dry_run: bool
) -> dict[str, Any]:
    await require_answering(settings)
    async with (
        await connect_pool(settings.postgres, name="milepost republish", size=2) as pool,
        jetstream.connected(settings.nats_server, "republish") as client,
    ):
        log = PostgresLog(pool)
        part = await _within(log, asked)
        stream = await _stream(
            client.jetstream(), subject, settings.nats_replicas, make=not dry_run
        )
        began = time.monotonic()
        with bars() as on_progress:
            try:
                if dry_run:
                    counts = await count(log, part, on_progress)
                else:
                    counts = await republish(
                        log,
                        client,
                        PUBLISHED,
                        part,
                        subject,
                        on_progress=on_progress,
                        dataschemas=dataschemas(settings.public_origin),
                    )
            except Stopped as stop:
                raise Trouble(
                    f"{stream} refused position {stop.position} ({stop}): mend that, then go on"
                    f" with --from {stop.position}."
                ) from stop
        seconds = time.monotonic() - began
    return {
        "tenant": part.tenant,
        "from": part.first,
        "to": part.last,
        "subject": subject,
        "stream": stream,
        "dry_run": dry_run,
        **_figures(counts, seconds),
    }


def _figures(counts: Counter[str], seconds: float) -> dict[str, Any]:
    by_event: Counter[str] = Counter()
    for tag, number in counts.items():
        by_event[name_of(tag)] += number
    return {
        "events": by_event.total(),
        "by_event": dict(by_event.most_common()),
        "seconds": round(seconds, 3),
        "messages_per_second": round(by_event.total() / seconds),
    }


async def _within(log: Log, part: Part) -> Part:
    """The part with its end. Raises `Trouble`."""
    heads = await log.heads()
    require_known(part.tenant, heads)
    head = heads[part.tenant]
    last = part.last or head
    if not part.first <= last <= head:
        raise Trouble(
            f"{part.tenant} has positions 1 to {head}: --from {part.first} --to {last} is not a"
            " part of them."
        )
    return Part(part.tenant, part.first, last, part.tags)


async def _stream(
    js: JetStreamContext, subject: str, replicas: int = 1, *, make: bool = True
) -> str:
    """Raises `Trouble`."""
    try:
        return await stream_for(js, subject, replicas=replicas, make=make)
    except SubjectUnfit as unfit:
        raise Trouble(
            f"{subject!r} cannot be published to: what is inside `milepost.>` would reach every"
            " subscriber again, and wildcards name no place. Use republish.NAME."
        ) from unfit
    except NobodyListens as silence:
        days = MAX_AGE_SECONDS // 86_400
        raise Trouble(
            f"No stream takes {subject!r}: the messages would vanish. Use republish.NAME, which is"
            f" kept for {days} days, or make a stream for it."
        ) from silence


def _sentence(told: dict[str, Any]) -> str:
    where = f"{told['tenant']}/{told['from']} to {told['to']}"
    parts = ", ".join(f"{name} {number:,}" for name, number in told["by_event"].items())
    listed = f" ({parts})" if parts else ""
    if told["dry_run"]:
        return f"{where}: {told['events']:,} events to republish{listed}."
    return (
        f"{where}: {told['events']:,} events{listed} published again to {told['subject']} in"
        f" {told['stream']}, {told['messages_per_second']:,}/s."
    )
