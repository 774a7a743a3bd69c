"""`milepost report list`: a whole list of the dashboards into a file, as the API gives it."""

import asyncio
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from milepost.dashboards.exports.columns import columns_of
from milepost.dashboards.exports.formats import About, Format, file_kind
from milepost.dashboards.exports.known_lists import LISTS, KnownList
from milepost.dashboards.exports.parquet_file import ParquetNotInstalled
from milepost.dashboards.exports.spool import ListTooLong, spooled
from milepost.dashboards.queries.consistent_read import NotVisibleYet
from milepost.dashboards.queries.lists.listing import ListQuery
from milepost.dashboards.queries.lists.whole import read_whole
from milepost.events.projections.shared_scan import heads
from milepost.events.runtime.event_loop import run
from milepost.events.store.postgres import connect_pool
from milepost.operations.installation.connection import connected, load_settings, reachable
from milepost.operations.installation.tenants import require_school
from milepost.operations.terminal.errors import Trouble, WrongUsage
from milepost.operations.terminal.options import DataDir, Tenant
from milepost.web.settings import Settings
from milepost.web.telemetry.logs import configure_logging

Name = Annotated[str, typer.Argument(help=f"One of: {', '.join(LISTS)}.", metavar="LIST")]
Target = Annotated[Path | None, typer.Option(metavar="FILE", help="Into this file; - prints it.")]
Where = Annotated[
    list[str] | None,
    typer.Option(
        "--where",
        metavar="NAME=VALUE",
        help="A filter or a sort of GET /dashboards/…, as offering=data-spring. Any number.",
    ),
]
STANDARD_OUTPUT = Path("-")


def list_(
    name: Name,
    *,
    csv: Target = None,
    parquet: Target = None,
    where: Where = None,
    tenant: Tenant = "default",
    data_dir: DataDir = None,
) -> None:
    """Write a whole list, all of it true for one position of the log, as CSV or as Parquet."""
    known, query = query_of(name, where or [])
    wanted: Format = "csv" if csv is not None else "parquet"
    target = csv if csv is not None else parquet
    if target is None or (csv is not None and parquet is not None):
        raise WrongUsage("Name one file: --csv FILE or --parquet FILE.")
    settings = connected(load_settings(data_dir))
    configure_logging(settings)
    with reachable():
        position = run(_write(settings, tenant, name, known, query, wanted, target))
    if target != STANDARD_OUTPUT:
        typer.echo(f"{target}: {name} of {tenant}, true for position {position:,}.")


def query_of(name: str, where: Sequence[str]) -> tuple[KnownList, ListQuery]:
    """Raises `WrongUsage`."""
    known = LISTS.get(name)
    if known is None:
        raise WrongUsage(f"There is no list {name!r}. There are: {', '.join(LISTS)}.")
    names = set(known.query.__struct_fields__) - {"limit", "cursor"}
    facts: dict[str, str] = {}
    for one in where:
        key, equals, value = one.partition("=")
        if not equals or key not in names:
            raise WrongUsage(f"--where is NAME=VALUE; {name} has: {', '.join(sorted(names))}.")
        facts[key] = value
    try:
        return known, msgspec.convert(facts, known.query, strict=False)
    except msgspec.ValidationError as fault:
        raise WrongUsage(f"--where: {fault}.") from fault


async def _write(  # noqa: PLR0917 - what was typed
    settings: Settings,
    tenant: str,
    name: str,
    known: KnownList,
    query: ListQuery,
    wanted: Format,
    target: Path,
) -> int:
    pool = await connect_pool(settings.postgres, name="milepost report", size=1)
    try:
        await require_school(pool, tenant)
        kind = file_kind(wanted)
        assert kind is not None, "CSV and Parquet are files"
        awaited = (await heads(pool, tenant)).get(tenant, 0)
        async with read_whole(pool, tenant, known.listing, query, awaited=awaited) as whole:
            about = About(tenant=tenant, name=name, position=whole.position, as_of=whole.as_of)
            columns = columns_of(known.listing.row)
            file = await spooled(whole.chunks, columns, kind.writer(about))
        await asyncio.to_thread(_copy, file, target)
    except NotVisibleYet as behind:
        raise Trouble(
            f"The read models stand at {behind.position} of {behind.awaited}:"
            " does `milepost project` run? `milepost projections list` says more."
        ) from behind
    except (ParquetNotInstalled, ListTooLong) as fault:
        raise Trouble(fault.problem().detail) from fault
    finally:
        await pool.close()
    return whole.position


def _copy(file: Any, target: Path) -> None:
    """Raises `Trouble` where it cannot be written."""
    with file:
        if target == STANDARD_OUTPUT:
            shutil.copyfileobj(file, sys.stdout.buffer)
            return
        try:
            with target.open("wb") as into:
                shutil.copyfileobj(file, into)
        except OSError as error:
            raise Trouble(f"{target} cannot be written: {error.strerror}.") from error
