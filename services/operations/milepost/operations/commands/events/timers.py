"""`milepost timers`: what will follow from events by itself, and when."""

import asyncio
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from milepost.events.policies.timer_rows import Started, started
from milepost.events.store.postgres import connect_pool
from milepost.operations.installation.connection import connected, load_settings, reachable
from milepost.operations.installation.tenants import require_school
from milepost.operations.terminal.options import AsJson, DataDir, OneTenant

app = typer.Typer(no_args_is_help=True)


@app.callback()
def timers() -> None:
    """What will follow from events by itself, and when."""


@app.command("list")
def list_(
    tenant: OneTenant = None,
    limit: Annotated[int, typer.Option(help="So many at most.", min=1)] = 100,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """List the next to go off, and the events that started them. Times are UTC."""
    found = _started(data_dir, tenant, limit)
    if as_json:
        typer.echo(msgspec.json.encode(found))
    elif found:
        typer.echo("\n".join(map(_line, found)))
    else:
        typer.echo("Nothing is due, now or later.")


def _started(data_dir: Path | None, tenant: str | None, limit: int) -> list[Started]:
    async def run() -> list[Started]:
        async with await connect_pool(given.postgres, name="milepost timers", size=1) as pool:
            await require_school(pool, tenant)
            return await started(pool, tenant=tenant, limit=limit)

    given = connected(load_settings(data_dir))
    with reachable():
        return asyncio.run(run())


def _line(one: Started) -> str:
    where = f"{one.tenant}/{one.position}"
    return f"{one.due_at:%Y-%m-%d %H:%M:%S}  {one.timer}  {where}  {one.stream}  {one.type}"
