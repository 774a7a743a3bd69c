"""What the commands on webhooks are told, how they ask, and how they say what came of it."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any, Final, Literal
from urllib.parse import quote

import typer
from msgspec import json

from milepost.operations.client.http import ApiClient, Http, Token, api_client
from milepost.operations.installation.tenants import require_tenant
from milepost.operations.terminal.errors import WrongUsage
from milepost.operations.terminal.options import DataDir

_ID: Final = re.compile(r"[0-9a-f-]{36}")

Webhook = Annotated[
    str, typer.Argument(help="The id, as `milepost webhooks list` shows it.", metavar="WEBHOOK")
]
Url = Annotated[str, typer.Argument(help="The endpoint: https, and public.", metavar="URL")]
Events = Annotated[
    list[str] | None,
    typer.Option("--event", help="As credential_awarded; several are allowed.", show_default="all"),
]
Event = Annotated[str | None, typer.Option(help="Only of this event.")]
Courses = Annotated[list[str] | None, typer.Option("--course", help="About one of these only.")]
Offerings = Annotated[list[str] | None, typer.Option("--offering", help="About one of these only.")]
Achievements = Annotated[
    list[str] | None, typer.Option("--achievement", help="About one of these only.")
]
Learners = Annotated[list[str] | None, typer.Option("--learner", help="About one of these only.")]
Ordered = Annotated[
    bool, typer.Option("--ordered", help="What is about one learner comes in order.")
]
Signature = Annotated[
    Literal["v1", "v1a"] | None,
    typer.Option(help="v1 is HMAC-SHA256, v1a Ed25519.", show_default="v1, or as it was"),
]
Description = Annotated[str, typer.Option(help="For people.", show_default=False)]
After = Annotated[int | None, typer.Option(help="From behind this position of the log.", min=0)]
Since = Annotated[str | None, typer.Option(help="From this time on, as 2026-09-01T00:00:00Z.")]
Upto = Annotated[int | None, typer.Option(help="Up to this position.", min=1)]
Hours = Annotated[
    float,
    typer.Option(
        help="So long the old secret signs too; 0 if somebody else knows it.", min=0, max=168
    ),
]
Skip = Annotated[
    bool,
    typer.Option("--skip", help="Leave out what was published meanwhile."),
]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
Message = Annotated[
    str | None, typer.Argument(help="One delivery, by its message's id.", metavar="[MESSAGE]")
]
State = Annotated[
    Literal["waiting", "delivered", "parked", "failed"] | None, typer.Option(help="Only those.")
]
Limit = Annotated[int, typer.Option(help="At most so many.", min=1, max=500)]
FailedOnly = Annotated[bool, typer.Option("--failed-only", help="Only what was given up.")]
PerSecond = Annotated[int | None, typer.Option(help="At most so many a second.", min=1, max=1_000)]


def require_address(url: str) -> None:
    """Raises `WrongUsage`."""
    if not url.startswith(("https://", "http://")):
        raise WrongUsage(f"{url!r} is no endpoint: it should be like https://crm.example/milepost.")


@contextmanager
def asking(http: Http, token: Token, tenant: str, data_dir: DataDir) -> Iterator[ApiClient]:
    require_tenant(tenant)
    with api_client(http, token, tenant, data_dir, "operator", known=True) as api:
        yield api


def path_of(webhook: str, *steps: str) -> str:
    """Raises `WrongUsage`."""
    if not _ID.fullmatch(webhook):
        raise WrongUsage(
            f"{webhook!r} cannot be a webhook's id: `milepost webhooks list` shows those there are."
        )
    return "/".join(("/webhooks", *(quote(one, safe="") for one in (webhook, *steps))))


def say(found: Any, words: str, *, as_json: bool) -> None:
    typer.echo(json.encode(found) if as_json else words)


def say_state(webhook: Any, *, as_json: bool) -> None:
    say(webhook, f"{webhook['webhook']} is {webhook['state']}.", as_json=as_json)
