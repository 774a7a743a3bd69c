"""What the routes of this service share: who may see, parameters, and how a read is answered."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, TypeAlias, TypeVar, cast

import asyncpg
import msgspec
from litestar import Request, Response
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import PathParameter, QueryParameter

from milepost.contracts.ids import READ_MODEL_KEY
from milepost.contracts.times import Moment
from milepost.dashboards.queries.consistent_read import (
    BeyondTheLog,
    NotVisibleYet,
    Query,
    Seen,
    read,
)
from milepost.dashboards.queries.keyset import CursorUnknown, Paging
from milepost.events.projections.read_model import ReadModel
from milepost.web.auth.tokens import Caller, NotYourOwn, RoleMissing
from milepost.web.openapi.documented_answers import (
    AWAITED_POSITION,
    ETAG,
    IF_NONE_MATCH,
    POSITION,
    Answers,
    Header,
)
from milepost.web.problems import Malformed
from milepost.web.requests.etags import etag_matches
from milepost.web.requests.positions import awaited_position, positioned
from milepost.web.requests.times import in_calendar

STAFF = ("instructor", "registrar", "issuer", "operator", "service")

NOT_STAFF = RoleMissing(STAFF)
NOT_YOUR_OWN = NotYourOwn("learner-4711", STAFF)
CURSOR_UNKNOWN = CursorUnknown("position", "desc")

ROWS_ETAG = Header(
    name="ETag",
    description="Changes when the rows that are shown do; `position` and `as_of` go on without it",
    schema=ETAG.schema,
)

T = TypeVar("T")
Call: TypeAlias = Request[Caller, None, State]
Pool: TypeAlias = NamedDependency[asyncpg.Pool]
PathKey: TypeAlias = Annotated[str, PathParameter(pattern=READ_MODEL_KEY)]
Filter: TypeAlias = Annotated[str | None, QueryParameter(pattern=READ_MODEL_KEY)]


def shown(*refusals: Exception) -> Answers:
    """A read that can wait for a position, says the one it is true for, and has its rows' ETag."""
    return Answers(
        refusals=(*refusals, NotVisibleYet(4711, 4709), BeyondTheLog(9999, 4711)),
        request_headers=(AWAITED_POSITION, IF_NONE_MATCH),
        response_headers=(POSITION, ROWS_ETAG),
        also=304,
    )


async def read_at(
    request: Call,
    pool: asyncpg.Pool,
    models: Sequence[ReadModel],
    asked: Sequence[Query],
    *arguments: object,
) -> Seen:
    """Raises `NotVisibleYet`, `BeyondTheLog`, `Malformed`."""
    awaited = awaited_position(request)
    return await read(pool, request.user.tenant, models, asked, *arguments, awaited=awaited)


def respond(request: Call, page: T, found: Seen) -> Response[T]:
    """304 to who has these rows: their ETag says nothing of the position, which goes on."""
    etag = {"ETag": found.etag}
    if etag_matches(request, found.etag):
        headers = {**etag, "Milepost-Position": str(found.position)}
        return Response(cast("T", b""), status_code=304, headers=headers)
    response = positioned(page, found.position)
    response.headers.update(etag)
    return response


def given(**filters: object) -> dict[str, object]:
    """Conditions that are asked for, by column."""
    return {f"{name} = $": value for name, value in filters.items() if value is not None}


def parse_time(name: str, text: str | None) -> datetime | None:
    """In UTC. Litestar would take a number for one, and a time without its offset. Raises
    `Malformed`.
    """
    if text is None:
        return None
    try:
        at = msgspec.convert(text, Moment)
    except msgspec.ValidationError as fault:
        raise Malformed(f"{name} is a time with its UTC offset.", query=name) from fault
    return in_calendar(at, query=name)


def between(
    *, at_or_after: Mapping[str, object | None], before: Mapping[str, object | None]
) -> dict[str, object]:
    """Conditions on times that are asked for: from the one, up to but without the other."""
    least = {f"{name} >= $": value for name, value in at_or_after.items() if value is not None}
    most = {f"{name} < $": value for name, value in before.items() if value is not None}
    return {**least, **most}


def split_page(found: Seen, limit: int, paged: Paging) -> tuple[Any, str | None]:
    """The page, of which one row more was read, and the cursor to the next if that has any."""
    rows = found.rows[0]
    if len(rows) <= limit:
        return rows, None
    return rows[:limit], paged.cursor_to(rows[limit - 1])
