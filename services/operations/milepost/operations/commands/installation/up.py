"""`milepost up` and `milepost migrate`."""

import os
from pathlib import Path

import msgspec
import typer

from milepost.events.store.migrations import migrate
from milepost.events.store.postgres import owner_connection
from milepost.operations.installation.connection import connected, reachable, settings
from milepost.operations.installation.data_directory import Runtime
from milepost.operations.installation.named_servers import named
from milepost.operations.local.supervisor import up
from milepost.operations.rooms import schemas
from milepost.operations.serving.lifecycle import told_to_stop
from milepost.web.server import run
from milepost.web.settings import Settings
from milepost.web.telemetry.logs import configure_logging


def run_up(data_dir: Path | None, host: str | None, port: int | None) -> None:
    given = settings(data_dir)
    given = msgspec.structs.replace(
        given,
        host=given.host if host is None else host,
        port=given.port if port is None else port,
    )
    configure_logging(given)
    with reachable():
        run(_up(given))


async def _up(given: Settings) -> None:
    await up(given, await told_to_stop(), lambda runtime: _announce(given, runtime))


def _announce(given: Settings, runtime: Runtime) -> None:
    where = "" if "MILEPOST_DATA_DIR" in os.environ else f" --data-dir {given.data_dir.resolve()}"
    typer.echo(f"Milepost is up at {runtime.http} (OpenAPI: {runtime.http}/schema/openapi.json)")
    for variable, address in named(given).items():
        typer.echo(f"Not its own: {address}, which {variable} names")
    typer.echo(f"A token: milepost token --role operator{where}    Stop: Ctrl-C")


def run_migrate(data_dir: Path | None, *, as_json: bool) -> None:
    given = connected(settings(data_dir))
    with reachable():
        names = run(_migrate(given.postgres))
    if as_json:
        typer.echo(msgspec.json.encode({"applied": names}))
        return
    for name in names:
        typer.echo(f"applied {name}")
    if not names:
        typer.echo("The database is up to date: nothing was to be done.")


async def _migrate(postgres: str) -> list[str]:
    async with owner_connection(postgres) as connection:
        return await migrate(connection, schemas())
