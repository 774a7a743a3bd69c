"""`milepost impact`: who would gain or lose by a definition, before it is published."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

import msgspec
import typer
from rich.table import Table

from milepost.credentials.domain.achievements.definition import Definition
from milepost.credentials.domain.audit.impact import Affected
from milepost.credentials.queries.impact import MAX_LEARNERS, Impact, ImpactQuestion, impact
from milepost.events.event import Refused
from milepost.events.policies.timers import utc_now
from milepost.events.runtime.event_loop import run
from milepost.events.store.postgres import PostgresLog, connect_pool
from milepost.operations.installation.connection import connected, load_settings, reachable
from milepost.operations.installation.tenants import require_school
from milepost.operations.terminal.errors import Trouble, WrongUsage
from milepost.operations.terminal.options import AsJson, DataDir, Tenant
from milepost.operations.terminal.progress import bars
from milepost.operations.terminal.tables import print_table
from milepost.web.problems import problem_of
from milepost.web.settings import Settings
from milepost.web.telemetry.logs import configure_logging

app = typer.Typer()

Achievement = Annotated[
    str, typer.Argument(help="The achievement's code, as data-analyst.", metavar="ACHIEVEMENT")
]
DefinitionFile = Annotated[
    Path | None,
    typer.Option(
        "--definition",
        help="A JSON file, as `PUT /credentials/achievements/…` takes it.",
        metavar="FILE",
        show_default="as it is defined now, applied to history",
    ),
]
Rows = Annotated[
    Literal["gains", "loses"] | None,
    typer.Option(
        help="Print these as the file for `jobs submit`: awards, or revocations, supersessions.",
        show_default="a table",
    ),
]
REASON = "definition_changed"


@app.command("impact")
def run_impact(
    *,
    achievement: Achievement,
    definition: DefinitionFile = None,
    rows: Rows = None,
    tenant: Tenant = "default",
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Who would gain or lose an achievement by a definition, and why. Writes nothing.

    Without --definition: who has earned it as it is defined now, and does not hold it.

    Example: milepost impact data-analyst --definition stricter.json
    """
    question = ImpactQuestion(
        achievement=achievement,
        definition=_definition(definition) if definition else None,
        limit=MAX_LEARNERS,
    )
    settings = connected(load_settings(data_dir), without_nats=True)
    configure_logging(settings)
    with reachable():
        told = run(_ask(settings, tenant, question))
    if as_json:
        typer.echo(msgspec.json.encode(told))
        return
    if rows:
        typer.echo("\n".join(_rows(told.affected, rows, achievement)))
        return
    if told.affected:
        print_table(_table(told.affected))
    typer.echo(
        f"{told.judged:,} judged, as the log was at {told.position:,}: {told.gain:,} would be"
        f" awarded {achievement} version {told.version}, {told.lose:,} hold it and would not"
        " have earned it."
    )


def _definition(file: Path) -> Definition:
    """Raises `WrongUsage`, `Trouble`."""
    try:
        return msgspec.json.decode(file.read_bytes(), type=Definition)
    except OSError as error:
        raise Trouble(f"{file} cannot be read: {error.strerror}.") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise WrongUsage(f"{file} does not hold a definition: {error}.") from error


async def _ask(settings: Settings, tenant: str, question: ImpactQuestion) -> Impact:
    pool = await connect_pool(settings.postgres, name="milepost impact", size=2)
    try:
        await require_school(pool, tenant)
        return await _whole(PostgresLog(pool), tenant, question)
    except Refused as refusal:
        raise Trouble(f"{problem_of(refusal).detail}") from refusal
    finally:
        await pool.close()


async def _whole(log: PostgresLog, tenant: str, question: ImpactQuestion) -> Impact:
    """All pages as one answer: each answers for a bounded number of learners."""
    with bars() as show:

        def on_progress(done: int, of: int) -> None:
            show("reading the log", done, of)

        whole = told = await impact(log, tenant, question, at=utc_now(), on_progress=on_progress)
        while told.next is not None:
            question = msgspec.structs.replace(question, cursor=told.next)
            told = await impact(log, tenant, question, at=utc_now(), on_progress=on_progress)
            whole = _joined(whole, told)
    return whole


def _joined(one: Impact, other: Impact) -> Impact:
    return msgspec.structs.replace(
        one,
        judged=one.judged + other.judged,
        gain=one.gain + other.gain,
        lose=one.lose + other.lose,
        affected=[*one.affected, *other.affected],
        next=None,
    )


def _rows(affected: list[Affected], effect: str, achievement: str) -> Iterator[str]:
    yield "learner,achievement" if effect == "gains" else "learner,credential,reason"
    for one in affected:
        if one.effect == effect:
            what = achievement if effect == "gains" else f"{one.credential},{REASON}"
            yield f"{one.learner},{what}"


def _table(affected: list[Affected]) -> Table:
    table = Table("learner", "what", "credential", "with it")
    for one in affected:
        table.add_row(one.learner, one.effect, one.credential or "", ", ".join(one.follows))
    return table
