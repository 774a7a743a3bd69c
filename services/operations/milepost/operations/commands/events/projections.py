"""`milepost projections`: where the read models stand, and which generation of them is shown."""

import asyncio
import os
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, TypeAlias, TypeVar

import asyncpg
import msgspec
import typer

from milepost.events.projections.as_of import AsOf as Moment
from milepost.events.projections.as_of import ends_at
from milepost.events.projections.catch_up import Pace
from milepost.events.projections.compare import Comparison
from milepost.events.projections.generations import drop, generations
from milepost.events.projections.positions import ModelStatus, model_status
from milepost.events.projections.read_model import ReadModel
from milepost.events.projections.rebuild import (
    Rebuilt,
    Switch,
    build_past,
    compare,
    rebuild,
    rollback,
    switch,
)
from milepost.events.runtime.event_loop import run
from milepost.events.store.postgres import connect_pool
from milepost.operations.installation.connection import connected, load_settings, reachable
from milepost.operations.installation.tenants import require_school
from milepost.operations.rebuild_processes import rebuild_in_processes
from milepost.operations.rooms import read_models
from milepost.operations.terminal.errors import Trouble, WrongUsage, check_all
from milepost.operations.terminal.generations import (
    comparison_figures,
    figures,
    in_words,
    lines,
    outcome,
    past_option,
    table,
)
from milepost.operations.terminal.options import AsJson, DataDir, OneTenant
from milepost.operations.terminal.rebuild_options import (
    AsHappened,
    AsOf,
    Everything,
    OneOrAll,
    Processes,
    Rest,
    Switching,
)
from milepost.operations.terminal.rebuild_progress import watched
from milepost.operations.terminal.tables import print_table
from milepost.web.telemetry.logs import configure_logging

T = TypeVar("T")
Work: TypeAlias = Callable[[asyncpg.Pool], Coroutine[Any, Any, list[Rebuilt]]]

# A rebuild is the first to wait when the processor is short, and commits little at a time.
NICENESS = 10
WINDOW = 10_000

app = typer.Typer(no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="A read model, as `milepost projections list` shows it.")]


@app.command("list")
def list_models(
    tenant: OneTenant = None, as_json: AsJson = False, data_dir: DataDir = None
) -> None:
    """Each read model's generations, and how far they are behind. --json says more."""
    found = _with_pool(data_dir, lambda pool: _standings(pool, tenant))
    if as_json:
        rows = [{**msgspec.structs.asdict(one), "lag": one.lag} for one in found]
        typer.echo(msgspec.json.encode(rows))
    else:
        print_table(table(found))


@app.command("rebuild")
def rebuild_models(
    name: OneOrAll = None,
    *,
    everything: Everything = False,
    tenant: OneTenant = None,
    switching: Switching = None,
    as_of: AsOf = None,
    as_happened: AsHappened = None,
    rest: Rest = 1.0,
    processes: Processes = 1,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Build a new generation beside the live one, compare the two, then let it take over.

    Ctrl-C stops; the same command goes on from there, `milepost projections cancel` gives it up.

    Exit code 1 when it did not take over.
    """
    check_all(
        lambda: _models(name, everything=everything),
        lambda: _require_no_switch(as_of or as_happened, switching),
        lambda: _require_one_process(as_of or as_happened, processes),
        lambda: past_option(as_of, as_happened),
    )
    models = _models(name, everything=everything)
    pace = Pace(WINDOW, rest)
    os.nice(NICENESS)
    if point := past_option(as_of, as_happened):
        _build_past(models, point, tenant, pace, data_dir, as_json=as_json)
        return
    asked: Switch = "proven" if switching is None else "always" if switching else "never"

    def work(pool: asyncpg.Pool) -> Coroutine[Any, Any, list[Rebuilt]]:
        how: Any = {"only_tenant": tenant, "pace": pace, "switch": asked}
        if processes == 1:
            return rebuild(pool, models, **how)
        return rebuild_in_processes(connected(load_settings(data_dir)), models, processes, **how)

    _rebuild(models, tenant, work, asked, data_dir, as_json=as_json)


@app.command("switch")
def switch_model(name: Name, data_dir: DataDir = None) -> None:
    """Let the generation that was built take over, whatever `compare` says of it."""
    done = _with_pool(data_dir, lambda pool: switch(pool, _model(name), Pace(WINDOW)))
    typer.echo(f"{name}: generation {done.generation} is live.")


@app.command("rollback")
def roll_back(name: Name, data_dir: DataDir = None) -> None:
    """Bring the retired generation up to date, and let it take over again."""
    done = _with_pool(data_dir, lambda pool: rollback(pool, _model(name), Pace(WINDOW)))
    typer.echo(f"{name}: generation {done.generation} is live again.")


@app.command("compare")
def compare_generations(
    name: Name, tenant: OneTenant = None, as_json: AsJson = False, data_dir: DataDir = None
) -> None:
    """Compare the generation that was built, else the retired one, with the live one.

    Both at one and the same position, while events come in. Exit code 1 when they differ.
    """
    found = _with_pool(data_dir, lambda pool: _compared(pool, _model(name), tenant))
    if as_json:
        typer.echo(msgspec.json.encode(comparison_figures(found)))
    else:
        typer.echo("\n".join(lines(found)))
    if not found.identical:
        raise typer.Exit(1)


@app.command("cancel")
def cancel_rebuild(name: Name, data_dir: DataDir = None) -> None:
    """Drop the generation that is being built. The live one is not touched."""
    _with_pool(data_dir, lambda pool: _canceled(pool, _model(name)))
    typer.echo(f"The rebuild of {name} is given up.")


@app.command("drop")
def drop_generation(
    name: Name,
    generation: Annotated[
        int, typer.Argument(help="Its number, as `milepost projections list` shows it.")
    ],
    data_dir: DataDir = None,
) -> None:
    """Drop a generation that is not live: of a past moment, retired, or not finished."""
    _with_pool(data_dir, lambda pool: drop(pool, _model(name).name, generation))
    typer.echo(f"Generation {generation} of {name} is dropped.")


async def _standings(pool: asyncpg.Pool, tenant: str | None) -> list[ModelStatus]:
    await require_school(pool, tenant)
    return await model_status(pool, tenant)


async def _compared(pool: asyncpg.Pool, model: ReadModel, tenant: str | None) -> Comparison:
    await require_school(pool, tenant)
    return await compare(pool, model, only_tenant=tenant, pace=Pace(WINDOW))


def _models(name: str | None, *, everything: bool) -> tuple[ReadModel, ...]:
    if (name is None) is not everything:
        raise WrongUsage("Name one read model, or say --all, not both.")
    return read_models() if name is None else (_model(name),)


def _require_no_switch(as_of: str | None, switching: bool | None) -> None:
    if as_of is not None and switching is not None:
        raise WrongUsage("A past moment is never live: --as-of and --as-happened have no --switch.")


def _require_one_process(as_of: str | None, processes: int) -> None:
    if as_of is not None and processes > 1:
        raise WrongUsage("A past moment is built in one process: leave --processes out.")


def _model(name: str) -> ReadModel:
    known = {model.name: model for model in read_models()}
    if name not in known:
        raise Trouble(f"There is no read model {name}: there are {', '.join(sorted(known))}.")
    return known[name]


def _with_pool(data_dir: Path | None, work: Callable[[asyncpg.Pool], Coroutine[Any, Any, T]]) -> T:
    given = connected(load_settings(data_dir))
    configure_logging(given)

    async def connected_work() -> T:
        pool = await connect_pool(given.postgres, name="milepost projections", size=10)
        try:
            return await work(pool)
        finally:
            await pool.close()

    with reachable(), in_words():
        return run(connected_work())


@contextmanager
def _resumable() -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        typer.echo("Stopped. The same command goes on from here; `cancel` gives it up.", err=True)
        raise typer.Exit(130) from None


def _rebuild(
    models: Sequence[ReadModel],
    tenant: str | None,
    work: Work,
    asked: Switch,
    data_dir: Path | None,
    *,
    as_json: bool,
) -> None:
    begun = time.monotonic()
    with _resumable():
        rebuilt, events = _with_pool(data_dir, lambda pool: _rebuilt(pool, models, tenant, work))
    if as_json:
        typer.echo(msgspec.json.encode(figures(rebuilt, tenant, events, time.monotonic() - begun)))
    else:
        typer.echo("\n".join(outcome(one, asked, tenant) for one in rebuilt))
    if asked != "never" and not all(one.switched for one in rebuilt):
        raise typer.Exit(1)


async def _rebuilt(
    pool: asyncpg.Pool, models: Sequence[ReadModel], tenant: str | None, work: Work
) -> tuple[list[Rebuilt], int]:
    await require_school(pool, tenant)
    names = [model.name for model in models]
    rebuilt = await watched(pool, names, tenant, None, asyncio.create_task(work(pool)))
    status = {one.name: "live" if one.switched else "building" for one in rebuilt}
    stand = [one for one in await model_status(pool, tenant) if status.get(one.name) == one.status]
    return rebuilt, min(one.position for one in stand)


def _build_past(
    models: Sequence[ReadModel],
    point: Moment,
    tenant: str | None,
    pace: Pace,
    data_dir: Path | None,
    *,
    as_json: bool,
) -> None:
    async def work(pool: asyncpg.Pool) -> list[dict[str, Any]]:
        await require_school(pool, tenant)
        ends = await ends_at(pool, point, tenant)
        names = [model.name for model in models]
        building = build_past(pool, models, str(point), ends, only_tenant=tenant, pace=pace)
        built = await watched(pool, names, tenant, str(point), asyncio.create_task(building))
        return [
            {"name": one.name, "generation": one.generation, "as_of": one.as_of} for one in built
        ]

    with _resumable():
        built = _with_pool(data_dir, work)
    if as_json:
        typer.echo(msgspec.json.encode(built))
        return
    for one in built:
        typer.echo(f"{one['name']}: generation {one['generation']} is of {one['as_of']}.")


async def _canceled(pool: asyncpg.Pool, model: ReadModel) -> None:
    known = (await generations(pool, [model.name]))[model.name]
    if "building" not in known:
        raise Trouble(f"{model.name} is not being rebuilt.")
    await drop(pool, model.name, known["building"].generation)
