"""`milepost token`."""

from collections.abc import Sequence
from pathlib import Path

import typer

from milepost.operations.installation.connection import settings
from milepost.operations.installation.tenants import require_tenant
from milepost.operations.terminal.errors import Trouble
from milepost.web.auth.development_issuer import DevelopmentIssuer


def print_token(
    roles: Sequence[str], tenant: str, subject: str, lifetime_seconds: int, data_dir: Path | None
) -> None:
    require_tenant(tenant)
    given = settings(data_dir)
    if given.token_keys:
        raise Trouble(
            f"Tokens are checked with the keys of {given.token_keys}: ask that issuer for one."
        )
    issuer = DevelopmentIssuer(
        given.data_dir, issuer=given.token_issuer, audience=given.token_audience
    )
    if not issuer.keys_path.exists():
        typer.echo(
            f"milepost: a new key is made in {given.data_dir.resolve()}: only what runs with that"
            " data directory takes its tokens.",
            err=True,
        )
    issuer.ensure_keys()
    typer.echo(issuer.issue(subject, tenant, roles, lifetime_seconds))
