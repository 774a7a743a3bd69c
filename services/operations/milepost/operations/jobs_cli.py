"""`milepost jobs`: bulk jobs of a running Milepost, looked at and canceled."""

from typing import Annotated, Any
from urllib.parse import urlencode

import msgspec
import typer
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from milepost.operations.bulk_job import JOBS, Job, find, follow, follow_results, results, tell
from milepost.operations.calling import Http, Token, calling
from milepost.operations.options import DataDir

app = typer.Typer(no_args_is_help=True)

Id = Annotated[str, typer.Argument(help="The job's id.", metavar="JOB")]
Tenant = Annotated[str, typer.Option(help="The school.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.callback()
def jobs() -> None:
    """Bulk jobs of a running Milepost; `milepost enroll` makes them."""


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
    """List them, the newest first."""
    with calling(http, token, tenant, data_dir, "registrar") as caller:
        found = caller.ask("GET", f"{JOBS}?{urlencode({'limit': limit})}")["jobs"]
    if as_json:
        typer.echo(msgspec.json.encode(found))
    else:
        Console().print(_table(found))


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
    """Say how far one is, what came of its rows, and why some were refused."""
    with calling(http, token, tenant, data_dir, "registrar") as caller:
        found = find(caller, job)
        if wait:
            found = follow(caller, found)
        if as_json:
            typer.echo(msgspec.json.encode(found))
        else:
            tell(caller, found)


@app.command("results")
def results_(
    *,
    job: Id,
    refused: Annotated[bool, typer.Option("--refused", help="Only those refused.")] = False,
    wait: Annotated[bool, typer.Option("--follow", help="Those to come, too.")] = False,
    tenant: Tenant = "default",
    http: Http = None,
    token: Token = None,
    data_dir: DataDir = None,
) -> None:
    """Print a line of JSON for each row that is done."""
    with calling(http, token, tenant, data_dir, "registrar") as caller:
        told = follow_results if wait else results
        for line in told(caller, job, refused_only=refused):
            typer.echo(line)


@app.command()
def cancel(
    *,
    job: Id,
    tenant: Tenant = "default",
    http: Http = None,
    token: Token = None,
    data_dir: DataDir = None,
) -> None:
    """End one. What it has done stays, and its results tell it."""
    with calling(http, token, tenant, data_dir, "registrar") as caller:
        caller.ask("POST", f"{JOBS}/{job}/cancel")
        tell(caller, follow(caller, find(caller, job)))


def _table(found: list[dict[str, Any]]) -> Table:
    table = Table(box=SIMPLE, padding=(0, 1, 0, 0), show_edge=False)
    table.add_column("job", no_wrap=True)
    for name in ("since", "state"):
        table.add_column(name)
    for name in ("rows", "refused"):
        table.add_column(name, justify="right")
    for one in msgspec.convert(found, list[Job]):
        since = one.created_at[5:16].replace("T", " ")
        table.add_row(one.job, since, _state(one), f"{one.rows:,}", f"{one.refused:,}")
    return table


def _state(job: Job) -> str:
    if job.state == "running":
        return f"running {job.done / job.rows:.0%}"
    return f"{job.state} (dry)" if job.dry_run else job.state
