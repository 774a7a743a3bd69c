"""What the routes of jobs take, answer and refuse, for OpenAPI: whatever the room and the kind."""

from typing import Final
from uuid import UUID

import msgspec
from litestar.openapi import ResponseSpec
from litestar.openapi.spec import OpenAPIMediaType, RequestBody, Schema
from litestar.openapi.spec.enums import OpenAPIType

from milepost.jobs.csv.records import QuotesNotClosed
from milepost.jobs.formats import (
    FORMATS,
    MAX_ARRAY_BYTES,
    MAX_BYTES,
    MAX_ROWS,
    ArrayTooLong,
    FileEmpty,
    FileUnreadable,
    TooManyRows,
)
from milepost.jobs.http import NDJSON
from milepost.jobs.jobs import (
    UNFINISHED_AT_MOST,
    AlreadyEnded,
    TooManyJobs,
    UnknownJob,
)
from milepost.jobs.row_format import HeaderInvalid
from milepost.web.openapi.documented_answers import (
    ETAG,
    IDEMPOTENCY_KEY,
    IF_NONE_MATCH,
    KEY_REUSED,
    Answers,
    Header,
)
from milepost.web.problems import BodyTooLarge, Malformed, UnsupportedMedia

JOB: Final = UUID("0199058e-6f5c-7d3a-8f7e-21c4b0a9d613")
WRONG_QUERY: Final = Malformed(
    "after: Expected `int` >= 0",
    faults=[{"message": "Expected `int` >= 0", "key": "after", "source": "query"}],
)

_NDJSON: Final = "An object a line, as the elements of the array that application/json takes"
_CSV: Final = "RFC 4180 in UTF-8, with comma, semicolon or tab; the first row names the columns"


class Example(msgspec.Struct, frozen=True, kw_only=True):
    """`row`: schemas of one; `ndjson`, `csv`: files as somebody may send them."""

    row: Schema
    ndjson: str
    csv: str
    header: HeaderInvalid


def uploads(path: str, example: Example) -> Answers:
    """Of the route at `path` that takes a file."""
    return Answers(
        request_body=_file(example),
        request_headers=(IDEMPOTENCY_KEY,),
        response_headers=(_location(path),),
        refusals=(
            Malformed("The body ended before all of it had come."),
            BodyTooLarge(MAX_BYTES),
            UnsupportedMedia("application/zip", tuple(FORMATS)),
            FileEmpty(),
            FileUnreadable(2, "$.learner", "Expected an id: 1 to 128 printable ASCII characters."),
            example.header,
            QuotesNotClosed(3),
            TooManyRows(MAX_ROWS),
            ArrayTooLong(MAX_ARRAY_BYTES),
            TooManyJobs(UNFINISHED_AT_MOST),
            KEY_REUSED,
        ),
    )


def result_lines(line: type[msgspec.Struct]) -> ResponseSpec:
    return ResponseSpec(
        line, media_type=NDJSON, description="One such line for each row", generate_examples=False
    )


def _file(example: Example) -> RequestBody:
    lines = Schema(type=OpenAPIType.STRING, description=_NDJSON, examples=[example.ndjson])
    cells = Schema(type=OpenAPIType.STRING, description=_CSV, examples=[example.csv])
    array = Schema(type=OpenAPIType.ARRAY, items=example.row, min_items=1)
    return RequestBody(
        required=True,
        content={
            NDJSON: OpenAPIMediaType(schema=lines),
            "text/csv": OpenAPIMediaType(schema=cells),
            "application/json": OpenAPIMediaType(schema=array),
        },
    )


def _location(path: str) -> Header:
    where = Schema(type=OpenAPIType.STRING, examples=[f"{path}/{JOB}"])
    return Header(name="Location", description="Where the job is", schema=where)


LIST: Final = Answers(refusals=(WRONG_QUERY,))
READ: Final = Answers(
    refusals=(UnknownJob(JOB),),
    request_headers=(IF_NONE_MATCH,),
    response_headers=(ETAG,),
    also=304,
)
RESULTS: Final = Answers(refusals=(WRONG_QUERY, UnknownJob(JOB)))
CANCEL: Final = Answers(refusals=(UnknownJob(JOB), AlreadyEnded(JOB, "done")))
