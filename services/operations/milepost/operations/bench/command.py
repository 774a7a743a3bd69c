"""`milepost bench NAME`: figures of this machine, each beside its yardstick from the same run."""

import asyncio
import os
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from milepost.events.runtime.event_loop import run
from milepost.operations.bench import everything, table
from milepost.operations.bench.figures import Measured, WentWrong
from milepost.operations.bench.measures import (
    append,
    bulk,
    commands,
    growth,
    import_oulad,
    lag,
    rebuild,
    relay,
    reports,
    seats,
    verify,
)
from milepost.operations.bench.measures.credentials import audit, settled, sign
from milepost.operations.bench.measures.dashboards import live, reads
from milepost.operations.bench.measures.dashboards import pages as homes
from milepost.operations.bench.measures.subscriptions import feed, webhooks
from milepost.operations.history.oulad import require_tables
from milepost.operations.installation.connection import load_settings
from milepost.operations.terminal.errors import Trouble, WrongUsage
from milepost.operations.terminal.options import AsJson
from milepost.operations.terminal.tables import print_table
from milepost.web.settings import Settings
from milepost.web.telemetry.logs import configure_logging

app = typer.Typer(no_args_is_help=True)

LIMIT_SECONDS = 900
OULAD = "MILEPOST_OULAD"

Quick = Annotated[bool, typer.Option("--quick", help="Small sizes: a look, not a figure.")]
Connections = Annotated[int, typer.Option(help="How many HTTP connections.", min=2, max=1024)]
Seconds = Annotated[float, typer.Option(help="How many seconds the load lasts.", min=1, max=600)]
PerSecond = Annotated[int, typer.Option(help="Events a second meanwhile.", min=1, max=20_000)]
Measure = Callable[[Settings], Coroutine[Any, Any, Measured]]


@app.command("append")
def bench_append(
    seconds: Annotated[float, typer.Option(help="Seconds per figure.", min=1, max=60)] = 4.0,
    as_json: AsJson = False,
) -> None:
    """Events a second through the log's append call; against pgbench inserting single rows."""
    _run("append", lambda settings: append.measure(settings, seconds), as_json=as_json)


@app.command("commands")
def bench_commands(
    count: Annotated[int, typer.Option(help="How many learners enroll.", min=100)] = 20_000,
    connections: Connections = 64,
    as_json: AsJson = False,
) -> None:
    """Durable commands over HTTP: how many a second, and the CPU time of each in the service."""
    _run(
        "commands", lambda settings: commands.measure(settings, count, connections), as_json=as_json
    )


@app.command("reports")
def bench_reports(
    singles: Annotated[int, typer.Option(help="How many come alone.", min=100)] = 10_000,
    batches: Annotated[int, typer.Option(help="How many batches of 100.", min=10)] = 600,
    as_json: AsJson = False,
) -> None:
    """Progress reports over HTTP, alone and in batches; against pgbench inserting single rows."""
    _run("reports", lambda settings: reports.measure(settings, singles, batches), as_json=as_json)


@app.command("seats")
def bench_seats(
    learners: Annotated[int, typer.Option(help="How many want a seat.", min=2)] = 5_000,
    count: Annotated[int, typer.Option("--seats", help="How many seats there are.", min=1)] = 100,
    connections: Connections = 64,
    as_json: AsJson = False,
) -> None:
    """Learners race for few seats over two processes; the log must show it exact and in order."""
    _run(
        "seats",
        lambda settings: seats.measure(settings, learners, count, connections),
        as_json=as_json,
    )


@app.command("bulk")
def bench_bulk(
    rows: Annotated[int, typer.Option(help="Rows in the file.", min=100, max=100_000)] = 100_000,
    as_json: AsJson = False,
) -> None:
    """Rows a second of a bulk job, from the upload on; against pgbench inserting single rows."""
    _run("bulk", lambda settings: bulk.measure(settings, rows), as_json=as_json)


@app.command("relay")
def bench_relay(
    events: Annotated[int, typer.Option(help="Events in the log, in bulk.", min=1_000)] = 250_000,
    seconds: Seconds = 5,
    per_second: PerSecond = 1_000,
    as_json: AsJson = False,
) -> None:
    """Messages a second from log to JetStream, and their latency; against nats-py alone."""
    _run(
        "relay",
        lambda settings: relay.measure(settings, events, seconds, per_second),
        as_json=as_json,
    )


@app.command("rebuild")
def bench_rebuild(
    events: Annotated[int, typer.Option(help="Events in the log.", min=1_000)] = 1_000_000,
    processes: Annotated[int, typer.Option(help="That fold.", min=1, max=8)] = 2,
    as_json: AsJson = False,
) -> None:
    """Events a second rebuilding all read models; against COPY of the same events."""
    _run("rebuild", lambda settings: rebuild.measure(settings, events, processes), as_json=as_json)


@app.command("verify")
def bench_verify(
    events: Annotated[int, typer.Option(help="Events in the log.", min=1_000)] = 1_000_000,
    as_json: AsJson = False,
) -> None:
    """Events a second that `log verify` checks; against COPY of the same events."""
    _run("verify", lambda settings: verify.measure(settings, events), as_json=as_json)


@app.command("audit")
def bench_audit(
    learners: Annotated[int, typer.Option(help="Learners in the school.", min=100)] = 50_000,
    as_json: AsJson = False,
) -> None:
    """Learners a second that `milepost audit` judges, each with a credential."""
    _run("audit", lambda settings: audit.measure(settings, learners), as_json=as_json)


@app.command("lag")
def bench_lag(
    seconds: Seconds = 10, per_second: PerSecond = 1_000, as_json: AsJson = False
) -> None:
    """From commit until all read models show it, while commands keep coming."""
    _run("lag", lambda settings: lag.measure(settings, seconds, per_second), as_json=as_json)


@app.command("settled")
def bench_settled(
    seconds: Seconds = 10,
    per_second: Annotated[int, typer.Option(help="Completions a second.", min=1, max=2_000)] = 200,
    as_json: AsJson = False,
) -> None:
    """From the report that completes a course until its credential is seen over HTTP."""
    _run(
        "settled", lambda settings: settled.measure(settings, seconds, per_second), as_json=as_json
    )


@app.command("sign")
def bench_sign(
    count: Annotated[int, typer.Option(help="How many badges.", min=10)] = 8_000,
    as_json: AsJson = False,
) -> None:
    """Open Badges that one core signs a second; against PyLD with the same key and badge."""
    _run("sign", lambda settings: sign.measure(settings, count), as_json=as_json)


@app.command("reads")
def bench_reads(
    events: Annotated[int, typer.Option(help="Behind the read models.", min=1_000)] = 1_000_000,
    queries: Annotated[int, typer.Option(help="Pages to ask for.", min=100)] = 20_000,
    connections: Connections = 64,
    as_json: AsJson = False,
) -> None:
    """Dashboard queries a second over HTTP; against the same SELECT by pgbench."""
    _run(
        "reads",
        lambda settings: reads.measure(settings, events, queries, connections),
        as_json=as_json,
    )


@app.command("pages")
def bench_pages(
    events: Annotated[int, typer.Option(help="Behind the read models.", min=1_000)] = 100_000,
    pages: Annotated[int, typer.Option(help="Homes of learners to open.", min=100)] = 20_000,
    connections: Connections = 32,
    as_json: AsJson = False,
) -> None:
    """Pages a second, as browsers open them; against GET /health/live of the same process."""
    _run(
        "pages",
        lambda settings: homes.measure(settings, events, pages, connections),
        as_json=as_json,
    )


@app.command("live")
def bench_live(
    pages: Annotated[int, typer.Option(help="Open pages.", min=2, max=4_000)] = 1_000,
    seconds: Seconds = 10,
    per_second: PerSecond = 50,
    as_json: AsJson = False,
) -> None:
    """What open pages cost that follow what changes; against one page."""
    _run(
        "live", lambda settings: live.measure(settings, pages, seconds, per_second), as_json=as_json
    )


@app.command("feed")
def bench_feed(
    events: Annotated[int, typer.Option(help="Events in the log.", min=1_000)] = 300_000,
    streams: Annotated[int, typer.Option(help="Event streams.", min=2, max=2_000)] = 1_000,
    seconds: Seconds = 5,
    as_json: AsJson = False,
) -> None:
    """Events a second to one HTTP subscriber, against COPY; and what open event streams cost."""
    _run("feed", lambda settings: feed.measure(settings, events, streams, seconds), as_json=as_json)


@app.command("webhooks")
def bench_webhooks(
    events: Annotated[int, typer.Option(help="Events in the log, in bulk.", min=1_000)] = 10_000,
    seconds: Seconds = 5,
    per_second: PerSecond = 200,
    as_json: AsJson = False,
) -> None:
    """Deliveries a second to a webhook, and their latency; against a bare HTTP client."""
    _run(
        "webhooks",
        lambda settings: webhooks.measure(settings, events, seconds, per_second),
        as_json=as_json,
    )


@app.command("import")
def bench_import(
    data: Annotated[Path, typer.Argument(help="The folder with OULAD's files.", envvar=OULAD)],
    as_json: AsJson = False,
) -> None:
    """Seconds to import OULAD into a running Milepost."""
    require_tables(data)
    _run("import", lambda settings: import_oulad.measure(settings, data), as_json=as_json)


@app.command("growth")
def bench_growth(
    millions: Annotated[
        str, typer.Option(help="Lengths in million events. The full measure is 1,5,10.")
    ] = "0.2,1,2",
    as_json: AsJson = False,
) -> None:
    """The time of an append and the rate of a rebuild as the log gets longer."""
    sizes = _sizes(millions)
    limit = LIMIT_SECONDS + 120 * sizes[-1]
    _run("growth", lambda settings: growth.measure(settings, sizes), as_json=as_json, limit=limit)


@app.command("memory")
def bench_memory(as_json: AsJson = False) -> None:
    """The most memory that each process takes while quick versions of the others run."""
    names = [name for name in _names() if name not in ("append", "verify", "growth")]
    found = _all(names, quick=True)
    _require_all(found)
    if as_json:
        _print_json(found[-1])
    else:
        print_table(table.of_all(found[-1:]))


@app.command("all")
def bench_all(quick: Quick = False, as_json: AsJson = False) -> None:
    """All of them, one after the other, as one table: about seven minutes, quick ones two."""
    found = _all(_names(), quick=quick)
    if as_json:
        _print_json({"name": "all", "quick": quick, "benchmarks": found})
    else:
        print_table(table.of_all(found))
        typer.secho(_foot(found, quick=quick), dim=True)
    _require_all(found)


def _run(name: str, measure: Measure, *, as_json: bool, limit: float = LIMIT_SECONDS) -> None:
    settings = msgspec.structs.replace(load_settings(), log_level="error")
    configure_logging(settings)
    try:
        with _progress() as tell:
            tell(name)
            measured = run(asyncio.wait_for(measure(settings), limit))
    except WentWrong as error:
        raise Trouble(f"{name}: {error}") from error
    except TimeoutError as error:
        raise Trouble(f"{name}: not done after {limit:.0f} s") from error
    if as_json:
        _print_json(measured.as_json())
    else:
        print_table(table.of_one(measured))


def _all(names: Sequence[str], *, quick: bool) -> list[dict[str, Any]]:
    with _progress() as tell:
        return run(everything.measure(names, tell, quick=quick))


def _names() -> list[str]:
    """Without the import where its data are not."""
    return [name for name in everything.QUICK if name != "import" or os.environ.get(OULAD)]


def _foot(found: Sequence[Mapping[str, Any]], *, quick: bool) -> str:
    lines = ["Yardsticks, each from the same run:", *table.yardsticks(found), ""]
    if "import" not in _names():
        lines.append(f"import is not there: {OULAD} does not name the folder with its data.")
    if quick:
        lines.append("Quick: small sizes. These are no figures to quote.")
    return "\n".join(lines)


def _require_all(found: Sequence[Mapping[str, Any]]) -> None:
    failed = [f"{one['name']}: {one['failed']}" for one in found if "failed" in one]
    if failed:
        raise Trouble("; ".join(failed))


def _print_json(found: Mapping[str, Any]) -> None:
    typer.echo(msgspec.json.encode(found).decode())


def _sizes(millions: str) -> list[float]:
    try:
        sizes = sorted(float(size) for size in millions.split(","))
    except ValueError:
        sizes = []
    if not sizes or not 0.001 <= sizes[0] <= sizes[-1] <= 1000:
        raise WrongUsage(f"--millions {millions}: name lengths from 0.001 to 1000, like 1,5,10.")
    return sizes


@contextmanager
def _progress() -> Iterator[Callable[[str], None]]:
    """A line on a terminal's stderr that says what is being measured; elsewhere silent."""
    console = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    quiet = not console.is_terminal
    # Seldom, for it is the same machine that is being measured.
    with Progress(
        *columns, console=console, disable=quiet, transient=True, refresh_per_second=2
    ) as line:
        task = line.add_task("")
        yield lambda what: line.update(task, description=f"measuring {what}")
