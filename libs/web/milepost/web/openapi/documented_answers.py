"""What a route answers besides its body, said beside the route: refusals, headers, statuses.

OpenAPI is made of this (`document.py`), and a test holds every answer against it.
"""

from datetime import UTC, datetime
from typing import Final, Self

import msgspec
from litestar.openapi.spec import RequestBody, Schema
from litestar.openapi.spec.enums import OpenAPIType

from milepost.web.requests.idempotency import IdempotencyKeyReused
from milepost.web.requests.times import OccurredInFuture

OCCURRED_IN_FUTURE: Final = OccurredInFuture(
    datetime(2026, 9, 2, 8, 0, tzinfo=UTC), datetime(2026, 9, 1, 8, 5, tzinfo=UTC)
)
_KEY: Final = "1d5f1e0a-3c0b-4b57-9a4e-7f0c2b7f6f11"
KEY_REUSED: Final = IdempotencyKeyReused(_KEY)


class Header(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    description: str
    schema: Schema
    required: bool = True


IDEMPOTENCY_KEY: Final = Header(
    name="Idempotency-Key",
    description="The same command under the same key is done once. Best a random UUID: the log "
    "tells less to who guesses when nobody can guess the key",
    schema=Schema(
        type=OpenAPIType.STRING,
        # Printable ASCII; blanks at the ends are no part of a header's value.
        pattern=r"^[\x21-\x7e]([\x20-\x7e]{0,253}[\x21-\x7e])?$",
        examples=[_KEY],
    ),
)
IF_NONE_MATCH: Final = Header(
    name="If-None-Match",
    description="The ETag of what the reader has: 304 if it is still so",
    schema=Schema(type=OpenAPIType.STRING, examples=['"7"']),
)
AWAITED_POSITION: Final = Header(
    name="Milepost-Position",
    description="Waits until the answer shows what has happened up to this position",
    schema=Schema(type=OpenAPIType.INTEGER, minimum=0, exclusive_maximum=10**18, examples=[0]),
)
PREFER: Final = Header(
    name="Prefer",
    description="`wait=5`: answers when everything that follows has followed, 30 s later at most: "
    "of a command what it did, of a read what has happened up to Milepost-Position",
    schema=Schema(type=OpenAPIType.STRING, examples=["wait=5"]),
)
SETTLED: Final = (
    Header(
        name="Milepost-Settled",
        description="To `Prefer: wait`: whether everything that follows has followed",
        schema=Schema(type=OpenAPIType.STRING, enum=["true", "false"]),
        required=False,
    ),
    Header(
        name="Milepost-Waits-For",
        description="Who has not answered yet, when it is false; `;parked`: failed, and waits for "
        "a person",
        schema=Schema(type=OpenAPIType.STRING, examples=["credentials", "progress;parked"]),
        required=False,
    ),
    Header(
        name="Preference-Applied",
        description="The preference that was kept",
        schema=Schema(type=OpenAPIType.STRING, examples=["wait=5"]),
        required=False,
    ),
)
POSITION: Final = Header(
    name="Milepost-Position",
    description="The position in the school's log that the answer is true for",
    schema=Schema(type=OpenAPIType.INTEGER, minimum=0),
)
LOCATION: Final = Header(
    name="Location",
    description="The path of what was created",
    schema=Schema(type=OpenAPIType.STRING, examples=["/enrollment/offerings/sql-101-spring"]),
)
ETAG: Final = Header(
    name="ETag",
    description="Changes when the answer does",
    schema=Schema(type=OpenAPIType.STRING),
)


class Answers(msgspec.Struct, frozen=True, kw_only=True):
    """`refusals` are real ones, with facts as they could be: they are the examples.

    `request_headers` may come, `response_headers` are in every answer that is no problem.
    `also`: another status of the same answer. `creates`: 201 tells the address of what is new.
    `request_body`: one that the route reads as it comes.
    `media_types`: what an answer may be, where that is no JSON. `lines`: as what an array comes if
    that is accepted, an element a line. `files`: what the answer may be beside its JSON.
    """

    refusals: tuple[Exception, ...] = ()
    request_headers: tuple[Header, ...] = ()
    response_headers: tuple[Header, ...] = ()
    also: int | None = None
    creates: bool = False
    request_body: RequestBody | None = None
    media_types: tuple[str, ...] = ()
    lines: str | None = None
    files: tuple[str, ...] = ()

    def __deepcopy__(self, memo: object) -> Self:
        """Itself: litestar copies the options of a route, and these hold hundreds of objects."""
        return self


def command(*refusals: Exception, also: int | None = None, creates: bool = False) -> Answers:
    return Answers(
        refusals=(*refusals, KEY_REUSED),
        request_headers=(IDEMPOTENCY_KEY,),
        response_headers=(POSITION,),
        also=also,
        creates=creates,
    )


def query(*refusals: Exception) -> Answers:
    """Of a state as it is now."""
    return Answers(refusals=refusals)


def versioned_query(*refusals: Exception) -> Answers:
    """With an ETag; 304 to who has it."""
    return Answers(
        refusals=refusals, request_headers=(IF_NONE_MATCH,), response_headers=(ETAG,), also=304
    )
