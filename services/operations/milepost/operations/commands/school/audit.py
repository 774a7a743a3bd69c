"""`milepost audit`: whoever has earned an achievement holds it, and nobody else; from the log."""

from collections import Counter
from functools import partial
from typing import Annotated

import asyncpg
import msgspec
import typer
from rich.table import Table

from milepost.credentials.domain.audit.differences import Difference
from milepost.credentials.queries.audit import audit
from milepost.events.log import Log
from milepost.events.policies.timers import utc_now
from milepost.events.relay.stream_inventory import OnProgress
from milepost.events.runtime.event_loop import run
from milepost.events.store.postgres import PostgresLog, connect_pool
from milepost.operations.installation.connection import connected, load_settings, reachable
from milepost.operations.installation.tenants import require_known
from milepost.operations.terminal.options import AsJson, DataDir, OneTenant
from milepost.operations.terminal.progress import bars
from milepost.operations.terminal.tables import print_table
from milepost.web.settings import Settings
from milepost.web.telemetry.logs import configure_logging

app = typer.Typer()

MOST_SHOWN = 1_000
WORDS = {
    "missing": "earned, not held",
    "unearned": "held, not earned",
    "twice": "held already",
    "unknown": "never awarded",
}
Show = Annotated[
    int, typer.Option(help="At most so many differences of a school.", min=0, max=100_000)
]


class SchoolAudit(msgspec.Struct, kw_only=True):
    """True for `position` of the log. `kinds`: how many differences of each; `differences`: the
    first of them.
    """

    tenant: str
    position: int
    learners: int = 0
    held: int = 0
    kinds: dict[str, int] = {}
    differences: list[Difference] = []


@app.command("audit")
def run_audit(
    *,
    tenant: OneTenant = None,
    show: Show = MOST_SHOWN,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Check that whoever has earned an achievement holds it, and nobody else; name the rest.

    Read from the log alone: results as progress told them, not as records noted them.
    People may go on working. The exit code is 1 when there is a difference.

    Example: milepost audit --tenant default --json
    """
    settings = connected(load_settings(data_dir), without_nats=True)
    configure_logging(settings)
    with reachable():
        found = run(_audited(settings, tenant, show))
    if as_json:
        typer.echo(msgspec.json.encode(found))
    else:
        for one in found:
            _print(one)
    if any(one.kinds for one in found):
        raise typer.Exit(1)


async def _audited(settings: Settings, tenant: str | None, show: int) -> list[SchoolAudit]:
    pool = await connect_pool(settings.postgres, name="milepost audit", size=2)
    try:
        return await _schools(pool, tenant, show)
    finally:
        await pool.close()


async def _schools(pool: asyncpg.Pool, tenant: str | None, show: int) -> list[SchoolAudit]:
    log = PostgresLog(pool)
    heads = await log.heads()
    if tenant is not None:
        require_known(tenant, heads)
    with bars() as tell:
        return [
            await _school(log, SchoolAudit(tenant=name, position=heads[name]), show, tell)
            for name in ([tenant] if tenant else sorted(heads))
        ]


async def _school(log: Log, school: SchoolAudit, show: int, tell: OnProgress) -> SchoolAudit:
    kinds, name = Counter[str](), school.tenant
    parts = audit(log, name, at=utc_now(), upto=school.position, on_progress=partial(tell, name))
    async for part in parts:
        school.learners += part.learners
        school.held += part.held
        kinds.update(one.kind for one in part.differences)
        school.differences += part.differences[: show - len(school.differences)]
    school.kinds = dict(kinds)
    return school


def _print(school: SchoolAudit) -> None:
    if school.differences:
        table = Table("learner", "achievement", "what", "because", "decided by")
        for one in school.differences:
            places = ", ".join(f"{place:,}" for place in one.decided_by)
            because = one.because.replace("_", " ")
            table.add_row(one.learner, one.achievement, WORDS[one.kind], because, places)
        print_table(table)
    total = sum(school.kinds.values())
    if total > len(school.differences):
        typer.echo(f"{total - len(school.differences):,} more are not shown: --show.")
    typer.echo(
        f"{school.tenant}: {school.learners:,} learners hold {school.held:,} credentials,"
        f" as the log was at {school.position:,}: {total:,} differences."
    )
