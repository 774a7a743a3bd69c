"""`milepost tail`: published events as NATS brings them, until Ctrl-C."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Annotated

import msgspec
import nats.js.errors
import typer
from nats.js import JetStreamContext
from nats.js.api import DeliverPolicy

from milepost.events.log import Recorded
from milepost.events.nats import jetstream
from milepost.events.nats.cloudevents import Foreign, recorded_from
from milepost.events.nats.connection import Server
from milepost.operations.installation.connection import connected, load_settings, reachable
from milepost.operations.installation.named_servers import require_answering
from milepost.operations.installation.published import require_published
from milepost.operations.installation.tenants import require_tenant
from milepost.operations.terminal.errors import check_all
from milepost.operations.terminal.options import DataDir, OneTenant
from milepost.web.settings import Settings

app = typer.Typer()


@app.command()
def tail(
    tenant: OneTenant = None,
    event: Annotated[
        str | None,
        typer.Option(help="These events only, as credential_awarded.", show_default="all"),
    ] = None,
    from_start: Annotated[
        bool, typer.Option("--from-start", help="Begin with the first there is, not the next.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="A JSON object a line.")] = False,
    data_dir: DataDir = None,
) -> None:
    """Follow published events as they happen, until Ctrl-C. A school need not be there yet.

    Example: milepost tail --event credential_awarded
    """
    subject = _subject(tenant, event)
    settings = connected(load_settings(data_dir))
    with reachable(), suppress(KeyboardInterrupt, BrokenPipeError):
        asyncio.run(_print(settings, subject, from_start=from_start, as_json=as_json))


def _subject(tenant: str | None, event: str | None) -> str:
    """Raises `WrongUsage`."""
    check_all(
        lambda: require_tenant(tenant or "any"), lambda: require_published([event] if event else [])
    )
    return f"milepost.{tenant or '*'}.*.{event or '*'}"


async def _print(settings: Settings, subject: str, *, from_start: bool, as_json: bool) -> None:
    await require_answering(settings)
    typer.echo(f"Following {subject}; Ctrl-C ends it.", err=True)
    async for recorded in follow(
        settings.nats_server, subject, from_start=from_start, on_stray=_passed_over
    ):
        sys.stdout.write((_json(recorded) if as_json else _line(recorded)) + "\n")
        sys.stdout.flush()


def _passed_over(subject: str, count: int) -> None:
    """At the first, the second, the fourth, …: there may be many."""
    if count & (count - 1) == 0:
        typer.echo(
            f"Passed over: {subject} is no event of Milepost's ({count:,} by now).", err=True
        )


async def follow(
    server: Server,
    subject: str,
    *,
    from_start: bool = False,
    on_stray: Callable[[str, int], None] = lambda _subject, _count: None,
) -> AsyncIterator[Recorded]:
    """Events of a subject in order, without end: from the first, or those still to come.

    What Milepost did not write is passed over; `on_stray` gets its subject, and which it was.
    """
    strays = 0
    async with jetstream.connected(server, "tail") as client:
        js = client.jetstream()
        await _stream(js)
        policy = DeliverPolicy.ALL if from_start else DeliverPolicy.NEW
        subscription = await js.subscribe(
            subject, stream=jetstream.STREAM, ordered_consumer=True, deliver_policy=policy
        )
        while True:
            message = await subscription.next_msg(timeout=None)
            try:
                recorded = recorded_from(message.headers or {}, message.data)
            except Foreign:
                strays += 1
                on_stray(message.subject, strays)
            else:
                yield recorded


async def _stream(js: JetStreamContext) -> None:
    """Wait until the relay has made the stream."""
    while True:
        with suppress(nats.js.errors.NotFoundError):
            await js.stream_info(jetstream.STREAM)
            return
        await asyncio.sleep(0.5)


def _line(event: Recorded) -> str:
    at = event.occurred_at.strftime("%Y-%m-%d %H:%M:%S")
    where = f"{event.tenant}/{event.position}"
    return f"{at}  {where:<16} {event.type:<22} {event.stream}  {event.data.decode()}"


def _json(event: Recorded) -> str:
    fields = msgspec.structs.asdict(event)
    fields["data"], fields["metadata"] = msgspec.Raw(event.data), msgspec.Raw(event.metadata)
    return msgspec.json.encode(fields).decode()
