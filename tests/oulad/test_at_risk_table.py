"""How good the rule of who is at risk is: the table in the docs is what the files say."""

from pathlib import Path

import pytest
from tests.oulad.risk_reference import lines

DOCS = Path(__file__).parents[2] / "docs" / "concepts" / "at-risk.md"


@pytest.mark.slow
def test_the_table_in_the_docs_is_computed_from_the_files(oulad: Path) -> None:
    shown = [line for line in DOCS.read_text().splitlines() if "2013" in line or "2014" in line]
    rows = [line for line in shown if line.startswith("|")]
    assert rows == list(lines(oulad))
