"""What the routes on deliveries are asked with."""

from datetime import datetime
from typing import Annotated, Final, TypeAlias
from uuid import UUID

from litestar.params import PathParameter, QueryParameter
from msgspec import Meta

from milepost.subscriptions.webhooks.delivery.log.views import State
from milepost.web.problems import Malformed
from milepost.web.requests.json_body import Body

EXAMPLE: Final = "msg_0199f1c2-9d0b-7f10-8a63-51c7a0f4be22"
_DELIVERY: Final = r"^msg_[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(_test)?(?![\s\S])"
_CURSOR: Final = r"^-?[0-9]{1,17}_[0-9a-f]{32}(?![\s\S])"
MAX_POSITION: Final = 2**53 - 1

DeliveryPath: TypeAlias = Annotated[
    str, PathParameter(pattern=_DELIVERY, description="The message's id, `webhook-id`")
]
StateQuery: TypeAlias = Annotated[
    State | None, QueryParameter(name="state", description="Only those")
]
EventQuery: TypeAlias = Annotated[
    str | None, QueryParameter(max_length=100, description="An event's name, `credential_awarded`")
]
Since: TypeAlias = Annotated[
    datetime | None, QueryParameter(description="Only deliveries that began then or later")
]
Cursor: TypeAlias = Annotated[
    str | None, QueryParameter(pattern=_CURSOR, description="`next` of the page before")
]
Limit: TypeAlias = Annotated[int, QueryParameter(ge=1, le=500, description="Deliveries in a page")]


class NewRedelivery(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One of `delivery`, `after` and `since` says what: one, or what the log has from there on.

    delivery     one, by its message's id
    after, upto  positions; the first one is not delivered, the last one is. `upto` null: to the end
    since        when it was recorded
    failed_only  only what was given up
    per_second   how many a second at most; null: as fast as it is taken
    """

    delivery: Annotated[str, Meta(pattern=_DELIVERY)] | None = None
    after: Annotated[int, Meta(ge=0, le=MAX_POSITION)] | None = None
    upto: Annotated[int, Meta(ge=1, le=MAX_POSITION)] | None = None
    since: Annotated[datetime, Meta(tz=True)] | None = None
    failed_only: bool = False
    per_second: Annotated[int, Meta(ge=1, le=1_000)] | None = None


def event_id_of(message: str) -> UUID:
    """Of one that has the form."""
    return UUID(message.removeprefix("msg_").removesuffix("_test"))


def cursor_of(created_at: datetime, event_id: UUID) -> str:
    return f"{round(created_at.timestamp() * 1_000_000)}_{event_id.hex}"


def read_cursor(cursor: str) -> tuple[int, UUID]:
    """Microseconds since 1970, and an event's id. Raises `Malformed`."""
    micros, _, text = cursor.partition("_")
    if not text:
        raise Malformed("The cursor is none that a page has told.", query="cursor")
    return int(micros), UUID(text)


def event_name(event: str | None) -> str | None:
    """Raises `Malformed` for what cannot be one."""
    if event is not None and not event.isprintable():
        raise Malformed("No event has such a name.", query="event")
    return event
