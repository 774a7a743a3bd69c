"""The Postgres configuration in deploy/, on the system's real server where it has OpenSSL."""

import os
import shutil
import ssl
import subprocess
from pathlib import Path

import asyncpg
import pytest
from tests.certificates import Authority
from tests.house.deployed import DEPLOY, prepare

from milepost.events.store.postgres import owner_connection
from milepost.operations.backup.postgres_tools import Server, server_of
from milepost.operations.installation.logins import OLDEST_POSTGRES, migrate_and_ensure
from milepost.operations.local.embedded import free_port
from milepost.operations.terminal.errors import Trouble

SYSTEMS = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
BIN = SYSTEMS[-1].parent if SYSTEMS else Path("/nowhere")

pytestmark = [
    pytest.mark.servers,
    pytest.mark.skipif(not SYSTEMS or not shutil.which("openssl"), reason="needs both on Debian"),
]


class Deployed:
    """As the image does it: initdb, a database, owner.sql; then the configuration files alone."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port(0)
        self.user = "nobody" if os.geteuid() == 0 else None
        assert prepare(folder).returncode == 0
        self.secrets = folder / "secrets"
        self.settle()
        self.run("initdb", "-D", self.data, "-U", "postgres", *self.initdb())

    def settle(self) -> None:
        """Everything where the server may read it."""
        self.home, self.data = self.folder / "server", self.folder / "server" / "data"
        self.home.mkdir()
        for name in ("postgres.pem", "postgres.key", "owner.password", "superuser.password"):
            shutil.copy(self.secrets / name, self.home)
        for name in ("postgresql.conf", "pg_hba.conf", "owner.sql"):
            text = (DEPLOY / name).read_text("utf-8")
            for before, after in (
                ("/etc/postgresql/tls/server", str(self.home / "postgres")),
                ("/etc/postgresql/", f"{self.home}/"),
                ("/run/secrets/", f"{self.home}/"),
            ):
                text = text.replace(before, after)
            (self.home / name).write_text(text, "utf-8")
        for path in (self.home, *self.home.iterdir()):
            if self.user:
                shutil.chown(path, self.user)

    def initdb(self) -> tuple[str, ...]:
        given = ("--encoding=UTF8", "--locale=C", "--auth=scram-sha-256", "--no-sync")
        return (*given, f"--pwfile={self.home / 'superuser.password'}")

    def run(self, name: str, *arguments: object) -> None:
        password = (self.secrets / "superuser.password").read_text().strip()
        subprocess.run(
            [str(BIN / name), *map(str, arguments)],
            check=True,
            user=self.user,
            cwd=self.home,
            env={"PATH": "/usr/bin:/bin", "PGPASSWORD": password},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )

    def start(self) -> None:
        given = {
            "config_file": self.home / "postgresql.conf",
            "unix_socket_directories": self.home,
            "port": self.port,
            "shared_buffers": "16MB",  # of a machine that does more than this
        }
        options = " ".join(f"-c {name}={value}" for name, value in given.items())
        log = self.home / "log"
        self.run("pg_ctl", "start", "-w", "-D", self.data, "-l", log, "-o", options)
        here = ("-h", self.home, "-p", self.port, "-U", "postgres", "--no-password")
        self.run("psql", *here, "-qc", "create database milepost")
        self.run("psql", *here, "-qv", "ON_ERROR_STOP=1", "-d", "milepost", "-f", "owner.sql")

    def stop(self) -> None:
        self.run("pg_ctl", "stop", "-w", "-m", "immediate", "-D", self.data)

    def address(self, name: str) -> str:
        """As deploy/prepare.sh wrote it, but for host and folder."""
        text = (self.secrets / f"postgres-{name}").read_text().strip()
        text = text.replace("@postgres/", f"@localhost:{self.port}/")
        return text.replace("/run/secrets/", f"{self.secrets}/")


@pytest.fixture
def deployed(data_dir):
    server = Deployed(data_dir)
    try:
        server.start()
        yield server
    finally:
        if (server.data / "postmaster.pid").exists():
            server.stop()


async def test_logins_come_over_tls_alone_and_the_superuser_not_at_all(deployed, tmp_path):
    owner = deployed.address("owner")
    async with owner_connection(owner) as connection:
        found = await server_of(connection)
        assert not await connection.fetchval(
            "select rolsuper from pg_roles where rolname = current_user"
        )
    assert found == Server(int(BIN.parent.name), encrypted=True)

    for refused in (
        owner.replace("verify-full", "disable"),
        owner.replace("//milepost:", "//postgres:"),
        owner.replace("/milepost?", "/postgres?"),
    ):
        with pytest.raises(asyncpg.InvalidAuthorizationSpecificationError, match=r"pg_hba\.conf"):
            await connected(refused)
    other = Authority(tmp_path / "other-ca").file
    with pytest.raises(ssl.SSLCertVerificationError):
        await connected(owner.replace(str(deployed.secrets / "ca.pem"), other))

    if found.major * 10_000 < OLDEST_POSTGRES:
        with pytest.raises(Trouble, match="is too old: Milepost needs 17 or newer"):
            await migrate_and_ensure(owner, deployed.address("service"), "")


async def connected(address):
    async with owner_connection(address):
        """That is all."""
