"""`milepost vault`: the keys to the learners' personal data."""

import sys
from collections.abc import Callable, Coroutine, Sequence
from datetime import datetime
from typing import Annotated, Any, TypeVar

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from milepost.enrollment.vault import destruction
from milepost.enrollment.vault.binding import keep, take_over
from milepost.enrollment.vault.erasures import KeyStanding, Term, destroy_by, openable, standings
from milepost.enrollment.vault.keyring import Keyring
from milepost.enrollment.vault.rotation import Plan, plan, rotate, rotation_lock, wrapped_by_key
from milepost.events.projections.tables import Connection
from milepost.events.runtime.event_loop import run
from milepost.events.store.postgres import connect_pool, owner_connection
from milepost.operations.installation.connection import connected, load_settings, reachable
from milepost.operations.installation.vault_faults import explained
from milepost.operations.rooms import ENROLLMENT_ROLE
from milepost.operations.terminal.errors import Trouble
from milepost.operations.terminal.options import AsJson, DataDir, DryRun
from milepost.operations.terminal.tables import print_table
from milepost.web.settings import Settings
from milepost.web.telemetry.logs import configure_logging

T = TypeVar("T")
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]

app = typer.Typer(no_args_is_help=True)


@app.callback()
def vault() -> None:
    """The keys to the learners' personal data."""


@app.command("status")
def status(*, as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """Say which master keys there are, and which erasures they can still open.

    An erasure has reached dead rows, WAL and backups when no key is left that was in use before.
    """
    settings = _settings(data_dir)
    with reachable(), explained():
        keyring = Keyring(settings)
        keys, learners = run(_with_vault(settings, lambda one: _standing(one, keyring)))
    term = Term.of(settings.erasure_days, by_hand=not keyring.ours)
    due, left = destroy_by(keys, term), openable(keys)
    if as_json:
        rows = [
            {**msgspec.to_builtins(key), "learners": learners.get(key.key_id, 0),
             "destroy_by": due.get(key.key_id)}
            for key in keys
        ]  # fmt: skip
        told = {"keys": rows, "openable": left, "by_hand": not keyring.ours}
        typer.echo(msgspec.json.encode(told).decode())
        return
    table = Table("key", "number", "state", "is here", "wraps", "erasures", "destroy by")
    for key in keys:
        table.add_row(*_row(key, learners.get(key.key_id, 0), due.get(key.key_id)))
    print_table(table)
    if lost := [key.key_id for key in keys if not (key.here or key.retired)]:
        typer.echo(f"Locked: master key {', '.join(lost)} is not here.")
    elif left is None:
        typer.echo("Every erasure has reached dead rows, WAL and backups.")
    else:
        typer.echo(
            f"Erasures since {_day(left.since)}, {left.erasures:,} so far, can be opened in dead"
            f" rows, WAL and backups by {', '.join(left.keys)}."
        )


def _row(key: KeyStanding, learners: int, by: datetime | None) -> Sequence[str]:
    state = f"retired {_day(key.retired_at)}".strip() if key.retired else "in use"
    here = "yes" if key.here else "no"
    return (
        key.key_id, f"{key.number}", state, here, f"{learners:,}", f"{key.erasures:,}", _day(by)
    )  # fmt: skip


def _day(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d}" if at else ""


async def _standing(
    connection: Connection, keyring: Keyring
) -> tuple[list[KeyStanding], dict[str, int]]:
    return await standings(connection, keyring.keys), await wrapped_by_key(connection)


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
    settings = _settings(data_dir)
    with reachable(), explained():
        keyring = Keyring(settings)
        done = run(
            _with_vault(settings, lambda connection: plan(connection, keyring))
            if dry_run
            else _rotate(settings.enrollment_login, keyring)
        )
    if as_json:
        typer.echo(msgspec.json.encode(done).decode())
    else:
        typer.echo(_words(done, keyring, dry_run=dry_run))


async def _rotate(postgres: str, keyring: Keyring) -> Plan:
    pool = await connect_pool(postgres, name="milepost vault", size=1, role=ENROLLMENT_ROLE)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    console = Console(stderr=True)
    quiet = not console.is_terminal
    try:
        with Progress(*columns, TimeRemainingColumn(), console=console, disable=quiet) as bar:
            task = bar.add_task("keys", total=None)
            done = await rotate(
                pool,
                keyring,
                lambda plan: bar.update(task, total=plan.total),
                lambda keys: bar.advance(task, keys),
            )
            async with pool.acquire() as connection:
                await take_over(connection, keyring)
            return done
    finally:
        await pool.close()


def _words(done: Plan, keyring: Keyring, *, dry_run: bool) -> str:
    from_keys = ", ".join(done.learners) or "no key"
    to = done.to or "a new key"
    if dry_run:
        goes_on = "go on to wrap" if done.resumed else "wrap"
        return f"Would {goes_on} {done.total:,} learners' keys by {to} (from {from_keys})."
    wrapped = f"{done.total:,} learners' keys are wrapped by {to} now (from {from_keys}).\n"
    if keyring.ours:
        return (
            f"{wrapped}Copy {keyring.file} to where you keep it, apart from backups. Older keys"
            " open nothing but older backups: they go in time, or now by `milepost vault destroy`."
        )
    place = keyring.file or "MILEPOST_MASTER_KEY"
    return (
        f"{wrapped}Older keys open nothing here any more: take them out of {place} when no backup"
        " that you may want to restore needs them."
    )


@app.command("destroy")
def destroy(
    *, dry_run: DryRun = False, yes: Yes = False, as_json: AsJson = False, data_dir: DataDir = None
) -> None:
    """Destroy the retired master keys now, so that erasures reach dead rows, WAL and backups.

    Backups of the time when they were in use restore without names, for ever.

    To erase at once: `milepost vault rotate`, then this.
    """
    settings = _settings(data_dir)
    with reachable(), explained():
        keyring = Keyring(settings)
        keys = run(_with_vault(settings, lambda one: _retired(one, keyring)))
        if keys and keyring.file is None:
            raise Trouble(
                f"Take {', '.join(keys)} out of MILEPOST_MASTER_KEY, for every process, and destroy"
                " all copies: keys by variable are out of reach."
            )
        if keys and not dry_run:
            _ask(f"Destroy {', '.join(keys)}? No backup made under them gives names.", yes=yes)
            run(_with_vault(settings, lambda one: _destroy(one, keyring, keys)))
    if as_json:
        typer.echo(msgspec.json.encode({"dry_run": dry_run, "keys": keys}).decode())
    elif not keys:
        typer.echo("No retired key is here.")
    else:
        typer.echo(f"{'Would destroy' if dry_run else 'Destroyed'}: {', '.join(keys)}.")


async def _retired(connection: Connection, keyring: Keyring) -> list[str]:
    async with rotation_lock(connection):
        return await destruction.retired_here(connection, keyring)


async def _destroy(connection: Connection, keyring: Keyring, keys: Sequence[str]) -> None:
    async with rotation_lock(connection):
        await keep(connection, keyring)
        await destruction.destroy(connection, keyring, keys)


@app.command("discard")
def discard(
    key: Annotated[str, typer.Argument(help="The id of a master key that is lost for good.")],
    *,
    dry_run: DryRun = False,
    yes: Yes = False,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Delete what a lost master key has sealed, so that these learners can be entered again.

    For a backup that is older than its key: until then the vault is locked.
    """
    settings = _settings(data_dir)
    with reachable(), explained():
        keyring = Keyring(settings)
        learners = run(_with_vault(settings, wrapped_by_key)).get(key, 0)
        if not dry_run:
            _ask(f"Delete the data of {learners:,} learners, whom only {key} opens?", yes=yes)
            learners = run(_discard(settings, keyring, key))
    if as_json:
        told = {"dry_run": dry_run, "key": key, "learners": learners}
        typer.echo(msgspec.json.encode(told).decode())
    else:
        would = "would be" if dry_run else "are"
        typer.echo(f"{learners:,} learners' data {would} deleted: enter them again.")


async def _discard(settings: Settings, keyring: Keyring, key: str) -> int:
    async with owner_connection(settings.owner_login) as connection:
        learners = await destruction.discard(connection, keyring, key)
        await take_over(connection, keyring)
        return learners


def _ask(question: str, *, yes: bool) -> None:
    """Raises `Trouble` where nobody can answer, `typer.Abort` when the answer is no."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise Trouble("Nobody is here to be asked: say --yes.")
    typer.confirm(question, abort=True, err=True)


def _settings(data_dir: Any) -> Settings:
    settings = connected(load_settings(data_dir))
    configure_logging(settings)
    return settings


async def _with_vault(
    settings: Settings, work: Callable[[Connection], Coroutine[Any, Any, T]]
) -> T:
    login = settings.enrollment_login
    pool = await connect_pool(login, name="milepost vault", size=1, role=ENROLLMENT_ROLE)
    try:
        async with pool.acquire() as connection:
            return await work(connection)
    finally:
        await pool.close()
