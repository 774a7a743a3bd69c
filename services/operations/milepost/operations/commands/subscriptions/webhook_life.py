"""`milepost webhooks verify`, `pause`, `resume`, `enable`: whether anything is sent."""

from msgspec import json

from milepost.operations.client.http import Http, Token
from milepost.operations.commands.subscriptions.webhook_options import (
    Skip,
    Webhook,
    asking,
    path_of,
    say_state,
)
from milepost.operations.terminal.options import AsJson, DataDir, Tenant


def verify(
    *,
    webhook: Webhook,
    tenant: Tenant = "default",
    as_json: AsJson = False,
    http: Http = None,
    token: Token = None,
    data_dir: DataDir = None,
) -> None:
    """Send the challenge to its endpoint, which has to send it back within 10 seconds."""
    with asking(http, token, tenant, data_dir) as api:
        say_state(api.request("POST", path_of(webhook, "verify")), as_json=as_json)


def pause(
    *,
    webhook: Webhook,
    tenant: Tenant = "default",
    as_json: AsJson = False,
    http: Http = None,
    token: Token = None,
    data_dir: DataDir = None,
) -> None:
    """Send nothing until it is resumed."""
    with asking(http, token, tenant, data_dir) as api:
        say_state(api.request("POST", path_of(webhook, "pause")), as_json=as_json)


def resume(
    *,
    webhook: Webhook,
    skip: Skip = False,
    tenant: Tenant = "default",
    as_json: AsJson = False,
    http: Http = None,
    token: Token = None,
    data_dir: DataDir = None,
) -> None:
    """Go on where it stopped, or, with --skip, from now."""
    with asking(http, token, tenant, data_dir) as api:
        body = json.encode({"skip": skip})
        say_state(api.request("POST", path_of(webhook, "resume"), body), as_json=as_json)


def enable(
    *,
    webhook: Webhook,
    skip: Skip = False,
    tenant: Tenant = "default",
    as_json: AsJson = False,
    http: Http = None,
    token: Token = None,
    data_dir: DataDir = None,
) -> None:
    """Go on after it was disabled: where it stopped, or, with --skip, from now."""
    with asking(http, token, tenant, data_dir) as api:
        body = json.encode({"skip": skip})
        say_state(api.request("POST", path_of(webhook, "enable"), body), as_json=as_json)
