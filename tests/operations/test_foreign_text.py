"""What a school has written is shown on a terminal, and commands none."""

import pytest
from rich.table import Table

from milepost.operations.terminal.tables import print_table


def test_a_title_of_an_older_log_commands_no_terminal(capsys: pytest.CaptureFixture[str]):
    table = Table("title")
    table.add_row("a\x1b[2Jb\u202ec[red]")
    table.add_row("می\u200cخواهم")
    print_table(table)
    shown = capsys.readouterr().out
    assert r"a\x1b[2Jb\u202ec[red]" in shown
    assert "می\u200cخواهم" in shown
    assert "\x1b" not in shown
