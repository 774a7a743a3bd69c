"""`milepost bench NAME`: figures of this machine, each beside its yardstick from the same run."""

from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from milepost.operations.bench import append, commands, importing, rebuild
from milepost.operations.bench.figures import Measured
from milepost.operations.connection import settings
from milepost.process.logs import configure_logging
from milepost.process.server import run
from milepost.process.settings import Settings

app = typer.Typer(no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="One JSON object on the last line.")]
Data = Annotated[
    Path, typer.Argument(help="The folder with OULAD's files.", envvar="MILEPOST_OULAD")
]
Measure = Callable[[Settings], Coroutine[Any, Any, Measured]]


@app.command("append")
def bench_append(
    seconds: Annotated[float, typer.Option(help="Per figure.", min=1)] = 4.0,
    as_json: AsJson = False,
) -> None:
    """Events a second through the log's append call; against pgbench inserting single rows."""
    _run(lambda given: append.measure(given, seconds), as_json=as_json)


@app.command("commands")
def bench_commands(
    count: Annotated[int, typer.Option(help="Learners who enroll.", min=100)] = 20_000,
    connections: Annotated[int, typer.Option(min=1, max=1024)] = 64,
    as_json: AsJson = False,
) -> None:
    """Durable commands a second over HTTP; against pgbench inserting single rows."""
    _run(lambda given: commands.measure(given, count, connections), as_json=as_json)


@app.command("rebuild")
def bench_rebuild(
    events: Annotated[int, typer.Option(help="Events in the log.", min=1000)] = 1_000_000,
    as_json: AsJson = False,
) -> None:
    """Events a second rebuilding all read models; against COPY of the same events."""
    _run(lambda given: rebuild.measure(given, events), as_json=as_json)


@app.command("import")
def bench_import(
    data: Annotated[
        Path, typer.Argument(help="The folder with OULAD's files.", envvar="MILEPOST_OULAD")
    ],
    as_json: AsJson = False,
) -> None:
    """Seconds to import OULAD into a running Milepost."""
    _run(lambda given: importing.measure(given, data), as_json=as_json)


def _run(measure: Measure, *, as_json: bool) -> None:
    given = msgspec.structs.replace(settings(), log_level="warning")
    configure_logging(given)
    measured = run(measure(given))
    if as_json:
        typer.echo(msgspec.json.encode(measured.as_json()).decode())
    else:
        Console().print(_table(measured))


def _table(measured: Measured) -> Table:
    table = Table(title=measured.name, title_justify="left")
    table.add_column("figure")
    table.add_column("value", justify="right")
    for name, value in measured.figures.items():
        table.add_row(name, f"{value:,}")
    if measured.yardstick:
        table.add_section()
        table.add_row(
            f"yardstick per second\n({measured.yardstick})", f"{measured.yardstick_per_second:,}"
        )
        table.add_row("ratio", f"{measured.ratio:,}")
    table.add_row("target", measured.target)
    return table
