"""`milepost enroll`: many learners from one file, as a bulk job of a running Milepost."""

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from milepost.operations.client.bulk_job import Job, follow, print_outcome, require_readable, upload
from milepost.operations.client.http import ApiClient, Http, Token, api_client
from milepost.operations.installation.tenants import require_tenant
from milepost.operations.terminal.errors import Trouble, check_all
from milepost.operations.terminal.options import AsJson, DataDir, Tenant

app = typer.Typer()


File = Annotated[
    Path,
    typer.Argument(
        help="A .csv with a header, an .ndjson, or a .json with an array.", metavar="FILE"
    ),
]
Offering = Annotated[
    str | None, typer.Option(help="Where to enroll whoever is in a row that names no offering.")
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Say what would come of it; change nothing.")
]
Follow = Annotated[
    bool, typer.Option("--follow/--no-follow", help="Wait until it is done, or do not.")
]


@app.command()
def enroll(
    *,
    file: File,
    offering: Offering = None,
    dry_run: DryRun = False,
    wait: Follow = True,
    tenant: Tenant = "default",
    as_json: AsJson = False,
    http: Http = None,
    token: Token = None,
    data_dir: DataDir = None,
) -> None:
    """Enroll everybody in a file, up to 100,000 rows, and say what came of each.

    Columns: learner; offering, else --offering; mode: audit (the default) or
    verified; occurred_at, as 2026-03-02T09:00:00Z, else the time of the upload.
    Whoever is in already stays so, and is refused if the row states another mode.

    Example: milepost enroll class.csv --offering sql-101-spring --dry-run

    The exit code is 1 when a row was refused, or the job did not come to its end.
    """
    check_all(lambda: require_tenant(tenant), lambda: require_readable(file))
    query = {"dry_run": str(dry_run).lower(), **({"offering": offering} if offering else {})}
    with api_client(http, token, tenant, data_dir, "registrar", known=True) as api:
        job = upload(api, file, **query)
        if wait:
            job = followed(api, job)
        print_job(api, job, is_followed=wait, as_json=as_json)
    if wait and (job.refused or job.state != "done"):
        raise typer.Exit(1)


def print_job(api: ApiClient, job: Job, *, is_followed: bool, as_json: bool) -> None:
    """What came of it; how to look at it, if it goes on."""
    if as_json:
        typer.echo(msgspec.json.encode(job.told))
    elif is_followed:
        print_outcome(api, job)
    else:
        typer.echo(f"Job {job.job}: to look at it, `milepost jobs show {job.job}`.")


def followed(api: ApiClient, job: Job) -> Job:
    """In its end. Raises `Trouble` to whoever stops waiting."""
    try:
        return follow(api, job)
    except KeyboardInterrupt as stopped:
        raise Trouble(
            f"The job goes on without you. To look at it: `milepost jobs show {job.job}`;"
            f" to end it: `milepost jobs cancel {job.job}`."
        ) from stopped
