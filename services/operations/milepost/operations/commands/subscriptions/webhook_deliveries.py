"""`milepost webhooks deliveries`, `redeliver`, `test`: what was sent, and how it went."""

from urllib.parse import urlencode

import typer
from msgspec import json
from rich.table import Table

from milepost.operations.client.http import Http, Token
from milepost.operations.commands.subscriptions.webhook_options import (
    After,
    Event,
    FailedOnly,
    Limit,
    Message,
    PerSecond,
    Since,
    State,
    Upto,
    Webhook,
    asking,
    path_of,
    say,
)
from milepost.operations.terminal.errors import WrongUsage
from milepost.operations.terminal.options import AsJson, DataDir, Tenant
from milepost.operations.terminal.tables import print_table


def deliveries(
    *,
    webhook: Webhook,
    message: Message = None,
    state: State = None,
    event: Event = None,
    since: Since = None,
    limit: Limit = 100,
    tenant: Tenant = "default",
    as_json: AsJson = False,
    http: Http = None,
    token: Token = None,
    data_dir: DataDir = None,
) -> None:
    """Print what was sent, the newest first; of one message each request and its response."""
    with asking(http, token, tenant, data_dir) as api:
        if message is not None:
            found = api.request("GET", path_of(webhook, "deliveries", message))
            say(found, json.format(json.encode(found), indent=2).decode(), as_json=as_json)
            return
        asked = {"state": state, "event": event, "since": since, "limit": limit}
        query = urlencode({name: value for name, value in asked.items() if value is not None})
        found = api.request("GET", f"{path_of(webhook, 'deliveries')}?{query}")
    if as_json or not found["deliveries"]:
        say(found, "Nothing was sent.", as_json=as_json)
        return
    table = Table("message", "event", "state", "tries", "last")
    for one in found["deliveries"]:
        last = one["error"] or one["status"] or ""
        row = (one["delivery"], one["event"], one["state"], one["attempts"], last)
        table.add_row(*map(str, row))
    print_table(table)


def redeliver(
    *,
    webhook: Webhook,
    message: Message = None,
    after: After = None,
    upto: Upto = None,
    since: Since = None,
    failed_only: FailedOnly = False,
    per_second: PerSecond = None,
    tenant: Tenant = "default",
    as_json: AsJson = False,
    http: Http = None,
    token: Token = None,
    data_dir: DataDir = None,
) -> None:
    """Send one message again, or all from a position or a time on.

    Example: milepost webhooks redeliver WEBHOOK --since 2026-09-01T00:00:00Z --failed-only

    Each comes under the id that it had: receivers tell by it what they have already.
    """
    if [message, after, since].count(None) != 2:
        raise WrongUsage("Say one of MESSAGE, --after and --since.")
    body = {
        "delivery": message,
        "after": after,
        "upto": upto,
        "since": since,
        "failed_only": failed_only,
        "per_second": per_second,
    }
    with asking(http, token, tenant, data_dir) as api:
        begun = api.request("POST", path_of(webhook, "redeliveries"), json.encode(body))
    words = f"Positions behind {begun['after']} up to {begun['upto']} are delivered again."
    say(begun, words, as_json=as_json)


def send_test(
    *,
    webhook: Webhook,
    tenant: Tenant = "default",
    as_json: AsJson = False,
    http: Http = None,
    token: Token = None,
    data_dir: DataDir = None,
) -> None:
    """Send a test message now, and say what the endpoint answered. Fails unless it was 2xx."""
    with asking(http, token, tenant, data_dir) as api:
        sent = api.request("POST", path_of(webhook, "test"))
    arrived = sent["state"] == "delivered"
    words = f"{sent['delivery']} {sent['state']}: {sent['error'] or sent['status']}"
    say(sent, words, as_json=as_json)
    raise typer.Exit(0 if arrived else 1)
