"""`milepost instructors`: who teaches which offerings of a running Milepost, and so sees them."""

from collections.abc import Callable
from typing import Annotated, Any, TypeVar
from urllib.parse import quote

import msgspec
import typer

from milepost.operations.client.http import ApiClient, Http, Token, api_client
from milepost.operations.installation.tenants import require_tenant
from milepost.operations.terminal.options import AsJson, DataDir, Tenant

app = typer.Typer(no_args_is_help=True)
T = TypeVar("T")

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

    def work(api: ApiClient, offering: str) -> Any:
        answer = api.request("PUT", _path(offering, subject))
        if not as_json:
            typer.echo(f"{subject} teaches {offering}.")
        return answer

    done = _with_api(
        lambda api: [work(api, one) for one in offerings], http, token, tenant, data_dir
    )
    if as_json:
        typer.echo(msgspec.json.encode(done))


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

    def work(api: ApiClient, offering: str) -> Any:
        answer = api.request("DELETE", _path(offering, subject))
        if not as_json:
            typer.echo(f"{subject} does not teach {offering}.")
        return answer

    done = _with_api(
        lambda api: [work(api, one) for one in offerings], http, token, tenant, data_dir
    )
    if as_json:
        typer.echo(msgspec.json.encode(done))


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
    found = _with_api(
        lambda api: api.request("GET", _path(offering)), http, token, tenant, data_dir
    )
    words = "\n".join(found["instructors"]) or f"{offering} has no instructors."
    _print(found, words, as_json=as_json)


def _with_api(
    work: Callable[[ApiClient], T], http: Http, token: Token, tenant: str, data_dir: DataDir
) -> T:
    require_tenant(tenant)
    with api_client(http, token, tenant, data_dir, "registrar", known=True) as api:
        return work(api)


def _path(offering: str, subject: str | None = None) -> str:
    path = f"/enrollment/offerings/{quote(offering, safe='')}/instructors"
    return path if subject is None else f"{path}/{quote(subject, safe='')}"


def _print(found: object, words: str, *, as_json: bool) -> None:
    typer.echo(msgspec.json.encode(found) if as_json else words)
