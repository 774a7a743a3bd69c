"""`milepost what-if`: what a changed rule would mean, from the log, before anything is written."""

from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.table import Table

from milepost.events.policies.timers import utc_now
from milepost.events.runtime.event_loop import run
from milepost.events.store.postgres import PostgresLog, connect_pool
from milepost.operations.installation.connection import connected, load_settings, reachable
from milepost.operations.installation.tenants import require_school
from milepost.operations.terminal.errors import Trouble, WrongUsage
from milepost.operations.terminal.options import AsJson, DataDir, Tenant
from milepost.operations.terminal.progress import bars
from milepost.operations.terminal.tables import print_table
from milepost.progress.domain.plan_changes.what_if import RuleChanges
from milepost.progress.domain.reports import UnknownLesson, UnknownPlan
from milepost.progress.queries.what_if import Affected, Question, WhatIf, what_if
from milepost.web.settings import Settings
from milepost.web.telemetry.logs import configure_logging

app = typer.Typer()

Course = Annotated[str, typer.Argument(help="The course's code, as SQL-101.", metavar="COURSE")]
PassingGrade = Annotated[
    float | None, typer.Option(help="Another passing grade, 0 to 1.", min=0, max=1)
]
DropLowest = Annotated[
    int | None, typer.Option(help="So many of the lowest scores are dropped.", min=0)
]
ChangesFile = Annotated[
    Path | None,
    typer.Option(
        help="A JSON file of changes, as `POST /progress/what-if` takes them.", metavar="FILE"
    ),
]
ToVersion = Annotated[
    int | None,
    typer.Option(help="By this published version's rules.", show_default="each by their own"),
]
OneOffering = Annotated[str | None, typer.Option(help="This offering only.", show_default="all")]
OneVersion = Annotated[
    int | None, typer.Option(help="Only who is judged by this version.", show_default="all")
]

EFFECTS = {
    "gains_completion": "completes",
    "loses_completion": "completes no longer",
    "grade_changes": "grade changes",
}


@app.command()
def ask(
    *,
    course: Course,
    passing_grade: PassingGrade = None,
    drop_lowest: DropLowest = None,
    changes: ChangesFile = None,
    to_version: ToVersion = None,
    offering: OneOffering = None,
    version: OneVersion = None,
    tenant: Tenant = "default",
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Who would gain or lose completion by another rule, and why. Writes nothing.

    Example: milepost what-if SQL-101 --passing-grade 0.5
    """
    question = Question(
        course=course,
        changes=_changes(changes, passing_grade, drop_lowest),
        offering=offering,
        version=version,
        to_version=to_version,
    )
    settings = connected(load_settings(data_dir), without_nats=True)
    configure_logging(settings)
    with reachable():
        told = run(_ask(settings, tenant, question))
    if as_json:
        typer.echo(msgspec.json.encode(told))
        return
    if told.affected:
        print_table(_table(told.affected))
    typer.echo(
        f"{told.judged:,} judged, as the log was at {told.position:,}:"
        f" {told.gain_completion:,} would complete, {told.lose_completion:,} would no longer,"
        f" {told.change_grade:,} would have another grade."
    )
    if told.credentials_not_judged:
        names = ", ".join(told.credentials_not_judged)
        typer.echo(f"They ask for more than grades tell, and were not judged: {names}.")


def _changes(file: Path | None, passing: float | None, drop: int | None) -> RuleChanges:
    """Options win over the file. Raises `WrongUsage`, `Trouble`."""
    changes = RuleChanges()
    if file is not None:
        try:
            changes = msgspec.json.decode(file.read_bytes(), type=RuleChanges)
        except OSError as error:
            raise Trouble(f"{file} cannot be read: {error.strerror}.") from error
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise WrongUsage(f"{file} does not hold changes of rules: {error}.") from error
    given = {"passing_grade": passing, "drop_lowest": drop}
    named = {name: value for name, value in given.items() if value is not None}
    return msgspec.structs.replace(changes, **named)


async def _ask(settings: Settings, tenant: str, question: Question) -> WhatIf:
    pool = await connect_pool(settings.postgres, name="milepost what-if", size=2)
    try:
        await require_school(pool, tenant)
        return await _whole(PostgresLog(pool), tenant, question)
    except UnknownPlan as unknown:
        raise Trouble(
            f"{tenant} has no version {unknown.version} of {unknown.course}:"
            f" `milepost courses export {unknown.course}` shows those there are."
        ) from unknown
    except UnknownLesson as unknown:
        raise Trouble(
            f"No version of {question.course} has a lesson {unknown.lesson}."
        ) from unknown
    finally:
        await pool.close()


async def _whole(log: PostgresLog, tenant: str, question: Question) -> WhatIf:
    """All pages as one answer: each answers for a bounded number of enrollments."""
    with bars() as show:

        def on_progress(done: int, of: int) -> None:
            show("reading the log", done, of)

        told = await what_if(log, tenant, question, at=utc_now(), on_progress=on_progress)
        whole = told
        while told.next is not None:
            question = msgspec.structs.replace(question, cursor=told.next)
            told = await what_if(log, tenant, question, at=utc_now(), on_progress=on_progress)
            whole = _joined(whole, told)
    return whole


def _joined(one: WhatIf, other: WhatIf) -> WhatIf:
    return WhatIf(
        position=one.position,
        judged=one.judged + other.judged,
        gain_completion=one.gain_completion + other.gain_completion,
        lose_completion=one.lose_completion + other.lose_completion,
        change_grade=one.change_grade + other.change_grade,
        affected=[*one.affected, *other.affected],
        credentials_not_judged=one.credentials_not_judged,
    )


def _table(affected: list[Affected]) -> Table:
    table = Table("learner", "offering", "what", "credentials", "decided by")
    table.add_column("grade", justify="right")
    table.add_column("then", justify="right")
    for one in affected:
        table.add_row(
            one.learner,
            one.offering,
            EFFECTS[one.effect],
            _credentials(one),
            " ".join(map(str, one.decided_by)),
            _grade(one.grade_before),
            _grade(one.grade_after),
        )
    return table


def _credentials(one: Affected) -> str:
    told = one.credentials
    earned = [f"+{name}" for name in told.earned]
    maybe = [f"+{name}?" for name in told.undecided]
    return " ".join([*earned, *maybe, *(f"?{name}" for name in told.unsupported)])


def _grade(grade: float | None) -> str:
    return "none" if grade is None else f"{grade:.4g}"
