"""`milepost subscribers`: partners on NATS, each with a user that may read its events alone."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Annotated, Final, TypeAlias, TypeVar

import typer
from msgspec import json
from rich.table import Table

from milepost.events.event import Refused
from milepost.events.policies.timers import utc_now
from milepost.events.runtime.event_loop import run
from milepost.operations.commands.events.subscriber_desk import FIGURES, Desk, desk_of
from milepost.operations.installation.connection import connected, load_settings, reachable
from milepost.operations.installation.nats_accounts import (
    accounts_file,
    address_of,
    own_file,
    taken_up,
)
from milepost.operations.installation.published import require_published
from milepost.operations.installation.tenants import require_tenant
from milepost.operations.terminal.errors import Trouble, WrongUsage, check_all
from milepost.operations.terminal.options import AsJson, DataDir, OneTenant, Tenant
from milepost.operations.terminal.tables import print_table
from milepost.subscriptions.partners.accounts import account_id, rendered, replay_subject
from milepost.subscriptions.partners.administration import AlreadyThere
from milepost.subscriptions.partners.program import ADDRESS, program
from milepost.subscriptions.partners.register import Secret, accounts
from milepost.subscriptions.partners.subscriber import (
    NAME_IN_WORDS,
    fit_name,
)
from milepost.web.settings import Settings
from milepost.web.telemetry.logs import configure_logging

T = TypeVar("T")
Action: TypeAlias = Callable[[Desk], Awaitable[T]]

app = typer.Typer(no_args_is_help=True)

Name = Annotated[str, typer.Argument(help=f"The subscriber's name: {NAME_IN_WORDS}.")]
RELOAD: Final = """\
NATS has to read its accounts anew, twice, a second apart: `nats-server --signal reload`."""
PRINT: Final = """\
NATS does not know of it yet: put what `milepost subscribers accounts` prints into the file that
its configuration includes (deploy/nats.conf shows how), or name that file in
MILEPOST_NATS_ACCOUNTS, which is then kept up to date."""


@app.callback()
def subscribers() -> None:
    """Partners on NATS: each has a user that reads its school's events, and can do nothing else."""


@app.command()
def add(
    *,
    name: Name,
    tenant: Tenant = "default",
    event: Annotated[
        list[str] | None,
        typer.Option(help="What it may read, as credential_awarded; may be given several times."),
    ] = None,
    all_: Annotated[bool, typer.Option("--all", help="It may read all that is published.")] = False,
    owner: Annotated[
        str | None,
        typer.Option(
            help="The subject of tokens with the role service that may look at it over HTTP, and"
            " have a part published again."
        ),
    ] = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Add a subscriber; print its address, with the secret, and a program that reads its events.

    The secret is shown once. What was published before comes, too.

    Example: milepost subscribers add payroll --tenant ou --event credential_awarded
    """
    check_all(lambda: _require_name(name), lambda: require_tenant(tenant))
    require_published(event or [])
    if bool(event) == all_:
        raise WrongUsage("Say what it may read: --event, once or more, or --all.")

    async def work(desk: Desk) -> Secret:
        await desk.require_school(tenant)
        return await desk.administration.add(tenant, name, event or [], owner)

    _with_secret(data_dir, tenant, name, work, as_json=as_json)


@app.command()
def rotate(
    *,
    name: Name,
    tenant: Tenant = "default",
    overlap: Annotated[
        int, typer.Option(help="Hours that the earlier secret is still valid.", min=0, max=720)
    ] = 24,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Give a subscriber a new secret; its earlier one is valid for a while longer.

    Its consumer stays, and so does what it has acknowledged.
    """
    check_all(lambda: _require_name(name), lambda: require_tenant(tenant))

    async def work(desk: Desk) -> Secret:
        secret, until = await desk.administration.rotate(tenant, name, timedelta(hours=overlap))
        typer.echo(f"The earlier secret is valid until {until:%Y-%m-%d %H:%M} UTC.", err=True)
        return secret

    _with_secret(data_dir, tenant, name, work, as_json=as_json)


@app.command()
def remove(*, name: Name, tenant: Tenant = "default", data_dir: DataDir = None) -> None:
    """Remove a subscriber with its consumer; whoever is connected as it is cut off."""
    check_all(lambda: _require_name(name), lambda: require_tenant(tenant))
    settings = _settings(data_dir)
    _do(settings, lambda desk: desk.administration.remove(tenant, name))
    typer.echo(f"{name} of {tenant} is removed.")
    if not own_file(settings):
        typer.echo(RELOAD if accounts_file(settings) else PRINT, err=True)


@app.command("list")
def list_(*, tenant: OneTenant = None, as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """List subscribers: what they may read, and how far they are, if NATS answers."""
    if tenant:
        require_tenant(tenant)
    found = _do(_settings(data_dir), lambda desk: desk.rows(tenant), without_nats=True)
    if as_json:
        typer.echo(json.encode(found).decode())
        return
    table = Table("school", "name", "events", "owner", "pending", "not acknowledged", "secrets")
    for one in found:
        events = "all" if one["all"] else ", ".join(one["events"])
        figures = ("-" if one[key] is None else f"{one[key]:,}" for key in FIGURES)
        table.add_row(
            one["tenant"], one["name"], events, one["owner"] or "", *figures, str(one["secrets"])
        )
    print_table(table)


@app.command()
def lag(
    *, name: Name, tenant: Tenant = "default", as_json: AsJson = False, data_dir: DataDir = None
) -> None:
    """Say how many events a subscriber has not been sent, or has not acknowledged."""
    check_all(lambda: _require_name(name), lambda: require_tenant(tenant))
    found = _do(_settings(data_dir), lambda desk: desk.lag(tenant, name))
    sentence = f"{name}: {found['pending']:,} not sent yet, {found['unacknowledged']:,} sent and"
    typer.echo(json.encode(found).decode() if as_json else f"{sentence} not acknowledged.")


@app.command("accounts")
def accounts_(*, data_dir: DataDir = None) -> None:
    """Print the accounts of all subscribers, for the configuration of NATS to include.

    It holds no secret: bcrypt digests of random ones.
    """

    async def work(desk: Desk) -> str:
        return rendered(await accounts(desk.pool, desk.transactor.log), utc_now())

    typer.echo(_do(_settings(data_dir), work, without_nats=True), nl=False)


def _with_secret(
    data_dir: DataDir, tenant: str, name: str, work: Action[Secret], *, as_json: bool
) -> None:
    settings = _settings(data_dir)
    secret = _do(settings, work)
    address = address_of(settings, tenant, name, secret)
    consumer = account_id(tenant, name)
    if as_json:
        told = {
            "tenant": tenant,
            "name": name,
            "address": address,
            "consumer": consumer,
            "replay_subject": replay_subject(tenant, name),
            "program": program(consumer),
        }
        typer.echo(json.encode(told).decode())
    else:
        typer.echo("# The address, with its secret, is shown once. Keep it where secrets are kept.")
        typer.echo(
            f"export {ADDRESS}='{address}'\n\n# subscriber.py\n{program(consumer)}", nl=False
        )
    _tell(settings, address, tenant, name)


def _tell(settings: Settings, address: str, tenant: str, name: str) -> None:
    """Whether NATS knows of the secret, and what is to be done if not. Raises `Trouble`."""
    if not own_file(settings):
        typer.echo(RELOAD if accounts_file(settings) else PRINT, err=True)
    elif not run(taken_up(settings, address, tenant, name)):
        raise Trouble("NATS has not taken up the new secret: `milepost doctor` helps.")


def _require_name(name: str) -> None:
    """Raises `WrongUsage`."""
    if not fit_name(name):
        raise WrongUsage(f"{name!r} cannot be a subscriber: {NAME_IN_WORDS}.")


def _settings(data_dir: DataDir) -> Settings:
    settings = connected(load_settings(data_dir))
    configure_logging(settings)
    return settings


def _do(settings: Settings, action: Action[T], *, without_nats: bool = False) -> T:
    async def work() -> T:
        async with desk_of(settings, without_nats=without_nats) as desk:
            return await action(desk)

    with reachable():
        try:
            return run(work())
        except AlreadyThere as there:
            raise Trouble(
                "There is a subscriber of this name: `milepost subscribers rotate` gives it a new"
                " secret."
            ) from there
        except Refused as unknown:
            raise Trouble("There is no such subscriber: see `milepost subscribers list`.") from (
                unknown
            )
