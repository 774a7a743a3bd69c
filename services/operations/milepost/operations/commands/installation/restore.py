"""`milepost restore`: a backup into an empty database, verified; and what is lost, by position."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.table import Table

from milepost.credentials.issuers.sealing import ISSUER_KEY
from milepost.enrollment.vault.keyring import Keyring
from milepost.events.runtime.event_loop import run
from milepost.events.store.verify import Fault, Head
from milepost.operations.backup import restore as restoring
from milepost.operations.backup.erased import Erased
from milepost.operations.backup.manifest import HEADS, Manifest, read_manifest, require_whole
from milepost.operations.backup.restore import Lost, OnProgress
from milepost.operations.installation.connection import load_settings, reachable
from milepost.operations.installation.named_servers import require_answering
from milepost.operations.installation.signed_heads import (
    log_key,
    signed_heads,
    unsigned_heads,
)
from milepost.operations.local.embedded import Embedded
from milepost.operations.terminal.errors import Trouble, WrongUsage
from milepost.operations.terminal.options import AsJson, DataDir, DryRun
from milepost.operations.terminal.progress import bars
from milepost.operations.terminal.tables import print_table
from milepost.subscriptions.webhooks.secrets import WEBHOOK_KEY
from milepost.web.settings import SettingInvalid, Settings
from milepost.web.telemetry.logs import configure_logging

SEALED = (ISSUER_KEY, WEBHOOK_KEY)
app = typer.Typer(no_args_is_help=True)


class Restored(msgspec.Struct, frozen=True, kw_only=True):
    """`locked`: how many learners are sealed by each master key that is not here. `erased`: who
    was erased since. `issuers_locked`, `webhooks_locked`: the fingerprint of the key that seals the
    issuers' keys, or the webhooks' secrets, when it is not the one here.
    """

    events: int
    schools: dict[str, int]
    faults: tuple[Fault, ...]
    lost: tuple[Lost, ...]
    locked: dict[str, int]
    erased: tuple[Erased, ...]
    issuers_locked: str | None = None
    webhooks_locked: str | None = None


@app.command("restore")
def restore(
    folder: Annotated[Path, typer.Argument(help="A folder that `milepost backup` has made.")],
    *,
    keys: Annotated[
        Path | None,
        typer.Option(
            help="A file with the JWKS that the heads are signed with.", show_default="our own"
        ),
    ] = None,
    unsigned: Annotated[
        bool, typer.Option("--unsigned", help="Believe the heads, whoever has signed them.")
    ] = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Restore a backup into an empty database, and verify it; exit code 1 when it is not whole.

    Stop Milepost first. It overwrites nothing: a database with a log is refused.

    It names, by position, what NATS has published and the backup does not know; who was
    erased since; whose data no master key opens that is here; and whether the issuers'
    keys and the webhooks' secrets open.

    Example: milepost restore /backups/2026-11-29
    """
    if keys and unsigned:
        raise WrongUsage("--keys and --unsigned exclude each other: name one of them.")
    settings = load_settings(data_dir)
    configure_logging(settings)
    manifest, heads = _checked(settings, folder, keys, unsigned=unsigned)
    with reachable(), bars() as on_progress:
        done = run(_restored(settings, folder, (manifest, heads), on_progress, dry_run=dry_run))
    if as_json:
        typer.echo(msgspec.json.encode({"dry_run": dry_run, **msgspec.to_builtins(done)}).decode())
    else:
        _show(folder, done, dry_run=dry_run)
    if done.faults:
        raise typer.Exit(1)


def _checked(
    settings: Settings, folder: Path, keys: Path | None, *, unsigned: bool
) -> tuple[Manifest, list[Head]]:
    """Raises `Trouble` when the backup is damaged, or not signed by whom we trust."""
    manifest = read_manifest(folder)
    require_whole(folder, manifest)
    file, trusted = folder / HEADS, keys or log_key(settings).keys_path
    if not manifest.schools:
        return manifest, []
    if not unsigned and not trusted.exists():
        raise Trouble(
            f"{trusted} is gone, which says whose signature to trust: name a file with --keys"
            " (`milepost log keys` had printed it), or believe the backup with --unsigned."
        )
    heads = unsigned_heads(file) if unsigned else signed_heads(file, trusted)
    if {head.tenant: head.position for head in heads} != manifest.schools:
        raise Trouble(f"{file} and the manifest beside it tell of different heads.")
    return manifest, heads


async def _restored(
    settings: Settings,
    folder: Path,
    backup: tuple[Manifest, Sequence[Head]],
    on_progress: OnProgress,
    *,
    dry_run: bool,
) -> Restored:
    manifest, heads = backup
    here, sealing = _keys_here(settings)
    locked: dict[str, str] = {}
    await require_answering(settings)
    faults: tuple[Fault, ...] = ()
    async with AsyncExitStack() as stack:
        owner, nats = settings.owner_login, settings.nats_server
        if not settings.postgres or not settings.nats:
            servers = Embedded(settings.data_dir, postgres=owner, nats=settings.nats)
            await stack.enter_async_context(servers)
            owner = servers.postgres
            nats = msgspec.structs.replace(nats, url=servers.nats)
        await restoring.require_empty(owner)
        learners = manifest.learners
        if not dry_run:
            await restoring.restore(owner, folder, on_progress)
            faults = await restoring.verified(owner, heads, on_progress)
            learners = await restoring.wrapped(owner)
            locked = await _locked(owner, sealing)
        lost = await restoring.lost(nats, heads, on_progress)
        erased = await restoring.erased(nats, heads)
    return Restored(
        events=manifest.events,
        schools=manifest.schools,
        faults=faults,
        lost=tuple(lost),
        locked={key: count for key, count in learners.items() if key not in here},
        erased=tuple(erased),
        issuers_locked=locked.get(ISSUER_KEY.setting),
        webhooks_locked=locked.get(WEBHOOK_KEY.setting),
    )


def _keys_here(settings: Settings) -> tuple[Collection[str], Mapping[str, str]]:
    """The vault's, and by setting the fingerprints of what seals others'. Raises `Trouble`."""
    try:
        found = ((one.setting, one.key_here(settings)) for one in SEALED)
        return Keyring(settings).keys, {name: key.id for name, key in found if key}
    except SettingInvalid as wrong:
        raise Trouble(str(wrong)) from wrong


async def _locked(owner: str, here: Mapping[str, str]) -> dict[str, str]:
    """By setting the fingerprints of the keys that others seal with and that are not here."""
    used = [(one.setting, await restoring.sealed(owner, one)) for one in SEALED]
    return {name: key for name, key in used if key and key != here.get(name)}


def _show(folder: Path, done: Restored, *, dry_run: bool) -> None:
    _show_table("Not as it was backed up", "fault", done.faults)
    _show_table("Published, and not in the backup: lost", "last", done.lost)
    if dry_run:
        typer.echo(f"{folder} is whole: {done.events:,} events would be restored.")
    elif not done.faults:
        typer.echo(f"{done.events:,} events restored, whole and as they were signed.")
    if done.lost:
        typer.echo(
            "Subscribers have heard of the lost positions, which will be given out anew: tell them,"
            " start Milepost, then run `milepost stream rebuild`."
        )
    _show_learners(done, dry_run=dry_run)


def _show_learners(done: Restored, *, dry_run: bool) -> None:
    for key, learners in done.locked.items():
        typer.echo(
            f"{learners:,} learners' data {'would stay' if dry_run else 'are'} sealed: master key"
            f" {key} is not here. Name it, if somebody has it still. If it was destroyed, nobody"
            f" reads them again: start Milepost, then `milepost vault discard {key}`, and let these"
            " learners be entered anew."
        )
    if done.issuers_locked:
        typer.echo(
            f"Every issuer's keys are locked: {done.issuers_locked}, the key that seals them, is"
            " not here. Set MILEPOST_ISSUER_KEY as it was, or put the data directory's"
            " issuers/sealing.key back."
        )
    if done.webhooks_locked:
        typer.echo(
            f"Every webhook's secrets are locked: {done.webhooks_locked}, the key that seals them,"
            " is not here. Set MILEPOST_WEBHOOK_KEY as it was, or put the data directory's"
            " webhooks/sealing.key back."
        )
    if done.erased:
        table = Table("school", "learner", title="Erased since: erase them again")
        for one in done.erased:
            table.add_row(one.tenant, one.learner)
        print_table(table)


def _show_table(title: str, last: str, found: Sequence[Any]) -> None:
    if not found:
        return
    table = Table("school", "first position", "last position", "what", title=title)
    for one in found:
        what = one.fault if last == "fault" else ""
        table.add_row(one.tenant, f"{one.first:,}", f"{one.last:,}", what)
    print_table(table)
