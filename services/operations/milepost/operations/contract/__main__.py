"""`make contract`: writes the documents, unless something breaks that nobody has declared."""

import sys
from pathlib import Path

import typer

from milepost.operations.contract.documents import (
    DECLARED,
    EXAMPLES,
    FOLDER,
    entry_of,
    examples,
    judge,
    made,
    write,
)
from milepost.operations.contract.layout import file_text

HOW = """
Each of these breaks who relies on it. Better: keep what there is, and add. Else say why, in
{folder}/{declared}, and run this again:
"""


def main(house: Path) -> int:
    (house / EXAMPLES).write_text(file_text(examples(house / "tests" / "golden")), "utf-8")
    folder, new = house / FOLDER, made()
    verdict = judge(folder, new)
    if verdict.undeclared:
        typer.echo(HOW.format(folder=FOLDER, declared=DECLARED), err=True)
        for one in verdict.undeclared:
            typer.echo(entry_of(one), err=True)
        return 1
    write(folder, new)
    typer.echo(f"{FOLDER}: {len(verdict.stale)} of {len(new)} documents were not up to date")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path.cwd()))
