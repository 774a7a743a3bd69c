"""`milepost courses`: a course as one JSON file, out and in; what its versions changed."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import msgspec
import typer
from rich.box import SIMPLE
from rich.table import Table

from milepost.operations.client.http import Http, Token, api_client
from milepost.operations.terminal.errors import Trouble
from milepost.operations.terminal.options import AsJson, DataDir, Tenant
from milepost.operations.terminal.tables import print_table

app = typer.Typer(no_args_is_help=True)

Code = Annotated[str, typer.Argument(help="The course's code, as SQL-101.", metavar="COURSE")]


@app.callback()
def courses() -> None:
    """Courses of a running Milepost, as files and version by version."""


@app.command("export")
def export(
    *,
    code: Code,
    file: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Where to write it.", show_default="standard output"),
    ] = None,
    tenant: Tenant = "default",
    http: Http = None,
    token: Token = None,
    data_dir: DataDir = None,
) -> None:
    """Write a course with all its versions as one JSON file.

    GET /enrollment/schemas/course.json is the JSON Schema of such files.
    """
    with api_client(http, token, tenant, data_dir, "registrar", known=True) as api:
        exported = api.request("GET", f"{_path(code)}/export")
    document = msgspec.json.format(msgspec.json.encode(exported), indent=2)
    if file is None:
        typer.echo(document)
        return
    try:
        file.write_bytes(document + b"\n")
    except OSError as error:
        raise Trouble(f"{file} cannot be written: {error.strerror}.") from error
    typer.echo(f"{file} holds {code}; published versions: {len(exported['versions'])}.", err=True)


@app.command("import")
def import_(
    *,
    file: Annotated[
        Path, typer.Argument(help="As `milepost courses export` writes it.", metavar="FILE")
    ],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check it, but write nothing.")
    ] = False,
    tenant: Tenant = "default",
    as_json: AsJson = False,
    http: Http = None,
    token: Token = None,
    data_dir: DataDir = None,
) -> None:
    """Publish what the file has beyond the course: all of it or nothing, once however often.

    Versions keep the times at which they were published.
    """
    code, document = _read(file)
    path = f"{_path(code)}/import" + ("/validate" if dry_run else "")
    with api_client(http, token, tenant, data_dir, "registrar") as api:
        reply = api.request("POST", path, document)
    typer.echo(msgspec.json.encode(reply) if as_json else _imported(reply, dry_run))
    for one in () if as_json else reply["warnings"]:
        typer.echo(f"Warning: {one['path']}: {one['condition']}", err=True)


@app.command("diff")
def diff(
    *,
    code: Code,
    since: Annotated[
        int | None,
        typer.Option(
            "--from",
            help="The version to compare with; 0 is an empty course.",
            show_default="the one before",
            min=0,
        ),
    ] = None,
    to: Annotated[
        int | None,
        typer.Option(help="The version that changed it.", show_default="the latest", min=1),
    ] = None,
    tenant: Tenant = "default",
    as_json: AsJson = False,
    http: Http = None,
    token: Token = None,
    data_dir: DataDir = None,
) -> None:
    """Say what a version of a course changed: lessons, rule, skills, titles and the like.

    Example: milepost courses diff SQL-101 --from 1 --to 3
    """
    with api_client(http, token, tenant, data_dir, "registrar", known=True) as api:
        version = to or api.request("GET", _path(code))["latest_version"]
        if not version:
            raise Trouble(f"{code} is a draft: nothing has been published.")
        query = "" if since is None else f"?from={since}"
        reply = api.request("GET", f"{_path(code)}/versions/{version}/diff{query}")
    if as_json:
        typer.echo(msgspec.json.encode(reply))
    elif reply["differences"]:
        print_table(_table(reply))
    else:
        typer.echo(f"{code}: versions {reply['from']} and {reply['to']} are the same.")


def _path(code: str) -> str:
    return f"/enrollment/courses/{quote(code, safe='')}"


def _read(file: Path) -> tuple[str, bytes]:
    """The course's code and the document. Raises `Trouble`."""
    try:
        document = file.read_bytes()
        code = msgspec.json.decode(document)["course"]
    except OSError as error:
        raise Trouble(f"{file} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise Trouble(f"{file} is not a course file: it is not UTF-8.") from error
    except RecursionError as error:
        raise Trouble(f"{file} is not a course file: it is nested too deeply.") from error
    except (msgspec.DecodeError, LookupError, TypeError) as error:
        raise Trouble(f"{file} is not a course file: {error}.") from error
    return str(code), document


def _imported(reply: Mapping[str, Any], dry_run: bool) -> str:
    if not reply["written"]:
        return f"{reply['course']}: all of it is here already."
    done = [f"version {number} published" for number in reply["published"]]
    if reply["retired"]:
        done.append("retired")
    would = " Nothing was written." if dry_run else ""
    return f"{reply['course']}: {', '.join(done) or 'drafted'}.{would}"


def _table(reply: Mapping[str, Any]) -> Table:
    shown = Table(
        title=f"{reply['course']}: from version {reply['from']} to {reply['to']}",
        title_justify="left",
        box=SIMPLE,
        padding=(0, 1, 0, 0),
        show_edge=False,
    )
    for name in ("what", "", "before", "after"):
        shown.add_column(name)
    for one in reply["differences"]:
        named = "" if one["id"] is None else f"{one['part']} {one['id']} "
        moved = "place " if one["kind"] == "moved" else ""
        values = (_plain(one["old"], moved), _plain(one["new"], moved))
        shown.add_row(f"{named}{one['field'] or ''}".strip(), one["kind"], *values)
    return shown


def _plain(value: Any, prefix: str = "") -> str:
    """As a person reads it; a whole lesson or skill by its name, a course to pass by its grade."""
    match value:
        case None:
            return ""
        case dict():
            return _named(value)
        case list():
            return ", ".join(map(str, value))
        case bool() | float():
            return msgspec.json.encode(value).decode()
    return f"{prefix}{value}"


def _named(value: Mapping[str, Any]) -> str:
    match value:
        case {"type": "achievement_held"}:
            return ""
        case {"type": "course_passed"}:
            return f"grade {value.get('min_grade', 0):g}"
        case {"percent_per_day": percent}:
            return f"{percent:g} % a day"
        case _:
            return str(value.get("title") or value["name"])
