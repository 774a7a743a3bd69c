"""`milepost jobs`: bulk jobs of a running Milepost, looked at and canceled."""

from typing import Annotated, Literal, TypeAlias
from uuid import UUID

import msgspec
import typer
from rich.box import SIMPLE
from rich.table import Table

from milepost.operations.client.bulk_job import (
    Job,
    find,
    follow,
    follow_results,
    newest,
    print_outcome,
    require_readable,
    results,
    upload,
)
from milepost.operations.client.bulk_job import cancel as cancel_job
from milepost.operations.client.enrollments import with_progress
from milepost.operations.client.http import ApiClient, Http, Token, api_client
from milepost.operations.commands.school.enroll import DryRun, File, Follow, followed, print_job
from milepost.operations.installation.tenants import require_tenant
from milepost.operations.terminal.errors import WrongUsage, check_all
from milepost.operations.terminal.options import AsJson, DataDir, Tenant
from milepost.operations.terminal.percent import whole_percent
from milepost.operations.terminal.tables import print_table

app = typer.Typer(no_args_is_help=True)

Kind: TypeAlias = Literal[
    "scores",
    "waivers",
    "migrations",
    "rule-changes",
    "awards",
    "revocations",
    "renewals",
    "supersessions",
    "enrollment",
]
Id = Annotated[
    str, typer.Argument(help="The job's id, as `milepost jobs list` shows it.", metavar="JOB")
]

RowsOffering = Annotated[
    str | None,
    typer.Option("--offering", help="Of rows that name a learner and no offering."),
]


@app.callback()
def jobs() -> None:
    """Bulk jobs of a running Milepost: a file of rows, a result for each."""


@app.command()
def submit(
    *,
    kind: Annotated[Kind, typer.Argument(help="What the rows ask for.")],
    file: File,
    offering: RowsOffering = None,
    dry_run: DryRun = False,
    wait: Follow = True,
    tenant: Tenant = "default",
    as_json: AsJson = False,
    http: Http = None,
    token: Token = None,
    data_dir: DataDir = None,
) -> None:
    """Do what each row of a file asks for, up to 100,000, and say what came of each.

    A row is about an enrollment, or a learner in an offering (else --offering).

    scores: lesson; score (0 to 1), or raw and maximum; attempt, else the latest;
    reason, where a score that is there is revised; occurred_at.

    waivers: lesson, reason; withdraw (true or false).

    migrations: version of the course, reason. What was earned stays.

    rule-changes: version of the course, reason. All is judged anew.

    awards: learner, achievement; reason, else the criteria decide, over all history.

    revocations, renewals, supersessions: learner, reason; achievement or credential.

    enrollment: as `milepost enroll`.

    Example: milepost jobs submit scores exam.csv --offering sql-101-spring --dry-run

    A reason is a code, as regraded. The same file once more changes nothing.
    The exit code is 1 when a row was refused, or the job did not come to its end.
    """
    check_all(lambda: require_tenant(tenant), lambda: require_readable(file))
    query = {"dry_run": str(dry_run).lower()} | ({"offering": offering} if offering else {})
    with api_client(http, token, tenant, data_dir, "registrar", known=True) as api:
        job = upload(api, file, kind=kind, **query)
        if wait:
            job = followed(api, job)
        print_job(api, job, is_followed=wait, as_json=as_json)
    if wait and (job.refused or job.state != "done"):
        raise typer.Exit(1)


@app.command("rows")
def rows_(
    *,
    version: Annotated[int, typer.Option(help="The version of the course they move to.", min=1)],
    reason: Annotated[str, typer.Option(help="A code, as new_edition.")],
    course: Annotated[str | None, typer.Option(help="Everybody in this course.")] = None,
    offering: Annotated[str | None, typer.Option(help="Everybody in this offering.")] = None,
    tenant: Tenant = "default",
    http: Http = None,
    token: Token = None,
    data_dir: DataDir = None,
) -> None:
    """Print the file for `jobs submit migrations` or `rule-changes`: everybody who is in.

    Example: milepost jobs rows --offering sql-101-spring --version 2 --reason new_edition > who.csv
    """
    if course is None and offering is None:
        raise WrongUsage("Name a --course, an --offering or both.")
    count = 0
    typer.echo("enrollment,version,reason")
    with api_client(http, token, tenant, data_dir, "registrar", known=True) as api:
        for one in with_progress(api, course=course, offering=offering):
            typer.echo(f"{one['enrollment']},{version},{reason}")
            count += 1
    typer.echo(f"{count:,} enrollments.", err=True)


@app.command("list")
def list_(
    *,
    limit: Annotated[int, typer.Option(help="At most so many.", min=1, max=500)] = 20,
    tenant: Tenant = "default",
    as_json: AsJson = False,
    http: Http = None,
    token: Token = None,
    data_dir: DataDir = None,
) -> None:
    """List a school's bulk jobs, the newest first. Times are UTC."""
    with api_client(http, token, tenant, data_dir, "registrar") as api:
        found = newest(api, limit)
    if as_json:
        typer.echo(msgspec.json.encode([{"kind": one.kind, **one.told} for one in found]))
    elif found:
        print_table(_table(found))
    else:
        typer.echo(
            f"{tenant} has no bulk jobs: `milepost enroll` and `milepost jobs submit` make them."
        )


@app.command()
def show(
    *,
    job: Id,
    wait: Annotated[bool, typer.Option("--follow", help="Wait until it is done.")] = False,
    tenant: Tenant = "default",
    as_json: AsJson = False,
    http: Http = None,
    token: Token = None,
    data_dir: DataDir = None,
) -> None:
    """Say how far a bulk job is, what came of its rows, and why some were refused."""
    _require_id(job)
    with api_client(http, token, tenant, data_dir, "registrar") as api:
        found = find(api, job)
        if wait:
            found = follow(api, found)
        _print(api, found, as_json=as_json)


@app.command("results")
def results_(
    *,
    job: Id,
    refused: Annotated[bool, typer.Option("--refused", help="Refused rows only.")] = False,
    wait: Annotated[
        bool, typer.Option("--follow", help="Those to come, too, until the job ends.")
    ] = False,
    tenant: Tenant = "default",
    http: Http = None,
    token: Token = None,
    data_dir: DataDir = None,
) -> None:
    """Print a line of JSON for each row of a bulk job that is done."""
    _require_id(job)
    with api_client(http, token, tenant, data_dir, "registrar") as api:
        read_results = follow_results if wait else results
        line = None
        for line in read_results(api, find(api, job), refused_only=refused):
            typer.echo(line)
    if line is None:
        typer.echo("No rows are refused." if refused else "No rows are done yet.", err=True)


@app.command()
def cancel(
    *,
    job: Id,
    tenant: Tenant = "default",
    as_json: AsJson = False,
    http: Http = None,
    token: Token = None,
    data_dir: DataDir = None,
) -> None:
    """End a bulk job. What it has done stays, and its results tell it."""
    _require_id(job)
    with api_client(http, token, tenant, data_dir, "registrar") as api:
        _print(api, follow(api, cancel_job(api, job)), as_json=as_json)


def _require_id(job: str) -> None:
    """Raises `WrongUsage`."""
    try:
        UUID(job)
    except ValueError:
        raise WrongUsage(
            f"{job!r} is no job's id, which is like 0199058e-6f5c-7d3a-8f7e-21c4b0a9d613:"
            " `milepost jobs list` shows them."
        ) from None


def _print(api: ApiClient, job: Job, *, as_json: bool) -> None:
    if as_json:
        typer.echo(msgspec.json.encode(job.told))
    else:
        print_outcome(api, job)


def _table(found: list[Job]) -> Table:
    table = Table(box=SIMPLE, padding=(0, 1, 0, 0), show_edge=False)
    for name in ("job", "kind", "since", "state"):
        table.add_column(name)
    for name in ("rows", "refused"):
        table.add_column(name, justify="right")
    for one in found:
        since = one.created_at[5:16].replace("T", " ")
        table.add_row(one.job, one.kind, since, _state(one), f"{one.rows:,}", f"{one.refused:,}")
    return table


def _state(job: Job) -> str:
    if job.state == "running":
        return f"running {whole_percent(job.done / job.rows if job.rows else 0.0)}"
    return f"{job.state} (dry)" if job.dry_run else job.state
