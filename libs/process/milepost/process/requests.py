"""What a command takes from its request besides the body, and how its answer is given."""

import hmac
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar, Unpack, cast
from uuid import UUID

import msgspec
from litestar import Request, Response
from litestar.datastructures import State
from litestar.serialization import default_serializer, encode_json
from litestar.types import Receive, Scope, Send
from uuid_utils.compat import uuid5, uuid7

from milepost.events.commands.transact import Outcome
from milepost.events.event import Invalid
from milepost.process.problems import Malformed, Where
from milepost.process.settings import Settings
from milepost.process.tokens import Caller

# Postgres' driver takes the first and the last day that Python has for -infinity and infinity.
CALENDAR = datetime(2, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)
COMMANDS = UUID("5f0c0a3e-6d0b-5d5e-9a44-2f5b6b1c7a10")

T = TypeVar("T")


class OccurredInFuture(Invalid):
    """It cannot have happened yet."""

    def __init__(self, occurred_at: datetime, latest: datetime) -> None:
        self.occurred_at = occurred_at
        self.latest = latest


class IdempotencyKeyReused(Invalid):
    """The Idempotency-Key came before, with another body: a new command takes a new key."""

    def __init__(self, key: str) -> None:
        self.key = key


def command_id(request: Request[Caller, None, State]) -> UUID:
    """The same for the same caller, method, path and Idempotency-Key; without a key, always new.

    Raises `Malformed`.
    """
    key = _idempotency_key(request)
    if key is None:
        return uuid7()
    caller = request.user
    parts = (caller.tenant, caller.subject, request.method, request.scope["path"], key)
    return uuid5(COMMANDS, msgspec.json.encode(parts).decode())


def metadata(request: Request[Caller, None, State]) -> bytes:
    """JSON: `actor`, `correlation`, `trace` (W3C traceparent), `request` (a digest of the body)."""
    state: dict[str, Any] = request.scope["state"]
    known = {
        "actor": request.user.subject,
        "correlation": state["correlation"],
        "trace": state.get("trace"),
        "request": _digest(request),
    }
    return msgspec.json.encode({name: value for name, value in known.items() if value is not None})


def check_repeat(outcome: Outcome, request: Request[Caller, None, State]) -> None:
    """Raises `IdempotencyKeyReused` if the command that was done before had another body."""
    if not outcome.repeated or not outcome.events:
        return
    before = msgspec.json.decode(outcome.events[0].metadata).get("request")
    if before != _digest(request):
        raise IdempotencyKeyReused(_idempotency_key(request) or "")


def occurred(at: datetime | None, settings: Settings, now: datetime | None = None) -> datetime:
    """`at` in UTC, or now if not given.

    Raises `OccurredInFuture` beyond the clock skew, `Malformed` for what lies outside the calendar.
    """
    now = now or datetime.now(UTC)
    if at is None:
        return now
    latest = now + timedelta(seconds=settings.clock_skew_seconds)
    if at > latest:
        raise OccurredInFuture(at, latest)
    return in_calendar(at, field="occurred_at")


def in_calendar(at: datetime, **where: Unpack[Where]) -> datetime:
    """In UTC. Raises `Malformed` before the year 2 and from 9999-12-31 on, which nothing keeps."""
    first, end = CALENDAR
    if not first <= at < end:
        raise Malformed("A date lies outside the calendar.", **where)
    return at.astimezone(UTC)


def awaited_position(request: Request[Any, Any, Any]) -> int | None:
    """The position that the reader wants to see, from `Milepost-Position`. Raises `Malformed`."""
    given = request.headers.get("milepost-position")
    if given is None:
        return None
    if not (given.isascii() and given.isdigit() and len(given) <= 18):
        raise Malformed(
            f"Milepost-Position is a whole number, not {given!r}.", header="Milepost-Position"
        )
    return int(given)


def positioned(body: T, position: int, status_code: int = 200) -> Response[T]:
    """`position` is the outcome's: reads that carry it back see the effect."""
    headers = {"Milepost-Position": str(position)}
    return _Json(body, status_code=status_code, headers=headers)


def is_known(request: Request[Any, Any, Any], etag: str) -> bool:
    """Whether the reader has that: compared weakly (RFC 9110, section 13.1.2)."""
    given = request.headers.get("if-none-match", "")
    return bool({one.strip().removeprefix("W/") for one in given.split(",")} & {etag, "*"})


def versioned(request: Request[Any, Any, Any], body: T, *versions: int) -> Response[T]:
    """With an ETag of the streams' versions; 304 without a body if the reader has these."""
    etag = f'"{".".join(map(str, versions))}"'
    headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
    if is_known(request, etag):
        return Response(cast("T", b""), status_code=304, headers=headers)
    return Response(body, headers=headers)


class _Json(Response[T]):
    """JSON with a body, without cookies and the like: what litestar does for those took longer
    than the rest of its way out.
    """

    def to_asgi_response(self, app: Any, request: Any, **_: Any) -> Any:  # noqa: ARG002 - litestar's
        body = encode_json(self.content, default_serializer)
        headers = [(name.lower().encode(), value.encode()) for name, value in self.headers.items()]
        headers.append((b"content-type", b"application/json"))
        headers.append((b"content-length", b"%d" % len(body)))

        async def answer(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001 - ASGI
            status = self.status_code or 200
            await send({"type": "http.response.start", "status": status, "headers": headers})
            await send({"type": "http.response.body", "body": body, "more_body": False})

        return answer


def _idempotency_key(request: Request[Any, Any, Any]) -> str | None:
    key = request.headers.get("idempotency-key")
    if key is None:
        return None
    if not 1 <= len(key) <= 255 or not (key.isascii() and key.isprintable()):
        raise Malformed(
            "Idempotency-Key is 1 to 255 printable ASCII characters.", header="Idempotency-Key"
        )
    return key


def _digest(request: Request[Any, Any, Any]) -> str | None:
    """Of the body as it came; None without an Idempotency-Key.

    The log keeps it for ever, and a body may hold an e-mail address. Without the key, which nobody
    keeps, no address can be tried against it.
    """
    key = _idempotency_key(request)
    if key is None:
        return None
    body: bytes = request.scope["state"].get("body", b"")
    return hmac.digest(key.encode(), body, "sha256").hex()[:16]
