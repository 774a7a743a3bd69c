"""Which `pg_dump` makes a backup: new enough for the server, and encrypted where we are."""

import os
import shutil

import pytest

from milepost.operations.backup.postgres_tools import Server, _apart, tool
from milepost.operations.installation.named_servers import named
from milepost.operations.local.embedded_postgres import installed
from milepost.operations.terminal.errors import Trouble
from milepost.web.settings import Settings

pytestmark = pytest.mark.servers  # they start processes

WHEELS = {folder / "pg_dump" for folder in installed().values()}
PLAIN, ENCRYPTED = Server(18, encrypted=False), Server(18, encrypted=True)


@pytest.fixture
def on_path(tmp_path, monkeypatch):
    """Puts a `pg_dump` there, which says its version and takes TLS or not."""
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}/nowhere")
    place = tmp_path / "pg_dump"
    shell = shutil.which("sh", path="/bin:/usr/bin")

    def put(version, said="connection to server on socket failed"):
        place.write_text(
            f'#!{shell}\ncase "$1" in --version) echo "pg_dump (PostgreSQL) {version}";;'
            f' *) echo "{said}" >&2; exit 1;; esac\n'
        )
        place.chmod(0o755)
        return place

    return put


def test_the_one_on_path_is_used_when_it_is_new_enough(on_path):
    assert tool("pg_dump", PLAIN) in WHEELS
    for version in ("18.2 (Debian 18.2-1.pgdg13+1)", "19beta1"):
        place = on_path(version)
        assert [tool("pg_dump", one) for one in (PLAIN, ENCRYPTED)] == [place, place]
    on_path("15.18")
    assert tool("pg_dump", PLAIN) in WHEELS


def test_no_dump_travels_in_the_open_where_we_are_encrypted(on_path):
    said = 'sslmode value "require" invalid when SSL support is not compiled in'
    on_path("18.2", said)
    with pytest.raises(Trouble) as refused:
        tool("pg_dump", ENCRYPTED)
    told = str(refused.value)
    assert told.count("was built without TLS") == 1 + len(WHEELS)
    assert "with TLS, is needed" in told
    assert "postgresql-client-18" in told
    assert "milepost[embedded]" not in told, "it would not help"


def test_what_is_too_old_or_broken_is_named(on_path):
    place = on_path("15.18")
    with pytest.raises(Trouble, match=rf"pg_dump 99 or newer is needed: {place} is of version 15;"):
        tool("pg_dump", Server(99, encrypted=False))
    place.write_text("no program")
    with pytest.raises(Trouble, match=f"{place} does not say its version"):
        tool("pg_dump", Server(99, encrypted=False))


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://ann:s%20t@db/milepost?sslmode=verify-full",
        "postgresql://ann@db/milepost?sslmode=verify-full&password=s%20t",
        "postgresql://ann@db/milepost?password=s%20t&sslmode=verify-full",
    ],
)
def test_no_password_is_told_wherever_it_stands_in_an_address(address):
    plain = "postgresql://ann@db/milepost?sslmode=verify-full"
    assert _apart(address) == (plain, "s t")
    assert _apart(plain) == (plain, "")
    assert "s%20t" not in named(Settings(postgres=address))["MILEPOST_POSTGRES"]
