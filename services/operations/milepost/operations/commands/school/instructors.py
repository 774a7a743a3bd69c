"""`milepost instructors`: who teaches which offerings of a running Milepost, and so sees them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated
from urllib.parse import quote

import msgspec
import typer

from milepost.operations.client.http import ApiClient, Http, Token, api_client
from milepost.operations.installation.tenants import require_tenant
from milepost.operations.terminal.options import AsJson, DataDir, Tenant

app = typer.Typer(no_args_is_help=True)

Subject = Annotated[
    str, typer.Argument(help="The subject (`sub`) of the instructor's tokens.", metavar="SUBJECT")
]
Offerings = Annotated[list[str], typer.Argument(help="One or more.", metavar="OFFERING…")]
Offering = Annotated[str, typer.Argument(help="The offering's id.", metavar="OFFERING")]


@app.callback()
def instructors() -> None:
    """Instructors see, score and report on the offerings that they are assigned to."""


@app.command()
def assign(
    *,
    subject: Subject,
    offerings: Offerings,
    tenant: Tenant = "default",
    as_json: AsJson = False,
    http: Http = None,
    token: Token = None,
    data_dir: DataDir = None,
) -> None:
    """Let somebody with the role instructor see and score these offerings.

    Example: milepost instructors assign ines sql-101-spring sql-101-autumn

    Who is assigned already stays so. It ends at the first offering that is unknown;
    those before it are assigned.
    """
    with _api(http, token, tenant, data_dir) as api:
        _each(api, "PUT", subject, offerings, "teaches", as_json=as_json)


@app.command()
def remove(
    *,
    subject: Subject,
    offerings: Offerings,
    tenant: Tenant = "default",
    as_json: AsJson = False,
    http: Http = None,
    token: Token = None,
    data_dir: DataDir = None,
) -> None:
    """Let an instructor see these offerings no more. What they have scored stays."""
    with _api(http, token, tenant, data_dir) as api:
        _each(api, "DELETE", subject, offerings, "does not teach", as_json=as_json)


@app.command("list")
def list_(
    *,
    offering: Offering,
    tenant: Tenant = "default",
    as_json: AsJson = False,
    http: Http = None,
    token: Token = None,
    data_dir: DataDir = None,
) -> None:
    """Print the subjects of an offering's instructors, a line each."""
    with _api(http, token, tenant, data_dir) as api:
        found = api.request("GET", _path(offering))
    words = "\n".join(found["instructors"]) or f"{offering} has no instructors."
    typer.echo(msgspec.json.encode(found) if as_json else words)


@contextmanager
def _api(http: Http, token: Token, tenant: str, data_dir: DataDir) -> Iterator[ApiClient]:
    require_tenant(tenant)
    with api_client(http, token, tenant, data_dir, "registrar", known=True) as api:
        yield api


def _each(
    api: ApiClient, method: str, subject: str, offerings: list[str], does: str, *, as_json: bool
) -> None:
    """Says each as it is done: those behind one that is refused are not."""
    answers = []
    for offering in offerings:
        answers.append(api.request(method, _path(offering, subject)))
        if not as_json:
            typer.echo(f"{subject} {does} {offering}.")
    if as_json:
        typer.echo(msgspec.json.encode(answers))


def _path(offering: str, subject: str | None = None) -> str:
    path = f"/enrollment/offerings/{quote(offering, safe='')}/instructors"
    return path if subject is None else f"{path}/{quote(subject, safe='')}"
