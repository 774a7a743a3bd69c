"""`milepost token`."""

from collections.abc import Sequence
from pathlib import Path

import typer

from milepost.operations.installation.connection import load_settings
from milepost.operations.installation.tenants import require_tenant
from milepost.operations.terminal.errors import Trouble
from milepost.web.auth.development_issuer import DevelopmentIssuer


def print_token(
    roles: Sequence[str], tenant: str, subject: str, lifetime_seconds: int, data_dir: Path | None
) -> None:
    require_tenant(tenant)
    settings = load_settings(data_dir)
    if settings.token_keys:
        raise Trouble(
            f"Tokens are checked with the keys of {settings.token_keys}: ask that issuer for one."
        )
    issuer = DevelopmentIssuer(
        settings.data_dir, issuer=settings.token_issuer, audience=settings.token_audience
    )
    if not issuer.keys_path.exists():
        typer.echo(
            f"milepost: a new key is made in {settings.data_dir.resolve()}: only what runs with"
            " that data directory takes its tokens.",
            err=True,
        )
    issuer.ensure_keys()
    typer.echo(issuer.issue(subject, tenant, roles, lifetime_seconds))
