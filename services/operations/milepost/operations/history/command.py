"""`milepost import`: a school's history, through the services' own rules."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from milepost.events.runtime.event_loop import run
from milepost.operations.history.import_history import Imported, import_past
from milepost.operations.history.oulad import read_dataset, require_tables
from milepost.operations.history.oulad_school import past_of
from milepost.operations.history.past import Past
from milepost.operations.installation.connection import connected, load_settings, reachable
from milepost.operations.installation.tenants import require_tenant
from milepost.operations.terminal.errors import Trouble, check_all
from milepost.operations.terminal.options import AsJson, DataDir
from milepost.operations.terminal.tables import print_table
from milepost.web.telemetry.logs import configure_logging

app = typer.Typer(no_args_is_help=True)


@app.callback()
def of_a_kind() -> None:
    """Bring a school's history in: once, however often it is run."""


@app.command()
def oulad(
    folder: Annotated[
        Path,
        typer.Argument(help="Where its tables are, as .csv, .csv.gz or .csv.xz.", metavar="FOLDER"),
    ],
    tenant: Annotated[str, typer.Option(help="The school it becomes.")] = "ou",
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """The Open University Learning Analytics Dataset. What an earlier run has done stays done."""
    check_all(lambda: require_tenant(tenant), lambda: require_tables(folder))
    settings = connected(load_settings(data_dir))
    configure_logging(settings)
    past = past_of(read_dataset(folder))
    try:
        with reachable(), _bar(past) as bar:
            imported = run(import_past(settings, past, tenant, bar))
    except KeyboardInterrupt as stopped:
        raise Trouble("Stopped. What is done stays done: run it again to go on.") from stopped
    if as_json:
        typer.echo(msgspec.json.encode(imported).decode())
    else:
        print_table(_table(imported))


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        return Text(f"{task.speed or 0:,.0f} rows/s", style="progress.data.speed")


@contextmanager
def _bar(past: Past) -> Iterator[Callable[[int], object]]:
    """On a terminal's stderr; elsewhere silent."""
    console = Console(stderr=True)
    columns = (
        TextColumn("importing"),
        BarColumn(),
        TaskProgressColumn(),
        _Rate(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task("", total=past.size)
        yield lambda rows: progress.advance(task, rows)


def _table(imported: Imported) -> Table:
    table = Table("what", "count")
    facts = msgspec.to_builtins(imported)
    refusals = facts.pop("refusals")
    refused_courses = facts.pop("refused_courses")
    for name, count in facts.items():
        table.add_row(name, f"{count:,}")
    for reason, count in refusals.items():
        table.add_row(f"refused: {reason}", f"{count:,}")
    for offering, reason in refused_courses.items():
        table.add_row(f"refused course: {offering}", reason)
    return table
