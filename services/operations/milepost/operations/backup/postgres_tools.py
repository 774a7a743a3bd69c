"""`pg_dump` and `pg_restore`, of the system or of the wheel; passwords are on no command line.

The system's come first, where they are not older than the server. The wheels' may have been built
without TLS: then they are not used where our own connection is encrypted, or a dump would travel in
the open, or not at all.
"""

import asyncio
import os
import re
import shutil
import subprocess
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit, urlunsplit

import asyncpg

from milepost.operations.local.embedded_postgres import installed
from milepost.operations.terminal.errors import Trouble

LAST_BYTES = 2000
ASK_SECONDS = 20
OPTION = "password="
SERVER = """select current_setting('server_version_num')::integer / 10000,
    coalesce((select ssl from pg_stat_ssl where pid = pg_backend_pid()), false)"""


class Server(NamedTuple):
    """What its tools must be fit for: `major` is its version, `encrypted` our connection."""

    major: int
    encrypted: bool


async def server_of(connection: "asyncpg.Connection[asyncpg.Record]") -> Server:
    return Server(*await connection.fetchrow(SERVER))  # type: ignore[misc]  # it always answers


def tool(name: str, server: Server) -> Path:
    """The first that is fit. Raises `Trouble`, which says of each why it is not."""
    unfit = []
    for place in _found(name):
        if why := _unfit(place, server):
            unfit.append(f"{place} {why}")
        else:
            return place
    wanted = f"{name} {server.major} or newer{', with TLS,' if server.encrypted else ''}"
    raise Trouble(
        f"{wanted} is needed: {'; '.join(unfit) or 'none is installed'}. Install Postgres' own"
        f" client programs (on Debian postgresql-client-{server.major}) and have them first in PATH"
        + (", or run `pip install 'milepost[embedded]'`." if not server.encrypted else ".")
    )


def _found(name: str) -> Iterator[Path]:
    if on_path := shutil.which(name):
        yield Path(on_path)
    for folder in installed().values():
        if (folder / name).exists():
            yield folder / name


def _unfit(place: Path, server: Server) -> str:
    version = re.search(r"\(PostgreSQL\) (\d+)", _said(place, "--version"))
    if version is None:
        return "does not say its version"
    if int(version[1]) < server.major:
        return f"is of version {version[1]}"
    if server.encrypted and not _speaks_tls(place):
        return "was built without TLS"
    return ""


def _speaks_tls(place: Path) -> bool:
    """Asked of `pg_dump` in any case: `pg_restore` looks at its file before it connects."""
    dump = place.with_name("pg_dump")
    said = _said(dump, "--dbname=host=/nowhere sslmode=require") if dump.exists() else ""
    return "not compiled in" not in said


def _said(place: Path, argument: str) -> str:
    try:
        ended = subprocess.run(  # noqa: S603 - a program of the system's or a wheel's
            [place, argument],
            check=False,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            text=True,
            timeout=ASK_SECONDS,
            env={**os.environ, "LC_ALL": "C"},
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return ended.stdout + ended.stderr


async def start(
    name: str, server: Server, dsn: str, *arguments: str, reads: bool = False
) -> Process:
    """With pipes for standard error, and for standard input where it `reads`. Raises `Trouble`."""
    address, password = _apart(dsn)
    return await asyncio.create_subprocess_exec(
        await asyncio.to_thread(tool, name, server),
        "--no-password",
        f"--dbname={address}",
        *arguments,
        stdin=PIPE if reads else DEVNULL,
        stdout=DEVNULL,
        stderr=PIPE,
        env={**os.environ, "PGPASSWORD": password} if password else None,
    )


async def require_success(name: str, process: Process, said: "asyncio.Task[bytes]") -> None:
    """Raises `Trouble` with its last words."""
    words = (await said)[-LAST_BYTES:].decode("utf-8", "replace").strip()
    if await process.wait() != 0:
        raise Trouble(f"{name} failed: {words}")


async def end(process: Process) -> None:
    """Whatever it is doing."""
    if process.returncode is None:
        process.kill()
        await process.wait()


def _apart(dsn: str) -> tuple[str, str]:
    """The address without the password, wherever in it that stands; and the password."""
    parts = urlsplit(dsn)
    login, _, place = parts.netloc.rpartition("@")
    user, _, password = login.partition(":")
    netloc = f"{user}@{place}" if login else place
    options = parts.query.split("&")
    others = [one for one in options if not one.startswith(OPTION)]
    for option in options:
        if option.startswith(OPTION):
            password = password or option.removeprefix(OPTION)
    without = parts._replace(netloc=netloc, query="&".join(others))
    return urlunsplit(without), unquote(password)
