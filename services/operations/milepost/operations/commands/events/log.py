"""`milepost log`: is it whole, and where does it end, signed for whoever wants to keep that."""

import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Annotated, Any, TypeVar

import asyncpg
import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from milepost.events.runtime.event_loop import run
from milepost.events.store.postgres import PostgresLog, connect_pool
from milepost.events.store.verify import Fault, Head, NoSuchTenant, head_of, headless, verify
from milepost.operations.installation.connection import connected, load_settings, reachable
from milepost.operations.installation.signed_heads import log_key, signed_heads
from milepost.operations.installation.signed_heads import signed as signed_line
from milepost.operations.installation.tenants import unknown_school
from milepost.operations.terminal.errors import WrongUsage
from milepost.operations.terminal.options import AsJson, DataDir, OneTenant
from milepost.operations.terminal.tables import print_table
from milepost.web.settings import Settings
from milepost.web.telemetry.logs import configure_logging

T = TypeVar("T")

app = typer.Typer(no_args_is_help=True)


class Verified(msgspec.Struct, frozen=True, kw_only=True):
    """`compared`: with so many signed heads."""

    events: int
    seconds: float
    events_per_second: int
    compared: int
    faults: tuple[Fault, ...]


@app.command("verify")
def verify_log(  # noqa: PLR0917 - typer's options
    tenant: OneTenant = None,
    against: Annotated[
        Path | None,
        typer.Option(help="A file of signed heads, as `milepost log head --signed` prints them."),
    ] = None,
    keys: Annotated[
        Path | None,
        typer.Option(
            help="A file with the JWKS that they are signed with.", show_default="our own"
        ),
    ] = None,
    jobs: Annotated[int, typer.Option(help="Parts checked at once.", min=1, max=64)] = 2,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Look for gaps, changed events and broken versions; exit code 1 when there is anything.

    People may go on working: checked is what the log holds when the check begins.
    """
    settings = load_settings(data_dir)
    old = signed_heads(against, keys or log_key(settings).keys_path) if against else []
    verified = _with_pool(settings, lambda pool: _verified(pool, tenant, old, jobs))
    if as_json:
        typer.echo(msgspec.json.encode(verified).decode())
    else:
        _show(verified)
    if verified.faults:
        raise typer.Exit(1)


@app.command("head")
def log_head(
    tenant: OneTenant = None,
    signed: Annotated[
        bool, typer.Option("--signed", help="As a JWT a line, to be kept by somebody else.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="A JSON object a line.")] = False,
    data_dir: DataDir = None,
) -> None:
    """Where each school's log ends, and the link that stands for everything before it.

    Kept by an outsider, a signed head shows later that nothing before it was
    rewritten: `milepost log verify --against FILE`. The key is made on first use.
    """
    if signed and as_json:
        raise WrongUsage("--signed prints JWTs, --json JSON: name one of them.")
    settings = load_settings(data_dir)
    heads = _with_pool(settings, lambda pool: _heads(pool, tenant))
    if not heads:
        typer.echo("No school has any events yet.", err=True)
    key = log_key(settings)
    if signed:
        key.publish()
    for head in heads:
        if signed:
            typer.echo(signed_line(key, head))
        elif as_json:
            typer.echo(msgspec.json.encode(head).decode())
        else:
            typer.echo(f"{head.tenant}  {head.position:,}  {head.link}")


@app.command("keys")
def log_keys(data_dir: DataDir = None) -> None:
    """The public half of the key that signs heads, as a JWKS for whoever keeps them."""
    typer.echo(log_key(load_settings(data_dir)).publish().read_text("utf-8"))


def _with_pool(settings: Settings, work: Callable[[asyncpg.Pool], Coroutine[Any, Any, T]]) -> T:
    settings = connected(settings)
    configure_logging(settings)

    async def working() -> T:
        pool = await connect_pool(
            settings.postgres, name="milepost log", command_timeout_seconds=None
        )
        try:
            return await work(pool)
        finally:
            await pool.close()

    with reachable():
        return run(working())


async def _heads(pool: asyncpg.Pool, tenant: str | None) -> list[Head]:
    known = await PostgresLog(pool).heads()
    try:
        return [await head_of(pool, name) for name in ([tenant] if tenant else sorted(known))]
    except NoSuchTenant as none:
        raise unknown_school(str(none), known) from none


async def _verified(pool: asyncpg.Pool, tenant: str | None, old: list[Head], jobs: int) -> Verified:
    begin = time.perf_counter()
    heads = await _heads(pool, tenant)
    faults: list[Fault] = []
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    console = Console(stderr=True)
    quiet = not console.is_terminal
    with Progress(*columns, TimeRemainingColumn(), console=console, disable=quiet) as bar:
        for head in heads:
            task = bar.add_task(head.tenant, total=head.position)
            kept = [one for one in old if one.tenant == head.tenant]
            faults += await verify(
                pool,
                head.tenant,
                lambda done, task=task: bar.advance(task, done),  # type: ignore[misc]
                parallel=jobs,
                against=kept,
            )
    if tenant is None:
        faults += await headless(pool)
    known = {head.tenant for head in heads}
    faults += [_gone(one) for one in old if tenant is None and one.tenant not in known]
    events, seconds = sum(head.position for head in heads), time.perf_counter() - begin
    return Verified(
        events=events,
        seconds=round(seconds, 3),
        events_per_second=round(events / seconds),
        compared=len([one for one in old if tenant in (None, one.tenant)]),
        faults=tuple(faults),
    )


def _gone(kept: Head) -> Fault:
    return Fault(tenant=kept.tenant, fault="rewritten", first=1, last=kept.position)


def _show(verified: Verified) -> None:
    if verified.faults:
        table = Table("tenant", "positions", "fault", "stream", title="Not as it was written")
        for fault in verified.faults:
            positions = f"{fault.first:,} to {fault.last:,}"
            table.add_row(fault.tenant, positions, fault.fault, fault.stream or "")
        print_table(table)
        return
    rate = f"{verified.events_per_second:,} events/s"
    typer.echo(f"{verified.events:,} events, whole and as they were written ({rate}).")
    if verified.compared:
        typer.echo(f"Nothing before the {verified.compared} signed heads was rewritten.")
