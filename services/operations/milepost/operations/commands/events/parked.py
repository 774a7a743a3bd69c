"""`milepost parked`: events that a consumer could not take, and what an operator makes of them."""

import asyncio
import getpass
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, TypeVar
from uuid import UUID

import asyncpg
import msgspec
import typer

from milepost.events.log import Recorded, event_at
from milepost.events.parking import operator_actions
from milepost.events.parking.operator_actions import Decision, NotParked, Settled, WaitsBehind
from milepost.events.parking.parked import Parked
from milepost.events.store.postgres import PostgresLog, connect_pool
from milepost.operations.installation.connection import connected, load_settings, reachable
from milepost.operations.installation.tenants import require_school
from milepost.operations.terminal.errors import Trouble, WrongUsage
from milepost.operations.terminal.options import AsJson, DataDir, OneTenant

T = TypeVar("T")

NOTHING = "Nothing that failed is parked in {}: `milepost parked list` shows what is, and where."

app = typer.Typer(no_args_is_help=True)

Number = Annotated[int, typer.Argument(help="The number that `milepost parked list` shows.")]
Actor = Annotated[
    str | None, typer.Option(help="Who decides this.", show_default="your login name")
]


@app.command("list")
def list_(
    *,
    tenant: OneTenant = None,
    consumer: Annotated[
        str | None,
        typer.Option(help="This consumer only, as projection/catalog.", show_default="all"),
    ] = None,
    settled: Annotated[
        bool, typer.Option("--settled", help="Also what was done or skipped since.")
    ] = False,
    limit: Annotated[int, typer.Option(help="So many at most.", min=1)] = 100,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """List what is parked, and what waits behind it."""
    found = _with_pool(
        data_dir,
        lambda pool: operator_actions.list_parked(
            pool, tenant=tenant, consumer=consumer, settled=settled, limit=limit
        ),
        tenant,
    )
    if as_json:
        typer.echo(msgspec.json.encode(found))
    elif found:
        typer.echo("\n".join(map(_line, found)))
    else:
        typer.echo("Nothing is parked.")
    if len(found) == limit:
        typer.echo("There may be more: `--limit` shows them.", err=True)


@app.command()
def show(number: Number, as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """Show one of them: its error, its event, and what was decided about it."""

    async def fetch(pool: asyncpg.Pool) -> tuple[Parked, Recorded, list[Decision]]:
        found = await operator_actions.find(pool, number)
        event = await event_at(PostgresLog(pool), found.tenant, found.position)
        return found, event, await operator_actions.decisions(pool, found)

    found, event, decided = _with_pool(data_dir, fetch)
    facts = {
        **msgspec.to_builtins(found),
        "occurred_at": event.occurred_at,
        "recorded_at": event.recorded_at,
        "metadata": msgspec.json.decode(event.metadata),
        "data": msgspec.json.decode(event.data),
        "decisions": msgspec.to_builtins(decided),
    }
    if as_json:
        typer.echo(msgspec.json.encode(facts))
        return
    for name, fact in facts.items():
        typer.echo(f"{name:<11} {_shown(fact)}")


@app.command()
def retry(
    number: Annotated[
        int | None, typer.Argument(help="The number that `milepost parked list` shows.")
    ] = None,
    *,
    every: Annotated[
        str | None,
        typer.Option("--all", help="Everything that failed in this consumer.", metavar="CONSUMER"),
    ] = None,
    tenant: Annotated[
        str | None, typer.Option(help="With --all: of this school only.", show_default="all")
    ] = None,
    reason: Annotated[str | None, typer.Option(help="Why; kept for the audit.")] = None,
    actor: Actor = None,
    data_dir: DataDir = None,
) -> None:
    """Try it again, then what waits behind it. Its consumer hears this within a second.

    Example: milepost parked retry --all projection/catalog --reason mended
    """
    if (number is None) is (every is None) or (tenant and every is None):
        raise WrongUsage("Name one number, or --all and a consumer; --tenant goes with --all.")
    who = actor or getpass.getuser()
    if number is not None:
        told = _with_pool(
            data_dir, lambda pool: operator_actions.retry(pool, number, actor=who, reason=reason)
        )
        typer.echo(f"{told.consumer} tries event {told.position} of {told.tenant} again.")
    elif every is not None:
        events = _with_pool(
            data_dir,
            lambda pool: operator_actions.retry_all(
                pool, every, tenant=tenant, actor=who, reason=reason
            ),
            tenant,
        )
        typer.echo(f"{every} tries {events:,} events again." if events else NOTHING.format(every))


@app.command()
def skip(
    number: Number,
    reason: Annotated[str, typer.Option(help="Why it may be left out; kept for the audit.")],
    actor: Actor = None,
    data_dir: DataDir = None,
) -> None:
    """Leave it out for good, also of rebuilds; what waits behind it goes on."""
    who = actor or getpass.getuser()
    told = _with_pool(
        data_dir, lambda pool: operator_actions.skip(pool, number, actor=who, reason=reason)
    )
    typer.echo(f"{told.consumer} leaves event {told.position} of {told.tenant} out.")


def _with_pool(
    data_dir: Path | None, work: Callable[[asyncpg.Pool], Awaitable[T]], tenant: str | None = None
) -> T:
    """Do `work` with a pool, if there is the `tenant`. Raises `Trouble`."""

    async def run() -> T:
        async with await connect_pool(given.postgres, name="milepost parked", size=1) as pool:
            await require_school(pool, tenant)
            return await work(pool)

    given = connected(load_settings(data_dir))
    with reachable():
        try:
            return asyncio.run(run())
        except NotParked as no:
            raise Trouble(f"Nothing parked has the number {no.id}.") from no
        except Settled as no:
            raise Trouble(f"{no.id} is {no.status} already.") from no
        except WaitsBehind as no:
            raise Trouble(f"{no.id} only waits behind {no.first}: retry or skip that one.") from no


def _shown(fact: Any) -> str:
    """A text as it is, a time as JSON has it, what is nested as JSON."""
    if fact in (None, [], ""):
        return "-"
    if isinstance(fact, str):
        return fact
    encoded = msgspec.json.encode(fact, order="deterministic").decode()
    return encoded.strip('"') if isinstance(fact, datetime | UUID) else encoded


def _line(one: Parked) -> str:
    where = f"{one.tenant}/{one.position}"
    consumer = f"{one.consumer} g{one.generation}" if one.generation else one.consumer
    first = f"{one.id:>6}  {one.status:<7}  {consumer}  {where}  {one.stream}  {one.type}"
    return f"{first}  {one.error}".rstrip()
