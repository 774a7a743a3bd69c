"""How a snapshot becomes an answer: its position, its rows' ETag, and what can refuse it."""

from typing import TypeVar, cast

from litestar import Response

from milepost.dashboards.api.parameters import STAFF, Call
from milepost.dashboards.queries.consistent_read import NotVisibleYet, Snapshot
from milepost.dashboards.queries.lists.keyset import CursorUnknown
from milepost.events.log import BeyondTheLog
from milepost.web.auth.tokens import NotYourOwn
from milepost.web.openapi.documented_answers import (
    AWAITED_POSITION,
    ETAG,
    IF_NONE_MATCH,
    POSITION,
    Answers,
    Header,
)
from milepost.web.problems import Problem, RequestFault, error_response
from milepost.web.requests.etags import etag_matches
from milepost.web.requests.positions import positioned

NOT_YOUR_OWN = NotYourOwn("learner-4711", STAFF)
CURSOR_UNKNOWN = CursorUnknown("position", "desc")

ROWS_ETAG = Header(
    name="ETag",
    description="Changes when the rows that are shown do; `position` and `as_of` go on without it",
    schema=ETAG.schema,
)

T = TypeVar("T")


class TryAgain(RequestFault):
    """A read that came too early, `NotVisibleYet`, as clients are told of it."""

    def __init__(self, awaited: int, position: int) -> None:
        super().__init__(awaited, position)
        self.awaited = awaited
        self.position = position

    def problem(self) -> Problem:
        return Problem(
            status=503,
            name="not_visible_yet",
            title="Not visible yet",
            detail=f"Position {self.awaited} is awaited; {self.position} is reached. Try again.",
            facts={"awaited": self.awaited, "position": self.position},
            headers={"Retry-After": "1", "Milepost-Position": str(self.position)},
        )


def answer_not_visible(request: Call, error: NotVisibleYet) -> Response[bytes]:
    return error_response(request, TryAgain(error.awaited, error.position))


def read_answers(*refusals: Exception) -> Answers:
    """A read that can wait for a position, says the one it is true for, and has its rows' ETag."""
    return Answers(
        refusals=(*refusals, TryAgain(4711, 4709), BeyondTheLog(9999, 4711)),
        request_headers=(AWAITED_POSITION, IF_NONE_MATCH),
        response_headers=(POSITION, ROWS_ETAG),
        also=304,
    )


def respond(request: Call, body: T, found: Snapshot) -> Response[T]:
    """304 to who has these rows: their ETag says nothing of the position, which goes on."""
    etag = {"ETag": found.etag}
    if etag_matches(request, found.etag):
        headers = {**etag, "Milepost-Position": str(found.position)}
        return Response(cast("T", b""), status_code=304, headers=headers)
    response = positioned(body, found.position)
    response.headers.update(etag)
    return response
