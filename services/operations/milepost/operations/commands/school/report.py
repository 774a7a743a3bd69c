"""`milepost report`: figures from the read models, at least as new as the log is now."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Annotated

import asyncpg
import msgspec
import typer
from rich.table import Table

from milepost.dashboards.projections.offering_days import OFFERING_DAYS
from milepost.dashboards.projections.offering_summary import OFFERING_SUMMARY
from milepost.dashboards.queries.consistent_read import Select, read
from milepost.dashboards.queries.lists.offerings import counts
from milepost.dashboards.queries.lists.past_offerings import THEN
from milepost.events.projections.as_of import AsOf
from milepost.events.projections.read_model import ReadModel
from milepost.events.runtime.event_loop import run
from milepost.events.store.postgres import connect_pool
from milepost.operations.commands.school import list_file, offering_report
from milepost.operations.commands.school.once_visible import WAIT_SECONDS, Wait, once_visible
from milepost.operations.installation.connection import connected, load_settings, reachable
from milepost.operations.installation.tenants import require_school
from milepost.operations.terminal.errors import Trouble
from milepost.operations.terminal.generations import past_option
from milepost.operations.terminal.options import AsJson, DataDir, Tenant
from milepost.operations.terminal.tables import print_table
from milepost.web.settings import Settings
from milepost.web.telemetry.logs import configure_logging

app = typer.Typer(no_args_is_help=True)
app.command("list")(list_file.list_)
app.command("at-risk")(offering_report.at_risk)
app.command("days")(offering_report.days)


class Line(msgspec.Struct, frozen=True):
    """`awarded`: of those enrolled, a credential rests on it that stands; of a past day nobody has
    counted that.
    """

    offering: str
    enrolled: int
    current: int
    withdrawn: int
    transferred: int
    deferred: int
    expired: int
    canceled: int
    started: int
    completed: int
    awarded: int | None
    credentials: int


SELECT = f"select {', '.join(Line.__struct_fields__)}"
HERE = SELECT.replace("awarded", "awarded_here as awarded")
# Who is gone now, by how; the rest of them stands in `--json`.
SHOWN = ("enrolled", "started", "completed", "awarded", "withdrawn", "transferred", "deferred")
LINES = Select(
    msgspec.json.Decoder(list[Line]),
    f"{HERE} from ({counts()}) counted where tenant = :tenant order by offering",
)
THAT_DAY = Select(
    LINES.rows,
    f"""{SELECT.replace("awarded", "null as awarded")} from ({THEN}) days
    where tenant = :tenant and clock = :clock order by offering""",
)
PAST = """select generation from dashboards.generations g
    where name = $1 and status = 'past' and as_of = $2 and (only_tenant is null or only_tenant = $3)
      and version = $4
      and not exists (
        select from dashboards.positions p
         where p.name = g.name and p.generation = g.generation and p.position < p.upto)
    order by generation desc limit 1"""


@app.callback()
def of_a_kind() -> None:
    """Figures from the read models, at least as new as the log is now."""


@app.command()
def offerings(
    *,
    tenant: Tenant = "default",
    wait_seconds: Wait = WAIT_SECONDS,
    as_of: Annotated[
        str | None,
        typer.Option(
            help="As it was known at the end of this day (recorded by then); or at another moment,"
            " which `milepost projections rebuild offering_summary --as-of` has built."
        ),
    ] = None,
    as_happened: Annotated[
        str | None,
        typer.Option(
            help="As it had happened by the end of this day (occurred by then); or by another"
            " moment, which `milepost projections rebuild offering_summary --as-happened` has"
            " built."
        ),
    ] = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """How many enrolled, started, completed, were awarded, and are gone, by offering."""
    past = past_option(as_of, as_happened)
    settings = connected(load_settings(data_dir))
    configure_logging(settings)
    with reachable():
        lines = run(_lines(settings, tenant, wait_seconds, past))
    if as_json:
        typer.echo(msgspec.json.encode(lines))
    elif lines:
        print_table(_table(lines))
    else:
        typer.echo(f"{tenant} has no offerings.")


async def _lines(
    settings: Settings, tenant: str, wait_seconds: float, as_of: AsOf | None
) -> list[Line]:
    pool = await connect_pool(settings.postgres, name="milepost report", size=1)
    try:
        await require_school(pool, tenant)
        if as_of is None:
            return await _up_to_date(pool, tenant, wait_seconds, (OFFERING_SUMMARY,), LINES)
        if as_of.day is None:
            return await _past(pool, tenant, as_of)
        then = {"day": as_of.day.isoformat(), "clock": "happened" if as_of.happened_by else "known"}
        return await _up_to_date(pool, tenant, wait_seconds, (OFFERING_DAYS,), THAT_DAY, then)
    finally:
        await pool.close()


async def _past(pool: asyncpg.Pool, tenant: str, as_of: AsOf) -> list[Line]:
    generation = await pool.fetchval(
        PAST, OFFERING_SUMMARY.name, str(as_of), tenant, OFFERING_SUMMARY.version
    )
    if generation is None:
        happened = as_of.happened_by
        shown = f"--as-of {as_of.position or as_of}"
        if happened:
            shown = f"--as-happened {happened.isoformat()}"
        raise Trouble(
            f"That is not built: `milepost projections rebuild offering_summary {shown}"
            f" --tenant {tenant}`."
        )
    rows = await pool.fetch(
        f"{HERE} from ({counts(f'_g{generation}')}) counted where tenant = $1 order by offering",
        tenant,
    )
    return [Line(*row) for row in rows]


async def _up_to_date(  # noqa: PLR0917
    pool: asyncpg.Pool,
    tenant: str,
    wait_seconds: float,
    models: Sequence[ReadModel],
    select: Select,
    arguments: Mapping[str, object] = {},
) -> list[Line]:
    known = partial(read, pool, tenant, models, (select,), arguments)
    found = await once_visible(pool, tenant, wait_seconds, lambda position: known(awaited=position))
    lines: list[Line] = found.rows[0]
    return lines


def _table(lines: list[Line]) -> Table:
    table = Table("offering")
    for name in SHOWN:
        table.add_column(name, justify="right")
    for line in lines:
        numbers = (getattr(line, name) for name in SHOWN)
        shown = ("-" if number is None else f"{number:,}" for number in numbers)
        table.add_row(line.offering, *shown)
    return table
