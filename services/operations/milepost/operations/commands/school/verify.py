"""`milepost verify`: a credential in a file, judged here and now, without a network."""

import asyncio
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import msgspec
import typer
from rich.box import SIMPLE
from rich.table import Table

from milepost.credentials.verification.report import Report
from milepost.credentials.verification.texts.strict_json import NotStrictJson, strict_object
from milepost.credentials.verification.verifier import Question, Verifier
from milepost.operations.terminal.errors import WrongUsage
from milepost.operations.terminal.options import AsJson
from milepost.operations.terminal.tables import print_table

EXIT_CODES: Final = {"valid": 0, "not_valid": 1, "undecided": 2}
MAX_BYTES: Final = 16 * 1024 * 1024  # of a file; what is larger than a badge is told as such
SIGNS: Final = {"passed": "yes", "failed": "NO", "unknown": "?", "not_applicable": "-"}

Badge = Annotated[
    Path,
    typer.Argument(help="JSON, a JWT, a PNG or an SVG; - reads standard input.", metavar="FILE"),
]
Recipient = Annotated[
    str | None,
    typer.Option(
        help="Whom it should be about: an e-mail address, an id.", show_default="nobody asks"
    ),
]
Trust = Annotated[
    list[str] | None,
    typer.Option(
        help="The id of an issuer that you know, as `issuer.id` in its badges; several times.",
        show_default="none",
        metavar="ISSUER",
    ),
]
Documents = Annotated[
    list[Path] | None,
    typer.Option(
        help="A file with its issuer's keys, or a status list, got before; several times.",
        show_default="none",
        metavar="FILE",
    ),
]

app = typer.Typer()


@app.command()
def verify(
    *,
    file: Badge,
    recipient: Recipient = None,
    trust: Trust = None,
    document: Documents = None,
    as_json: AsJson = False,
) -> None:
    """Say whether a badge is valid, check by check. Nothing is fetched, no server is needed.

    Keys that are did:key are in the badge. Of other issuers, get the document that lists their
    keys (the address of the key without #…, for did:web its did.json) and the status list
    (`credentialStatus`) yourself, and hand them in with --document.

    Exit codes: 0 valid, 1 not valid, 2 undecided: an unknown issuer, a key or a list that is not
    at hand, a file that cannot be read. An unknown issuer is no forger: --trust names those
    that you know.

    Example: milepost verify badge.png --trust https://badges.example.edu/i/1 --document keys.json
    """
    documents = dict(_documents(document or ()))
    question = Question(at=datetime.now(UTC), recipient=recipient, trusted=frozenset(trust or ()))
    report = asyncio.run(Verifier(documents=documents).verify(_bytes(file), question))
    if as_json:
        typer.echo(msgspec.json.encode(report))
    else:
        _print(report)
    raise typer.Exit(EXIT_CODES[report.verdict])


def _documents(files: Sequence[Path]) -> Iterator[tuple[str, bytes]]:
    """By their ids. Raises `WrongUsage`."""
    for file in files:
        data = _bytes(file)
        try:
            identifier = strict_object(data).get("id")
        except NotStrictJson as error:
            raise WrongUsage(f"{file} is no document of an issuer: {error}.") from error
        if not isinstance(identifier, str):
            raise WrongUsage(f"{file} is no document of an issuer: it has no id.")
        yield identifier, data


def _bytes(file: Path) -> bytes:
    """Raises `WrongUsage`."""
    try:
        if str(file) == "-":
            return sys.stdin.buffer.read(MAX_BYTES)
        with file.open("rb") as opened:
            return opened.read(MAX_BYTES)
    except OSError as error:
        raise WrongUsage(f"{file} cannot be read: {error.strerror}.") from error


def _print(report: Report) -> None:
    typer.echo(report.summary)
    about = report.credential
    if about is not None:
        told = (about.name or about.achievement, about.issuer_name or about.issuer, about.id)
        typer.echo("It says of itself: " + ", ".join(one for one in told if one) + ".")
    table = Table("check", "passed", "why", box=SIMPLE)
    for one in report.checks:
        table.add_row(one.check, SIGNS[one.outcome], one.words)
    print_table(table)
