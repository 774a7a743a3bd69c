"""`milepost verify FILE`: no server, no network, and exit codes that scripts can act upon."""

import json
from pathlib import Path

import pytest
from tests.verification.issuing import Issuer
from typer.testing import CliRunner

from milepost.operations.commands.school.verify import app
from milepost.operations.terminal.errors import WrongUsage

ISSUER = Issuer()


@pytest.fixture
def badge(tmp_path: Path) -> Path:
    (tmp_path / "badge.json").write_text(json.dumps(ISSUER.signed(name="SQL \x1b[2J")))
    (tmp_path / "keys.json").write_bytes(ISSUER.document())
    return tmp_path / "badge.json"


def said(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, [str(one) for one in arguments])
    return result.exit_code, result.output


def test_exit_codes_tell_the_verdict(badge: Path):
    keys = badge.parent / "keys.json"
    assert said(badge)[0] == 2
    known = ("--document", keys, "--trust", ISSUER.id)
    assert said(badge, "--document", keys)[0] == 2
    assert said(badge, *known)[0] == 0
    assert said(badge, *known, "--recipient", "bob@example.org")[0] == 1
    assert said(badge.parent / "keys.json", *known)[0] == 1


def test_what_it_prints_is_for_people_and_steers_no_terminal(badge: Path):
    code, text = said(badge, "--document", badge.parent / "keys.json", "--trust", ISSUER.id)
    assert code == 0
    assert text.startswith("Valid: ")
    assert "SQL \\x1b[2J, Example School" in text
    assert "\x1b" not in text
    for check in ("format", "contexts", "shape", "proof", "key", "issuer", "dates"):
        assert f"{check} " in text


def test_for_scripts_it_is_one_line_of_json(badge: Path):
    code, text = said(badge, "--json")
    report = json.loads(text)
    assert (code, report["verdict"], text.count("\n")) == (2, "undecided", 1)


def test_a_file_that_cannot_be_read_decides_nothing(badge: Path, tmp_path: Path):
    for arguments in ((tmp_path / "none",), (badge, "--document", badge.parent)):
        result = CliRunner().invoke(app, [str(one) for one in arguments])
        assert isinstance(result.exception, WrongUsage)
        assert result.exception.exit_code == 2
