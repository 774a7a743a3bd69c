"""`milepost groups add`, `remove` and `members`: who is in a group, by name or from a file."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final, NamedTuple

import msgspec
import typer

from milepost.operations.client.groups import (
    at_groups,
    change_members,
    members_of,
    require_open,
)
from milepost.operations.client.http import ApiClient, Http, Token
from milepost.operations.client.learner_file import Unread, read_learners
from milepost.operations.terminal.errors import WrongUsage
from milepost.operations.terminal.options import AsJson, DataDir, Tenant
from milepost.operations.terminal.progress import bars

UNREAD_SHOWN: Final = 5

Group = Annotated[str, typer.Argument(help="The group's id.", metavar="GROUP")]
Learners = Annotated[
    list[str] | None, typer.Argument(help="Learners' ids, any number.", metavar="LEARNER…")
]
From = Annotated[
    Path | None,
    typer.Option(
        "--from",
        metavar="FILE",
        help="A .csv with the column learner, an .ndjson, or a .json with an array.",
    ),
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Say what would come of it; change nothing.")
]


class Named(NamedTuple):
    """Whom a command is about, each once, and the rows of its file that name nobody."""

    learners: Sequence[str]
    unread: Sequence[Unread] = ()


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """`changed`: how many were added or removed, or would be; `unchanged`: it was so already."""

    group: str
    dry_run: bool
    changed: int
    unchanged: int
    refused: Sequence[Unread]


def add(
    *,
    group: Group,
    learners: Learners = None,
    file: From = None,
    dry_run: DryRun = False,
    tenant: Tenant = "default",
    as_json: AsJson = False,
    http: Http = None,
    token: Token = None,
    data_dir: DataDir = None,
) -> None:
    """Add learners to a group, by id or from a file. Who is in it already stays so.

    Examples: milepost groups add acme-2026 ann bob
              milepost groups add acme-2026 --from apprentices.csv --dry-run

    They need not be enrolled anywhere. A row that cannot be read hinders no other; the
    exit code is 1 then. To do it again is safe.
    """
    named = _named(learners, file)
    with at_groups(http, token, tenant, data_dir) as api:
        outcome = _change(api, group, named, removing=False, dry_run=dry_run)
    _tell(outcome, "added to", "were in it already", as_json=as_json)


def remove(
    *,
    group: Group,
    learners: Learners = None,
    file: From = None,
    dry_run: DryRun = False,
    tenant: Tenant = "default",
    as_json: AsJson = False,
    http: Http = None,
    token: Token = None,
    data_dir: DataDir = None,
) -> None:
    """Remove learners from a group, by id or from a file. What they have earned stays theirs.

    Example: milepost groups remove acme-2026 --from left.csv

    The group's staff see them no longer, with their next request.
    """
    named = _named(learners, file)
    with at_groups(http, token, tenant, data_dir) as api:
        outcome = _change(api, group, named, removing=True, dry_run=dry_run)
    _tell(outcome, "removed from", "were not in it", as_json=as_json)


def members(
    *,
    group: Group,
    tenant: Tenant = "default",
    as_json: AsJson = False,
    http: Http = None,
    token: Token = None,
    data_dir: DataDir = None,
) -> None:
    """Print the ids of a group's members, a line each.

    Example: milepost groups members acme-2026 > members.txt
    """
    with at_groups(http, token, tenant, data_dir) as api:
        found = [one["learner"] for one in members_of(api, group)]
    if as_json:
        typer.echo(msgspec.json.encode({"group": group, "learners": found}))
    else:
        typer.echo("\n".join(found) or f"{group} has no members.")


def _named(learners: Sequence[str] | None, file: Path | None) -> Named:
    """Raises `WrongUsage`, `Trouble`."""
    if bool(learners) == (file is not None):
        raise WrongUsage("Name learners, or a file with --from FILE: one of the two.")
    if file is None:
        return Named(list(dict.fromkeys(learners or ())))
    read = read_learners(file)
    return Named(read.learners, read.unread)


def _change(api: ApiClient, group: str, named: Named, *, removing: bool, dry_run: bool) -> Outcome:
    require_open(api, group)
    if dry_run:
        inside = {one["learner"] for one in members_of(api, group)}
        changed = sum((one in inside) == removing for one in named.learners)
    else:
        task = "removing" if removing else "adding"
        total = len(named.learners)
        with bars() as show:
            changed = change_members(
                api,
                group,
                named.learners,
                lambda done: show(task, done, total),
                removing=removing,
            )
    return Outcome(
        group=group,
        dry_run=dry_run,
        changed=changed,
        unchanged=len(named.learners) - changed,
        refused=named.unread,
    )


def _tell(outcome: Outcome, done: str, already: str, *, as_json: bool) -> None:
    """Raises `typer.Exit` where a row was refused."""
    if as_json:
        typer.echo(msgspec.json.encode(outcome))
    else:
        would = "would be " if outcome.dry_run else ""
        nothing = " Nothing is changed." if outcome.dry_run else ""
        typer.echo(
            f"{outcome.changed:,} {would}{done} {outcome.group};"
            f" {outcome.unchanged:,} {already}.{nothing}"
        )
        for one in outcome.refused[:UNREAD_SHOWN]:
            typer.echo(f"row {one.row}, {one.path}: {one.reason}")
        if len(outcome.refused) > UNREAD_SHOWN:
            typer.echo(f"{len(outcome.refused):,} rows in all cannot be read; --json has them.")
    if outcome.refused:
        raise typer.Exit(1)
