"""`milepost backup`: the database in a folder, while people work."""

from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from milepost.credentials.issuers.sealing import ISSUER_KEY
from milepost.events.runtime.event_loop import run
from milepost.operations.backup import make
from milepost.operations.backup.manifest import Manifest
from milepost.operations.installation.connection import connected, load_settings, reachable
from milepost.operations.installation.signed_heads import log_key
from milepost.operations.terminal.options import AsJson, DataDir, DryRun
from milepost.operations.terminal.progress import bars
from milepost.subscriptions.webhooks.secrets import WEBHOOK_KEY
from milepost.web.secrets.sealing import Purpose
from milepost.web.settings import Settings
from milepost.web.telemetry.logs import configure_logging

app = typer.Typer(no_args_is_help=True)


@app.command("backup")
def backup(
    folder: Annotated[Path, typer.Argument(help="The folder to make; there must be none yet.")],
    *,
    dry_run: DryRun = False,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Back up the database while people work: the log, the sealed vault, jobs, read models.

    The vault's master keys are not in it, nor those that seal the keys of issuers and the secrets
    of webhooks. Keep them elsewhere: with them it opens everything, and without them nobody opens
    what they seal.

    Example: milepost backup /backups/2026-11-29
    """
    settings = connected(load_settings(data_dir), without_nats=True)
    configure_logging(settings)
    make.require_new(folder)
    with reachable():
        if dry_run:
            _show_plan(folder, run(make.look(settings.owner_login)), as_json=as_json)
            return
        with bars() as on_progress:
            made = run(make.make(settings.owner_login, folder, log_key(settings), on_progress))
    if as_json:
        typer.echo(msgspec.json.encode({"folder": str(folder), **_figures(made)}).decode())
        return
    typer.echo(
        f"{folder}: {made.events:,} events of {len(made.schools)} schools, {made.bytes:,} bytes."
    )
    typer.echo(f"Keep apart from it: {_keys(settings)}.")


def _show_plan(folder: Path, plan: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        typer.echo(msgspec.json.encode({"dry_run": True, "folder": str(folder), **plan}).decode())
        return
    typer.echo(
        f"{folder} would be made, of {plan['events']:,} events of {plan['schools']} schools;"
        f" the database has {plan['database_bytes']:,} bytes, a backup less."
    )


def _figures(made: Manifest) -> dict[str, Any]:
    return msgspec.to_builtins(made)  # type: ignore[no-any-return]


def _keys(settings: Settings) -> str:
    named = settings.master_key_file or ("MILEPOST_MASTER_KEY" if settings.master_key else "")
    vault = named or settings.data_dir / "vault"
    issuers, webhooks = (_sealing_key(settings, one) for one in (ISSUER_KEY, WEBHOOK_KEY))
    return (
        f"{vault}, the vault's keys, {issuers}, which opens the issuers', {webhooks}, which opens"
        f" the webhooks' secrets, and {settings.data_dir / 'log'}, which signs its heads"
    )


def _sealing_key(settings: Settings, purpose: Purpose) -> str:
    """Where it is."""
    if getattr(settings, purpose.setting):
        return getattr(settings, f"{purpose.setting}_file") or purpose.variable
    return str(purpose.file(settings))
