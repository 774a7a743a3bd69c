"""What makes a command of a request: its id, by the Idempotency-Key, and its metadata.

A key is used once something was written under it; what wrote nothing leaves no trace, and may
come again with another body. Routes leave all this to `commands`.
"""

import hmac
from typing import Any
from uuid import UUID

import msgspec
from litestar import Request
from litestar.datastructures import State
from uuid_utils.compat import uuid5

from milepost.events.commands.transact import Outcome
from milepost.events.event import Invalid
from milepost.events.ids import new_id
from milepost.events.log import Recorded
from milepost.events.metadata import Metadata, metadata_of
from milepost.web.auth.tokens import Caller
from milepost.web.problems import Malformed

HEADER = b"idempotency-key"
COMMANDS = UUID("5f0c0a3e-6d0b-5d5e-9a44-2f5b6b1c7a10")


class IdempotencyKeyReused(Invalid):
    """The Idempotency-Key came before, with another body: a new command takes a new key."""

    def __init__(self, key: str) -> None:
        self.key = key


def command_id(request: Request[Caller, None, State]) -> UUID:
    """The same for the same caller, method, path and Idempotency-Key; without a key, always new.

    Raises `Malformed`.
    """
    key = idempotency_key(request)
    if key is None:
        return new_id()
    caller = request.user
    parts = (caller.tenant, caller.subject, request.method, request.scope["path"], key)
    return uuid5(COMMANDS, msgspec.json.encode(parts).decode())


def metadata(request: Request[Caller, None, State]) -> bytes:
    """Who asks, as part of what; and the digest of the body."""
    state: dict[str, Any] = request.scope["state"]
    return Metadata(
        actor=request.user.subject,
        correlation=state["correlation"],
        trace=state.get("trace"),
        request=body_digest(request),
    ).encode()


def check_repeat(outcome: Outcome[Any], request: Request[Caller, None, State]) -> None:
    """Raises `IdempotencyKeyReused` if the command that was done before had another body."""
    if outcome.repeated and outcome.events:
        check_body(outcome.events[0], request)


def check_body(event: Recorded, request: Request[Caller, None, State]) -> None:
    """Raises `IdempotencyKeyReused` if the event came of a request with another body."""
    if metadata_of(event).request != body_digest(request):
        raise IdempotencyKeyReused(idempotency_key(request) or "")


def idempotency_key(request: Request[Any, Any, Any]) -> str | None:
    """Raises `Malformed`."""
    for name, value in request.scope["headers"]:
        if name == HEADER:
            return _checked(value)
    return None


def _checked(sent: bytes) -> str:
    key = sent.decode("latin-1")
    if not 1 <= len(key) <= 255 or not (key.isascii() and key.isprintable()):
        raise Malformed(
            "Idempotency-Key is 1 to 255 printable ASCII characters.", header="Idempotency-Key"
        )
    return key


def body_digest(request: Request[Any, Any, Any]) -> str | None:
    """Of the body as it came; None without an Idempotency-Key.

    The log keeps it for ever, and a body may hold an e-mail address. Without the key, which nobody
    keeps, no address can be tried against it.
    """
    key = idempotency_key(request)
    if key is None:
        return None
    body: bytes = request.scope["state"].get("body", b"")
    return hmac.digest(key.encode(), body, "sha256").hex()[:16]
