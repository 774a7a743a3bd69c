"""What the feed and streams are asked with, checked at the edge."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Annotated, Any, Final, TypeAlias
from urllib.parse import parse_qsl, urlencode

import msgspec
from litestar import Request
from litestar.openapi.spec import Schema
from litestar.openapi.spec.enums import OpenAPIFormat, OpenAPIType
from litestar.params import QueryParameter

from milepost.contracts.times import Moment
from milepost.events.log import BeyondTheLog, Log
from milepost.subscriptions.domain.filters import TAGS, Filter
from milepost.subscriptions.since import position_before
from milepost.web.problems import Malformed
from milepost.web.requests.times import in_calendar

MAX_VALUES: Final = 100
MAX_CHARACTERS: Final = 255
MAX_EVENTS: Final = 10_000
MAX_WAIT_SECONDS: Final = 30
MAX_POSITION: Final = 10**18 - 1

_NAMED: Final = {"items": Schema(type=OpenAPIType.STRING, min_length=1, max_length=MAX_CHARACTERS)}

After: TypeAlias = Annotated[
    int | None,
    QueryParameter(ge=0, le=MAX_POSITION, description="What follows this position, without it"),
]
Since: TypeAlias = Annotated[
    str | None,
    QueryParameter(
        format=OpenAPIFormat.DATE_TIME,
        description="What the log took at this time or later; with its UTC offset. Instead of "
        "`after`",
    ),
]
Limit: TypeAlias = Annotated[
    int, QueryParameter(ge=1, le=MAX_EVENTS, description="Events in an answer, at most")
]
Wait: TypeAlias = Annotated[
    int,
    QueryParameter(
        ge=0,
        le=MAX_WAIT_SECONDS,
        description="Seconds to wait for an event where there is none yet",
    ),
]
Types: TypeAlias = Annotated[
    list[str] | None,
    QueryParameter(
        name="type",
        max_items=MAX_VALUES,
        schema_extra={"items": Schema(type=OpenAPIType.STRING, enum=[*TAGS])},
        description="Names of events, such as `credential_awarded`. May come several times, as "
        "may the next four: one of each that is named must be met",
    ),
]
Courses: TypeAlias = Annotated[
    list[str] | None, QueryParameter(name="course", max_items=MAX_VALUES, schema_extra=_NAMED)
]
Offerings: TypeAlias = Annotated[
    list[str] | None, QueryParameter(name="offering", max_items=MAX_VALUES, schema_extra=_NAMED)
]
Achievements: TypeAlias = Annotated[
    list[str] | None, QueryParameter(name="achievement", max_items=MAX_VALUES, schema_extra=_NAMED)
]
Learners: TypeAlias = Annotated[
    list[str] | None, QueryParameter(name="learner", max_items=MAX_VALUES, schema_extra=_NAMED)
]


def filter_of(
    types: Sequence[str] | None,
    courses: Sequence[str] | None,
    offerings: Sequence[str] | None,
    achievements: Sequence[str] | None,
    learners: Sequence[str] | None,
) -> Filter:
    """Raises `Malformed`: for a name of no event it says which there are."""
    for name in types or ():
        if name not in TAGS:
            allowed = ", ".join(TAGS)
            raise Malformed(f"No event is called {name!r}; allowed: {allowed}", query="type")
    named = {
        "course": courses, "offering": offerings, "achievement": achievements, "learner": learners
    }  # fmt: skip
    for query, values in named.items():
        if any(not 0 < len(value) <= MAX_CHARACTERS for value in values or ()):
            raise Malformed(f"It has 1 to {MAX_CHARACTERS} characters.", query=query)
    return Filter(*map(_ids, (types, *named.values())))


def _ids(values: Iterable[str] | None) -> frozenset[str]:
    return frozenset(values or ())


def last_event_id(request: Request[Any, Any, Any]) -> int | None:
    """What a reader that comes back has seen last. Raises `Malformed`."""
    text = request.headers.get("last-event-id")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(MAX_POSITION))):
        raise Malformed(f"Last-Event-ID is a position, not {text!r}.", header="Last-Event-ID")
    return int(text)


async def start_of(
    log: Log, tenant: str, head: int, *, after: int | None, since: str | None, now: datetime
) -> int | None:
    """The position behind which it begins; None when nothing is said.

    Raises `Malformed`, `BeyondTheLog`, `SinceInFuture`.
    """
    if since is None:
        if after is not None and after > head:
            raise BeyondTheLog(after, head)
        return after
    if after is not None:
        raise Malformed("Name a position or a time, not both.", query="since")
    return await position_before(log, tenant, _time_of(since), head=head, now=now)


def _time_of(text: str) -> datetime:
    try:
        at = msgspec.convert(text, Moment)
    except msgspec.ValidationError as fault:
        raise Malformed("since is a time with its UTC offset.", query="since") from fault
    return in_calendar(at, query="since")


def next_address(request: Request[Any, Any, Any], position: int) -> str:
    """The same question, going on behind `position`."""
    asked = parse_qsl(request.scope["query_string"].decode("latin-1"), keep_blank_values=True)
    kept = [one for one in asked if one[0] not in ("after", "since")]
    return f"{request.scope['path']}?{urlencode([('after', str(position)), *kept])}"
