"""`milepost keys`: what an issuer signs with. Lists, rotates and retires the keys of a school."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any, Literal
from urllib.parse import quote

import msgspec
import typer

from milepost.operations.client.http import ApiClient, Http, Token, api_client
from milepost.operations.installation.tenants import require_tenant
from milepost.operations.terminal.options import AsJson, DataDir, Tenant

app = typer.Typer(no_args_is_help=True)

Issuer = Annotated[
    str, typer.Option(help="The issuer's code; every school has `default`.", metavar="CODE")
]
Algorithm = Annotated[
    Literal["Ed25519", "ES256"],
    typer.Option(help="Ed25519 signs embedded proofs, ES256 signs JWTs."),
]
Key = Annotated[
    str, typer.Argument(help="The key, as `milepost keys list` shows it.", metavar="KEY")
]
Compromised = Annotated[
    bool,
    typer.Option("--compromised", help="Somebody else may have it: unpublish it, believe nothing."),
]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask before a key is unpublished.")]


@app.callback()
def keys() -> None:
    """An issuer's keys are made when they are first needed, and stand, sealed, in the database.

    What was awarded is signed by the newest key of its time, so rotating changes no badge that
    somebody holds. Public keys stay published after they are retired.
    """


@app.command("list")
def list_(
    *,
    issuer: Issuer = "default",
    tenant: Tenant = "default",
    as_json: AsJson = False,
    http: Http = None,
    token: Token = None,
    data_dir: DataDir = None,
) -> None:
    """Print the keys, the oldest first."""
    with _api(http, token, tenant, data_dir) as api:
        _show(api.request("GET", _path(issuer)), as_json=as_json)


@app.command()
def rotate(
    *,
    issuer: Issuer = "default",
    algorithm: Algorithm = "Ed25519",
    tenant: Tenant = "default",
    as_json: AsJson = False,
    http: Http = None,
    token: Token = None,
    data_dir: DataDir = None,
) -> None:
    """Make a new key, which signs from now on.

    Example: milepost keys rotate --algorithm ES256
    """
    with _api(http, token, tenant, data_dir) as api:
        body = msgspec.json.encode({"algorithm": algorithm})
        _show(api.request("POST", f"{_path(issuer)}/keys/rotate", body), as_json=as_json)


@app.command()
def retire(
    *,
    key: Key,
    issuer: Issuer = "default",
    compromised: Compromised = False,
    yes: Yes = False,
    tenant: Tenant = "default",
    as_json: AsJson = False,
    http: Http = None,
    token: Token = None,
    data_dir: DataDir = None,
) -> None:
    """Let a key sign nothing more. It stays published, unless it is compromised.

    Badges that a compromised key has signed are not valid any more: their holders fetch them again,
    signed by the present key. That cannot be undone.
    """
    if compromised and not yes:
        typer.confirm(
            f"Unpublish {key} of {issuer}? What it signed is believed no more.", abort=True
        )
    with _api(http, token, tenant, data_dir) as api:
        body = msgspec.json.encode({"compromised": compromised})
        path = f"{_path(issuer)}/keys/{quote(key, safe='')}/retire"
        _show(api.request("POST", path, body), as_json=as_json)


@contextmanager
def _api(http: Http, token: Token, tenant: str, data_dir: DataDir) -> Iterator[ApiClient]:
    require_tenant(tenant)
    with api_client(http, token, tenant, data_dir, "operator", known=True) as api:
        yield api


def _path(issuer: str) -> str:
    return f"/credentials/issuers/{quote(issuer, safe='')}"


def _show(found: Any, *, as_json: bool) -> None:
    if as_json:
        typer.echo(msgspec.json.encode(found))
        return
    lines = [_line(one) for one in found["keys"]]
    typer.echo("\n".join(lines) or f"{found['issuer']} has signed nothing yet, and has no key.")


def _line(key: Any) -> str:
    state = "signs"
    if key["retired_at"]:
        state = "compromised" if key["compromised"] else f"retired {key['retired_at'][:10]}"
    return f"{key['key']}  {key['algorithm']:7}  since {key['added_at'][:10]}  {state}"
