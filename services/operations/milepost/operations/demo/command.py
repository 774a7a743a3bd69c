"""`milepost demo`: everything started, a small school's term in half a minute, and what came of it.

With DEMO_ONCE=1 it ends there; else it serves until Ctrl-C. Each run has a school of its own.
"""

import asyncio
import os
import sys
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import httpx2
import msgspec
import typer
from rich.console import Console

from milepost.events.runtime.event_loop import run
from milepost.operations.client.front_end import FrontEnd
from milepost.operations.commands.installation.up import set_sign_in
from milepost.operations.demo.feed import live_feed
from milepost.operations.demo.figures import Figures
from milepost.operations.installation.connection import load_settings, reachable
from milepost.operations.installation.data_directory import Runtime
from milepost.operations.local.supervisor import up
from milepost.operations.serving.lifecycle import stop_signal
from milepost.operations.simulation.command import issuing, play
from milepost.operations.simulation.plan import plan_school
from milepost.operations.terminal.tables import print_table
from milepost.web.server import AddressTaken, require_free
from milepost.web.settings import Settings
from milepost.web.telemetry.logs import configure_logging

app = typer.Typer()


@app.command()
def demo(
    learners: Annotated[int, typer.Option(help="How many there are.", min=1, max=10_000)] = 300,
    seconds: Annotated[
        float, typer.Option(help="How many seconds the ten weeks take.", min=0)
    ] = 20,
    data_dir: Annotated[
        Path | None,
        typer.Option(help="The folder in which all of it is kept.", show_default=".milepost/demo"),
    ] = None,
) -> None:
    """Start everything and watch a small school; with DEMO_ONCE=1 it ends by itself.

    Without, it goes on serving until Ctrl-C.
    """
    # The processes it starts read it, too: the screen is for the school.
    os.environ.setdefault("MILEPOST_LOG_LEVEL", "error")
    settings = load_settings(data_dir or Path(".milepost") / "demo")
    settings = msgspec.structs.replace(settings, port=_free(settings))
    configure_logging(settings)
    set_sign_in(settings, asked=False)
    with reachable():
        run(_demo(settings, Console(), learners, seconds))


async def _demo(settings: Settings, console: Console, learners: int, seconds: float) -> None:
    stop = await stop_signal()
    ready: asyncio.Future[Runtime] = asyncio.get_running_loop().create_future()
    console.print("Starting Postgres, NATS and the services …")
    running = asyncio.create_task(up(settings, stop, ready.set_result))
    showing_all = asyncio.create_task(_show(settings, console, ready, learners, seconds))
    await asyncio.wait((running, showing_all), return_when=asyncio.FIRST_COMPLETED)
    if running.done():
        showing_all.cancel()
    elif showing_all.exception() or os.environ.get("DEMO_ONCE"):
        stop.set()
    await running
    with suppress(asyncio.CancelledError):
        await showing_all


async def _show(
    settings: Settings,
    console: Console,
    ready: "asyncio.Future[Runtime]",
    learners: int,
    seconds: float,
) -> None:
    runtime = await ready
    now = datetime.now(UTC)
    tenant = f"demo-{now:%Y%m%d-%H%M%S}"
    token = issuing(settings, tenant)
    school = plan_school(learners, 1, now)
    console.print(f"Ten weeks of a school with {learners} learners ({tenant}):")
    async with live_feed(console, runtime.nats, tenant) as feed:
        await play(runtime.http, token, school, seconds, lambda _: None)
        async with httpx2.AsyncClient(base_url=runtime.http, trust_env=False) as client:
            figures = Figures(FrontEnd(client, token))
            await figures.wait_until_idle()
            tables = [await figures.offerings(), await figures.credentials(), await figures.log()]
    feed.print_summary(console)
    for table in tables:
        print_table(table)
    if os.environ.get("DEMO_ONCE"):
        console.print("It ends here; without DEMO_ONCE `make demo` keeps it running.")
    else:
        _tell_where(settings, console, runtime, tenant, token("someone", "operator"))


def _tell_where(
    settings: Settings, console: Console, runtime: Runtime, tenant: str, token: str
) -> None:
    command = os.path.relpath(sys.argv[0])
    here = f"--data-dir {settings.data_dir}"
    dashboards = f"{runtime.http}/dashboards/offerings"
    lines = {
        "The pages": f"{runtime.http}/sign-in?school={tenant}",
        "The API": f"{runtime.http}/docs",
        "Dashboards": dashboards,
        "A token": token,
        "Ask with it": f'curl -H "Authorization: Bearer $TOKEN" {dashboards}',
        "Follow awards": f"{command} tail --tenant {tenant} --event credential_awarded {here}",
        "Another term": f"{command} simulate --tenant another {here}",
    }
    for name, line in lines.items():
        console.print(f"[bold]{name:<14}[/bold] {line}", highlight=False, soft_wrap=True)
    console.print("\nStop with Ctrl-C.")


def _free(settings: Settings) -> int:
    """The usual port, or any when somebody has it."""
    try:
        require_free(settings.host, settings.port)
    except AddressTaken:
        return 0
    return settings.port
