"""`milepost projections`: where the read models stand, and building them anew."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any, TypeVar

import asyncpg
import msgspec
import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from milepost.dashboards.read_models import READ_MODELS
from milepost.events.copies import Overtaken
from milepost.events.generations import BehindLive, RebuildUnderWay, abandon
from milepost.events.postgres_log import connect_pool
from milepost.events.projection import ReadModel
from milepost.events.rebuild import rebuild
from milepost.events.standings import Standing, standings
from milepost.operations.connection import connected, reachable, settings
from milepost.operations.trouble import Trouble
from milepost.process.logs import configure_logging
from milepost.process.server import run
from milepost.process.settings import Settings

T = TypeVar("T")

app = typer.Typer(no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="JSON on the last line.")]
Tenant = Annotated[str | None, typer.Option(help="One school only.  [default: all]")]
DataDir = Annotated[Path | None, typer.Option(help="Where `milepost up` keeps its data.")]
Name = Annotated[str, typer.Argument(help="A read model, as `list` shows it.")]


@app.command("list")
def list_models(tenant: Tenant = None, as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """Each read model's generations: what they have read, and how far they are behind."""
    found = _with_pool(data_dir, lambda pool: standings(pool, tenant))
    if as_json:
        rows = [{**msgspec.structs.asdict(one), "lag": one.lag} for one in found]
        typer.echo(msgspec.json.encode(rows))
    else:
        Console().print(_table(found))


@app.command("rebuild")
def rebuild_models(
    name: Annotated[str | None, typer.Argument(help="A read model.  [default: with --all]")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All, in one pass.")] = False,
    tenant: Tenant = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Build a new generation beside the live one, then let it take over.

    Ctrl-C stops; the same command goes on from there, `cancel` gives it up.
    """
    if (name is None) is not everything:
        raise Trouble("Name one read model, or say --all.")
    models = READ_MODELS if name is None else (_model(name),)
    try:
        done = _with_pool(data_dir, lambda pool: _rebuilt(pool, models, tenant))
    except KeyboardInterrupt:
        typer.echo("Stopped. The same command goes on from here; `cancel` gives it up.", err=True)
        raise typer.Exit(130) from None
    if as_json:
        typer.echo(msgspec.json.encode(done))
    else:
        typer.echo(f"Rebuilt {', '.join(one.name for one in models)}: {done['events']:,} events.")


@app.command("cancel")
def cancel_rebuild(name: Name, data_dir: DataDir = None) -> None:
    """Drop the generation that is being built. The live one is not touched."""
    if not _with_pool(data_dir, lambda pool: abandon(pool, _model(name))):
        raise Trouble(f"{name} is not being rebuilt.")
    typer.echo(f"The rebuild of {name} is given up.")


def _model(name: str) -> ReadModel:
    known = {model.name: model for model in READ_MODELS}
    if name not in known:
        raise Trouble(f"There is no read model {name}: there are {', '.join(sorted(known))}.")
    return known[name]


def _with_pool(data_dir: Path | None, work: Callable[[asyncpg.Pool], Coroutine[Any, Any, T]]) -> T:
    given = connected(settings(data_dir))
    configure_logging(given)

    async def connected_work() -> T:
        async with _pool(given) as pool:
            return await work(pool)

    with reachable():
        return run(connected_work())


@asynccontextmanager
async def _pool(given: Settings) -> AsyncIterator[asyncpg.Pool]:
    pool = await connect_pool(given.postgres, name="milepost projections", size=8)
    try:
        yield pool
    finally:
        await pool.close()


async def _rebuilt(
    pool: asyncpg.Pool, models: Sequence[ReadModel], tenant: str | None
) -> Mapping[str, Any]:
    started = time.monotonic()
    work = asyncio.create_task(rebuild(pool, models, only_tenant=tenant))
    try:
        await _watch(pool, [model.name for model in models], tenant, work)
        await work
    except RebuildUnderWay as other:
        raise Trouble(
            f"A rebuild of {other} for other tenants was begun: finish it, or"
            f" `milepost projections cancel {other}`."
        ) from other
    except BehindLive as stopped:
        raise Trouble(await _why_stopped(pool, str(stopped))) from stopped
    except Overtaken as error:
        raise Trouble(f"The rebuild of {error} was given up, or done, by somebody else.") from error
    finally:
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
    seconds = time.monotonic() - started
    live = [one for one in await standings(pool, tenant) if one.status == "live"]
    events = min(one.position for one in live if one.name in {model.name for model in models})
    return {
        "models": [model.name for model in models],
        "tenant": tenant,
        "events": events,
        "seconds": round(seconds, 3),
        "events_per_second": round(events / seconds),
    }


async def _why_stopped(pool: asyncpg.Pool, name: str) -> str:
    stops = [
        f"{tenant} at {stop.position}: {stop.failure}"
        for one in await standings(pool)
        if one.name == name and one.status == "building"
        for tenant, stop in one.stopped.items()
    ]
    return f"{name} cannot take over, for events could not be folded ({'; '.join(stops)})."


async def _watch(
    pool: asyncpg.Pool, names: Sequence[str], tenant: str | None, work: asyncio.Task[None]
) -> None:
    """A bar per read model, from what the database says has been committed."""
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        _Rate(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    ) as bars:
        tasks: dict[str, TaskID] = {}
        while not work.done():
            for one in await standings(pool, tenant):
                if one.status == "building" and one.name in names:
                    _show(bars, tasks, one)
            await asyncio.wait({work}, timeout=0.2)
        for task in tasks.values():
            if not work.cancelled() and work.exception() is None:
                bars.update(task, completed=bars.tasks[task].total)


def _show(bars: Progress, tasks: dict[str, TaskID], one: Standing) -> None:
    if one.name not in tasks:
        tasks[one.name] = bars.add_task(one.name, total=one.head, completed=one.position)
    bars.update(tasks[one.name], total=one.head, completed=one.position)


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text(f"{speed:,.0f} events/s" if speed else "")


def _table(found: Sequence[Standing]) -> Table:
    table = Table("read model", "generation", "version", "status")
    for column in ("position", "lag"):
        table.add_column(column, justify="right")
    table.add_column("stopped")
    for one in found:
        stops = (f"{tenant} at {stop.position}" for tenant, stop in one.stopped.items())
        numbers = (f"{one.position:,}", f"{one.lag:,}")
        table.add_row(
            one.name,
            str(one.generation),
            str(one.version),
            one.status,
            *numbers,
            ", ".join(stops),
        )
    return table
