"""`milepost groups`: cohorts, contracts and classes of a running Milepost, and who is in them."""

from typing import Annotated, Any, Literal, TypeAlias

import msgspec
import typer
from rich.table import Table

from milepost.operations.client.groups import address, all_groups, at_groups, figures_of
from milepost.operations.client.http import Http, Token
from milepost.operations.commands.groups import members
from milepost.operations.commands.groups.members import Group
from milepost.operations.terminal.options import AsJson, DataDir, Tenant
from milepost.operations.terminal.tables import print_table

app = typer.Typer(no_args_is_help=True)

Kind: TypeAlias = Literal["cohort", "contract", "school_class"]
Status: TypeAlias = Literal["open", "archived"]
Courses = Annotated[
    list[str] | None,
    typer.Option(
        "--course",
        metavar="COURSE",
        help="A course in which its staff see how members stand; any number.",
        show_default="all courses",
    ),
]


@app.callback()
def groups() -> None:
    """Groups of learners: a cohort, a company's contract, a class. Staff see how members stand."""


@app.command()
def create(
    *,
    group: Group,
    name: Annotated[str, typer.Option(help="As its staff read it; of a group, not a person.")],
    kind: Annotated[Kind, typer.Option(help="What it is.")] = "cohort",
    courses: Courses = None,
    tenant: Tenant = "default",
    as_json: AsJson = False,
    http: Http = None,
    token: Token = None,
    data_dir: DataDir = None,
) -> None:
    """Create a group. With the same facts once more, nothing happens.

    Example: milepost groups create acme-2026 --name "Acme, apprentices" --kind contract

    Then: `milepost groups add acme-2026 --from apprentices.csv`.
    """
    body = msgspec.json.encode({"name": name, "kind": kind, "courses": courses or []})
    with at_groups(http, token, tenant, data_dir) as api:
        told = api.request("PUT", address(group), body)
    typer.echo(msgspec.json.encode(told) if as_json else f"{group} is there: {told['name']}.")


@app.command("list")
def list_(
    *,
    status: Annotated[Status | None, typer.Option(help="Only these.", show_default="all")] = None,
    tenant: Tenant = "default",
    as_json: AsJson = False,
    http: Http = None,
    token: Token = None,
    data_dir: DataDir = None,
) -> None:
    """List the groups, by their ids."""
    with at_groups(http, token, tenant, data_dir) as api:
        found = list(all_groups(api, status))
    if as_json:
        typer.echo(msgspec.json.encode(found))
    elif found:
        print_table(_table(found))
    else:
        typer.echo(f"{tenant} has no groups. `milepost groups create` makes one.")


@app.command()
def show(
    *,
    group: Group,
    tenant: Tenant = "default",
    as_json: AsJson = False,
    http: Http = None,
    token: Token = None,
    data_dir: DataDir = None,
) -> None:
    """Show a group, its staff, and how far its members have come, by course.

    Example: milepost groups show acme-2026
    """
    with at_groups(http, token, tenant, data_dir) as api:
        kept = api.request("GET", address(group))
        told = {**figures_of(api, group), "staff": kept["staff"]}
    if as_json:
        typer.echo(msgspec.json.encode(told))
        return
    typer.echo(_headline(told))
    if told["courses"]:
        print_table(_courses(told["courses"]))


app.command()(members.add)
app.command()(members.remove)
app.command()(members.members)


def _table(found: list[dict[str, Any]]) -> Table:
    table = Table("group", "name", "kind", "status")
    table.add_column("members", justify="right")
    for one in found:
        kind = one["kind"].replace("_", " ")
        table.add_row(one["group"], one["name"], kind, one["status"], f"{one['members']:,}")
    return table


def _headline(told: dict[str, Any]) -> str:
    group, figures = told["group"], told["figures"]
    kind = group["kind"].replace("_", " ")
    standing = (
        f"{group['members']:,} members: {figures['enrolled']:,} enrolled,"
        f" {figures['started']:,} started, {figures['completed']:,} completed,"
        f" {figures['holders']:,} hold a credential."
    )
    lines = [
        f"{group['group']}: {group['name']} ({kind}, {group['status']})",
        standing,
        f"Staff: {', '.join(told['staff']) or 'nobody'}.",
    ]
    if group["courses"]:
        lines.append(f"Staff see only {', '.join(group['courses'])}.")
    return "\n".join(lines)


def _courses(courses: list[dict[str, Any]]) -> Table:
    table = Table("course")
    for name in ("enrolled", "started", "completed", "holders"):
        table.add_column(name, justify="right")
    for one in courses:
        numbers = (f"{one[name]:,}" for name in ("enrolled", "started", "completed", "holders"))
        table.add_row(one["course"], *numbers)
    return table
