import subprocess
import sys
from importlib.metadata import version

import pytest
import typer

from milepost.operations import cli
from milepost.web.auth.claims import ROLES

pytestmark = pytest.mark.servers  # they start processes

MILEPOST = (sys.executable, "-m", "milepost.operations")
LISTED = {**cli.ROOMS, **cli.SINGLE}


def said(*arguments: str) -> str:
    command = (*MILEPOST, *arguments)
    return subprocess.run(command, check=True, text=True, capture_output=True).stdout


def test_help_lists_every_command():
    words = said("--help").split()
    for name in (
        "up",
        "serve",
        "relay",
        "project",
        "token",
        "address",
        "migrate",
        "doctor",
        *LISTED,
    ):
        assert name in words


def test_it_says_its_version():
    assert said("--version") == f"milepost {version('milepost')}\n"


def test_help_loads_none_of_the_house():
    code = (
        "import sys; from milepost.operations import cli; sys.argv[1:] = ['--help']\n"
        "try: cli.main()\n"
        "except SystemExit:\n"
        "    print('heavy:', sorted({'litestar', 'asyncpg', 'nats'} & set(sys.modules)))"
    )
    printed = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True).stdout
    assert printed.endswith(b"heavy: []\n")


@pytest.mark.parametrize("name", LISTED)
def test_every_command_that_is_listed_is_there(name: str):
    file, words = LISTED[name]
    app = cli._loaded(file)
    assert isinstance(app, typer.Typer)
    assert words.endswith(".")
    if name in cli.SINGLE:
        (only,) = app.registered_commands
        assert only.callback is not None


@pytest.mark.parametrize("words", [(), ("up",), ("parked",), ("parked", "show"), ("enroll",)])
def test_h_is_help(words: tuple[str, ...]):
    assert "Usage: " in said(*words, "-h")


def test_every_wrong_setting_is_named():
    wrong = subprocess.run(
        [*MILEPOST, "doctor"],
        env={"MILEPOST_PORT": "ninety", "MILEPOST_HOST": "::1", "MILEPOST_LOG_LEVEL": "loud"},
        check=False,
        text=True,
        capture_output=True,
    )
    assert wrong.returncode == 1
    assert "MILEPOST_PORT='ninety'" in wrong.stderr
    assert "MILEPOST_LOG_LEVEL='loud'" in wrong.stderr
    assert "MILEPOST_HOST" not in wrong.stderr
    assert "Traceback" not in wrong.stderr


def test_a_token_may_have_each_role_that_there_is():
    assert [*cli.Role] == [*ROLES]
