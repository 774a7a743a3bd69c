"""`milepost webhooks`: where a school's events are sent. Everything it does goes over HTTP."""

from typing import Any

import typer
from msgspec import json
from rich.table import Table

from milepost.operations.client.http import Http, Token
from milepost.operations.commands.subscriptions import webhook_deliveries, webhook_life
from milepost.operations.commands.subscriptions.webhook_options import (
    Achievements,
    After,
    Courses,
    Description,
    Events,
    Hours,
    Learners,
    Offerings,
    Ordered,
    Signature,
    Since,
    Url,
    Webhook,
    Yes,
    asking,
    path_of,
    require_address,
    say,
    say_state,
)
from milepost.operations.terminal.options import AsJson, DataDir, Tenant
from milepost.operations.terminal.tables import print_table

# What a webhook may be told of, in the order of the options of `add`.
FILTERS = ("types", "courses", "offerings", "achievements", "learners")

app = typer.Typer(no_args_is_help=True)


@app.callback()
def webhooks() -> None:
    """An endpoint that asked for events is sent them, signed as Standard Webhooks say.

    What does not arrive is sent again for three days, then parked.
    """


@app.command()
def add(
    *,
    url: Url,
    event: Events = None,
    course: Courses = None,
    offering: Offerings = None,
    achievement: Achievements = None,
    learner: Learners = None,
    ordered: Ordered = False,
    signature: Signature = None,
    description: Description = "",
    after: After = None,
    since: Since = None,
    tenant: Tenant = "default",
    as_json: AsJson = False,
    http: Http = None,
    token: Token = None,
    data_dir: DataDir = None,
) -> None:
    """Create a webhook, and print its secret.

    Example: milepost webhooks add https://crm.example/milepost --event credential_awarded

    Nothing is sent before `milepost webhooks verify`. Then comes all since now, or since the
    position or the time that is said.
    """
    require_address(url)
    told = (event, course, offering, achievement, learner)
    body = {
        "url": url,
        **{kind: chosen or [] for kind, chosen in zip(FILTERS, told, strict=True)},
        "ordered": "learner" if ordered else "none",
        "signature": signature or "v1",
        "description": description,
        "after": after,
        "since": since,
    }
    with asking(http, token, tenant, data_dir) as api:
        made = api.request("POST", "/webhooks", json.encode(body))
    say(
        made,
        f"Webhook {made['webhook']}\nSecret  {made['secret']}\n"
        f"Start its receiver, then: milepost webhooks verify {made['webhook']}",
        as_json=as_json,
    )


@app.command("list")
def list_(
    *,
    tenant: Tenant = "default",
    as_json: AsJson = False,
    http: Http = None,
    token: Token = None,
    data_dir: DataDir = None,
) -> None:
    """Print the webhooks, the oldest first."""
    with asking(http, token, tenant, data_dir) as api:
        found = api.request("GET", "/webhooks")
    if as_json or not found["webhooks"]:
        say(found, "There are no webhooks.", as_json=as_json)
        return
    table = Table("webhook", "state", "events", "url")
    for one in found["webhooks"]:
        table.add_row(one["webhook"], one["state"], "\n".join(one["types"]) or "all", one["url"])
    print_table(table)


@app.command()
def show(
    *,
    webhook: Webhook,
    tenant: Tenant = "default",
    as_json: AsJson = False,
    http: Http = None,
    token: Token = None,
    data_dir: DataDir = None,
) -> None:
    """Print what a webhook asks for, and how far it is behind."""
    with asking(http, token, tenant, data_dir) as api:
        _show(api.request("GET", path_of(webhook)), as_json=as_json)


@app.command()
def rotate(
    *,
    webhook: Webhook,
    hours: Hours = 24.0,
    signature: Signature = None,
    tenant: Tenant = "default",
    as_json: AsJson = False,
    http: Http = None,
    token: Token = None,
    data_dir: DataDir = None,
) -> None:
    """Make a new secret, and print those that sign from now on, the newest first."""
    body = {"overlap_seconds": round(hours * 3_600), "signature": signature}
    with asking(http, token, tenant, data_dir) as api:
        made = api.request("POST", path_of(webhook, "secret", "rotate"), json.encode(body))
    lines = (f"{one['secret']}  until {one['until'] or 'it is rotated'}" for one in made["secrets"])
    say(made, "\n".join(lines), as_json=as_json)


@app.command()
def remove(
    *,
    webhook: Webhook,
    yes: Yes = False,
    tenant: Tenant = "default",
    as_json: AsJson = False,
    http: Http = None,
    token: Token = None,
    data_dir: DataDir = None,
) -> None:
    """Delete a webhook and its secrets."""
    if not yes:
        typer.confirm(f"Delete {webhook}? What waits for it is never sent.", abort=True)
    with asking(http, token, tenant, data_dir) as api:
        say_state(api.request("DELETE", path_of(webhook)), as_json=as_json)


def _show(webhook: Any, *, as_json: bool) -> None:
    told = {name: value for name, value in webhook.items() if value not in (None, "", [])}
    lines = (f"{name:12}  {_words(value)}" for name, value in told.items())
    say(webhook, "\n".join(lines), as_json=as_json)


def _words(value: Any) -> str:
    match value:
        case [{}, *_] as many:
            return "; ".join(map(_words, many))
        case list():
            return ", ".join(value)
        case dict():
            return ", ".join(f"{name} {one}" for name, one in value.items() if one is not None)
        case bool():
            return "yes" if value else "no"
    return str(value)


app.command()(webhook_life.verify)
app.command()(webhook_life.pause)
app.command()(webhook_life.resume)
app.command()(webhook_life.enable)
app.command()(webhook_deliveries.deliveries)
app.command()(webhook_deliveries.redeliver)
app.command("test")(webhook_deliveries.send_test)
