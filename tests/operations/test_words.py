"""What `milepost` says, and how it ends, is the same whichever command is asked."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from rich.table import Table
from tests.commands.forked import forked
from tests.events.traffic import append
from typer.models import OptionInfo

from milepost.events.store.postgres import PostgresLog, connect_pool
from milepost.operations import cli
from milepost.operations.doctor.examination import CHECKS
from milepost.operations.installation.connection import reason
from milepost.operations.terminal.errors import Trouble, WrongUsage, check_all
from milepost.operations.terminal.tables import print_table

pytestmark = pytest.mark.servers  # they start processes

NEEDED = ("--from", "1", "--subject", "republish.desk")
ID = "01a20a21-e307-72c7-9aa9-619622b56838"


class Desk:
    def __init__(self, **variables: str) -> None:
        plain = {k: v for k, v in os.environ.items() if not k.startswith("MILEPOST_")}
        self._env = {**plain, **variables}

    def __call__(self, *arguments: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*forked(), *map(str, arguments)],
            env=self._env,
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture
async def milepost(postgres: str, nats_url: str, data_dir: Path) -> Desk:
    """There is the school `here`."""
    async with await connect_pool(postgres, name="test") as pool:
        await append(PostgresLog(pool), "here", "enrollment-a", 1)
    return Desk(MILEPOST_POSTGRES=postgres, MILEPOST_NATS=nats_url, MILEPOST_DATA_DIR=str(data_dir))


@pytest.mark.parametrize(
    "command",
    [
        ("log", "verify"),
        ("log", "head"),
        ("parked", "list"),
        ("parked", "retry", "--all", "projection/catalog"),
        ("projections", "list"),
        ("projections", "rebuild", "catalog"),
        ("relay", "--reconcile"),
        ("report", "offerings"),
        ("republish", *NEEDED),
        ("timers", "list"),
    ],
)
def test_a_school_that_nobody_knows_is_told_in_one_sentence(milepost: Desk, command: list[str]):
    answer = milepost(*command, "--tenant", "nobody")
    assert (answer.returncode, answer.stdout) == (1, "")
    assert (
        answer.stderr
        == "milepost: No school 'nobody' has any events. There are: here (--tenant).\n"
    )


@pytest.mark.parametrize(
    "command",
    [("token", "--role", "operator"), ("tail",), ("republish", *NEEDED), ("simulate",)],
)
def test_a_name_that_no_school_can_have_is_wrong_usage(
    milepost: Desk, data_dir: Path, command: list[str]
):
    answer = milepost(*command, "--tenant", "no body")
    if command[0] == "simulate":  # it looks for what runs first
        answer = milepost(*command, "--tenant", "no body", "--http", "http://127.0.0.1:9")
    assert (answer.returncode, answer.stdout) == (2, "")
    assert "'no body' cannot be a school" in answer.stderr
    assert list(data_dir.iterdir()) == []


def test_scripts_read_what_doctor_and_migrate_found(milepost: Desk):
    answer = milepost("doctor", "--json")
    assert answer.returncode == 1, answer.stdout  # only the servers run
    found = {one["name"]: one["ok"] for one in json.loads(answer.stdout)}
    assert list(found) == list(CHECKS)
    assert all(found[name] for name in ("postgres", "log", "clock", "nats", "http"))
    assert json.loads(milepost("migrate", "--json").stdout) == {"applied": []}
    assert "up to date" in milepost("migrate").stdout


def test_scripts_read_what_is_wrong(postgres: str, data_dir: Path):
    away = Desk(
        MILEPOST_POSTGRES=postgres,
        MILEPOST_NATS="nats://127.0.0.1:9",
        MILEPOST_DATA_DIR=str(data_dir),
    )
    answer = away("doctor", "--json")
    assert answer.returncode == 1
    found = {one["name"]: one for one in json.loads(answer.stdout)}
    assert (found["nats"]["ok"], "127.0.0.1:9" in found["nats"]["says"]) == (False, True)
    assert found["postgres"]["ok"]


@pytest.mark.parametrize("command", [("serve", "dashboards"), ("project",), ("relay",)])
def test_every_process_takes_a_data_directory(tmp_path: Path, command: list[str]):
    answer = Desk()(*command, "--data-dir", tmp_path)
    assert (answer.returncode, answer.stdout) == (1, "")
    assert f"Nothing runs in {tmp_path}" in answer.stderr


def test_a_data_directory_that_is_a_file_is_refused(tmp_path: Path):
    file = tmp_path / "file"
    file.touch()
    answer = Desk()("token", "--role", "operator", "--data-dir", file)
    assert (answer.returncode, "is not a folder" in answer.stderr) == (1, True)


def test_where_nobody_answers_no_class_is_named(tmp_path: Path):
    nowhere = ("--http", "http://127.0.0.1:9", "--data-dir", tmp_path)
    answer = Desk()("courses", "export", "X", "--token", "t", *nowhere)
    assert answer.stderr.startswith("milepost: Nothing answers at http://127.0.0.1:9 (")
    answer = Desk()("jobs", "list", "--http", "here")
    assert (answer.returncode, "like http://127.0.0.1:8400" in answer.stderr) == (2, True)
    assert reason(TimeoutError()) == "no answer in time"
    assert reason(ConnectionResetError()) == "the connection was lost"


def test_all_faults_are_told_at_once():
    def wrong() -> None:
        raise WrongUsage("One.")

    def refused() -> None:
        raise Trouble("Two.")

    with pytest.raises(WrongUsage, match=r"^One\.\nTwo\.$") as told:
        check_all(wrong, lambda: None, refused)
    assert told.value.exit_code == 2
    check_all(lambda: None)


@pytest.fixture
def table() -> Table:
    table = Table("job", "what it says", title="[b]Jobs[/b] :smile:")
    table.add_row(ID, "several words [red]as they were written[/red] by somebody")
    return table


@pytest.mark.parametrize("columns", [20, 50, 80])
def test_sentences_are_folded_and_identifiers_are_whole(
    table: Table,
    columns: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    monkeypatch.setenv("COLUMNS", str(columns))
    print_table(table)
    out = capsys.readouterr().out
    assert f"│ {ID} │" in out
    assert "…" not in out
    assert max(map(len, out.splitlines())) <= max(columns, len(ID) + 20)


def test_what_goes_to_a_file_is_not_folded(
    table: Table, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.delenv("COLUMNS", raising=False)
    print_table(table)
    out = capsys.readouterr().out
    assert f"│ {ID} │ several words [red]as they were written[/red] by somebody │" in out
    assert "[b]Jobs[/b] :smile:" in out


def commands() -> Iterator[tuple[str, typer.models.CommandInfo]]:
    rooms = {name: cli._loaded(file) for name, (file, _) in {**cli.ROOMS, **cli.SINGLE}.items()}
    for name, app in {"": cli.app, **rooms}.items():
        for command in app.registered_commands:
            assert command.callback is not None
            yield f"{name} {command.name or command.callback.__name__}", command


def test_every_option_says_what_it_is():
    unsaid = [
        (name, one)
        for name, command in commands()
        for one, annotation in (
            command.callback.__annotations__ if command.callback else {}
        ).items()
        for option in getattr(annotation, "__metadata__", ())
        if isinstance(option, OptionInfo) and not (option.help or "").endswith(".")
    ]
    assert unsaid == []


def test_help_tells_the_exit_codes():
    assert "0 done, 1 refused, failed or different, 2 wrong usage" in Desk()("--help").stdout
