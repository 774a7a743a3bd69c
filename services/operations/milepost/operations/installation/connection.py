"""How a command finds the servers: the environment, else what `milepost up` runs here."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import msgspec

from milepost.events.nats.connection import TlsRefused
from milepost.events.runtime.outages import UNAVAILABLE
from milepost.operations.installation.data_directory import running
from milepost.operations.terminal.errors import Trouble
from milepost.web.settings import SettingInvalid, Settings


def load_settings(data_dir: Path | None = None) -> Settings:
    """From the environment; a `data_dir` given on the command line wins. Raises `Trouble`."""
    try:
        settings = Settings.from_environment(os.environ)
    except SettingInvalid as error:
        raise Trouble(str(error)) from error
    settings = msgspec.structs.replace(settings, data_dir=data_dir or settings.data_dir)
    if settings.data_dir.exists() and not settings.data_dir.is_dir():
        raise Trouble(
            f"{settings.data_dir} is not a folder: name the data directory with --data-dir."
        )
    return settings


def reason(error: BaseException) -> str:
    """Never empty, and never a class's name."""
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return str(error) or "the connection was lost"


def connected(settings: Settings | None = None, *, without_nats: bool = False) -> Settings:
    """Settings with both servers' addresses. Raises `Trouble` when nobody has named any.

    `without_nats` is for who never speaks to it, and so needs no password of it.
    """
    settings = settings or load_settings()
    _require_certificates(settings)
    if settings.postgres and (settings.nats or without_nats):
        return settings
    runtime = running(settings.data_dir)
    if runtime is None:
        raise Trouble(
            f"Nothing runs in {settings.data_dir.resolve()}: start it with `milepost up`,"
            " or set MILEPOST_POSTGRES and MILEPOST_NATS."
        )
    found = msgspec.structs.replace(
        settings,
        nats=settings.nats or runtime.nats,
        public_url=settings.public_url or runtime.http,
    )
    if not settings.postgres:
        found = msgspec.structs.replace(
            found,
            postgres=runtime.postgres,
            postgres_owner=settings.postgres_owner or runtime.owner,
            postgres_enrollment=settings.postgres_enrollment or runtime.enrollment,
        )
    for name in ("postgres",) if without_nats else ("postgres", "nats"):
        if not getattr(found, name):  # `milepost up --only`
            raise Trouble(
                f"`milepost up` was told not to start {name}: set MILEPOST_{name.upper()}."
            )
    return found


def _require_certificates(settings: Settings) -> None:
    """Raises `Trouble` at the start, not when NATS is asked for the first time."""
    try:
        settings.nats_server.context()
    except TlsRefused as error:
        raise Trouble(f"{error}.") from error


@contextmanager
def reachable() -> Iterator[None]:
    """What Postgres and NATS answer at the edge of a command, as a sentence."""
    try:
        yield
    except UNAVAILABLE as error:
        raise Trouble(
            f"Postgres or NATS cannot be reached ({reason(error)}): `milepost doctor` says which."
        ) from error
    except (asyncpg.InvalidAuthorizationSpecificationError, asyncpg.InvalidCatalogNameError) as no:
        raise Trouble(f"Postgres refuses: {no}. Is MILEPOST_POSTGRES right?") from no
    except asyncpg.InsufficientPrivilegeError as error:
        raise Trouble(
            f"Postgres refuses: {error}. Is this login right?"
            " `milepost migrate` makes those that the settings name."
        ) from error
    except asyncpg.UndefinedTableError as error:
        raise Trouble(f"{error}: bring the database up to date with `milepost migrate`.") from error
