"""`milepost vault`: the keys to the learners' personal data."""

from collections.abc import Iterator
from contextlib import contextmanager

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from milepost.enrollment.vault.keyring import Keyring, MasterKeyMissing
from milepost.enrollment.vault.rotation import (
    Damaged,
    NoNewKey,
    Plan,
    RotationUnderWay,
    VaultEmpty,
    plan,
    rotate,
)
from milepost.events.store.postgres import connect_pool
from milepost.operations.installation.connection import connected, load_settings, reachable
from milepost.operations.rooms import ENROLLMENT_ROLE
from milepost.operations.terminal.errors import Trouble
from milepost.operations.terminal.options import AsJson, DataDir, DryRun
from milepost.web.server import run
from milepost.web.settings import SettingInvalid
from milepost.web.telemetry.logs import configure_logging

app = typer.Typer(no_args_is_help=True)


@app.callback()
def vault() -> None:
    """The keys to the learners' personal data."""


@app.command("rotate")
def rotate_master_key(
    *,
    dry_run: DryRun = False,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Wrap every learner's key anew, by a new master key; services go on meanwhile.

    With a key file, a new key is made and put first in it.

    With MILEPOST_MASTER_KEY, put one there first yourself, for every process,
    and leave the old one behind it.

    Ctrl-C stops; the same command goes on from there.
    """
    settings = connected(load_settings(data_dir))
    configure_logging(settings)
    with reachable(), _explained():
        keyring = Keyring(settings)
        done = run(
            _look(settings.enrollment_login, keyring)
            if dry_run
            else _rotate(settings.enrollment_login, keyring)
        )
    if as_json:
        typer.echo(msgspec.json.encode(done).decode())
    else:
        typer.echo(_words(done, keyring, dry_run=dry_run))


async def _look(postgres: str, keyring: Keyring) -> Plan:
    pool = await connect_pool(postgres, name="milepost vault", size=1, role=ENROLLMENT_ROLE)
    try:
        async with pool.acquire() as connection:
            return await plan(connection, keyring)
    finally:
        await pool.close()


async def _rotate(postgres: str, keyring: Keyring) -> Plan:
    pool = await connect_pool(postgres, name="milepost vault", size=1, role=ENROLLMENT_ROLE)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    console = Console(stderr=True)
    quiet = not console.is_terminal
    try:
        with Progress(*columns, TimeRemainingColumn(), console=console, disable=quiet) as bar:
            task = bar.add_task("keys", total=None)
            return await rotate(
                pool,
                keyring,
                lambda plan: bar.update(task, total=plan.total),
                lambda keys: bar.advance(task, keys),
            )
    finally:
        await pool.close()


def _words(done: Plan, keyring: Keyring, *, dry_run: bool) -> str:
    from_keys = ", ".join(done.learners) or "no key"
    to = done.to or "a new key"
    if dry_run:
        goes_on = "go on to wrap" if done.resumed else "wrap"
        return f"Would {goes_on} {done.total:,} learners' keys by {to} (from {from_keys})."
    place = keyring.file or "MILEPOST_MASTER_KEY"
    return (
        f"{done.total:,} learners' keys are wrapped by {to} now (from {from_keys}).\n"
        f"Older keys open nothing here any more: take them out of {place} when no backup that"
        " you may want to restore needs them."
    )


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        typer.echo("Stopped. The same command goes on from here.", err=True)
        raise typer.Exit(130) from None
    except SettingInvalid as wrong:
        raise Trouble(str(wrong)) from wrong
    except VaultEmpty:
        raise Trouble("The vault is empty: there is no key to replace.") from None
    except RotationUnderWay:
        raise Trouble("Somebody else is rotating this vault: wait until that is done.") from None
    except NoNewKey:
        raise Trouble(
            "Put a new key first in MILEPOST_MASTER_KEY, the old one behind it (NEW,OLD), for"
            " every process; `openssl rand -base64 32` makes one."
        ) from None
    except Damaged as damaged:
        who = ", ".join(f"{one.learner} of {one.tenant}" for one in damaged.learners[:5])
        raise Trouble(
            f"{len(damaged.learners):,} learners' keys have been changed and do not open ({who}):"
            " restore their rows from a backup, or erase them, and run this again."
            " All others are done."
        ) from None
    except MasterKeyMissing as missing:
        raise Trouble(
            f"The vault is wrapped by the master key {missing.key_id}, which is not here: name it"
            " in MILEPOST_MASTER_KEY or MILEPOST_MASTER_KEY_FILE."
        ) from missing
