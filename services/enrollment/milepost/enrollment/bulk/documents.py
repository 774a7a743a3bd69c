"""What the routes of bulk jobs take, answer and refuse, for OpenAPI."""

from typing import Final
from uuid import UUID

from litestar.openapi import ResponseSpec
from litestar.openapi.spec import OpenAPIMediaType, RequestBody, Schema
from litestar.openapi.spec.enums import OpenAPIFormat, OpenAPIType

from milepost.contracts.ids import ID
from milepost.enrollment.bulk.csv_records import QuotesNotClosed
from milepost.enrollment.bulk.formats import (
    FORMATS,
    MAX_ARRAY_BYTES,
    MAX_BYTES,
    MAX_ROWS,
    ArrayTooLong,
    FileEmpty,
    FileUnreadable,
    TooManyRows,
)
from milepost.enrollment.bulk.jobs import (
    UNFINISHED_AT_MOST,
    AlreadyEnded,
    TooManyJobs,
    UnknownJob,
)
from milepost.enrollment.bulk.row_format import HeaderInvalid
from milepost.enrollment.bulk.store import ResultRow
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

_ROW: Final = Schema(
    type=OpenAPIType.OBJECT,
    required=["learner"],
    properties={
        "learner": Schema(type=OpenAPIType.STRING, pattern=ID, examples=["learner-4711"]),
        "offering": Schema(type=OpenAPIType.STRING, pattern=ID, examples=["sql-101-spring"]),
        "mode": Schema(type=OpenAPIType.STRING, enum=["audit", "verified"]),
        "occurred_at": Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.DATE_TIME),
    },
)
_NDJSON: Final = Schema(
    type=OpenAPIType.STRING,
    description="An object a line, as the elements of the array that application/json takes",
    examples=['{"learner": "ann", "offering": "sql-101-spring"}\n{"learner": "bob"}\n'],
)
_CSV: Final = Schema(
    type=OpenAPIType.STRING,
    description="RFC 4180 in UTF-8, with comma, semicolon or tab; the first row names the columns",
    examples=["learner,offering,mode\r\nann,sql-101-spring,verified\r\nbob,sql-101-spring,\r\n"],
)
FILE: Final = RequestBody(
    required=True,
    content={
        "application/x-ndjson": OpenAPIMediaType(schema=_NDJSON),
        "text/csv": OpenAPIMediaType(schema=_CSV),
        "application/json": OpenAPIMediaType(
            schema=Schema(type=OpenAPIType.ARRAY, items=_ROW, min_items=1)
        ),
    },
)

LOCATION: Final = Header(
    name="Location",
    description="Where the job is",
    schema=Schema(type=OpenAPIType.STRING, examples=[f"/enrollment/jobs/{JOB}"]),
)

UPLOAD: Final = Answers(
    request_body=FILE,
    request_headers=(IDEMPOTENCY_KEY,),
    response_headers=(LOCATION,),
    refusals=(
        Malformed("The body ended before all of it had come."),
        BodyTooLarge(MAX_BYTES),
        UnsupportedMedia("application/zip", tuple(FORMATS)),
        FileEmpty(),
        FileUnreadable(2, "$.learner", "Expected an id: 1 to 128 printable ASCII characters."),
        HeaderInvalid(("email",), ("learner",), ()),
        QuotesNotClosed(3),
        TooManyRows(MAX_ROWS),
        ArrayTooLong(MAX_ARRAY_BYTES),
        TooManyJobs(UNFINISHED_AT_MOST),
        KEY_REUSED,
    ),
)
LIST: Final = Answers(refusals=(WRONG_QUERY,))
READ: Final = Answers(
    refusals=(UnknownJob(JOB),),
    request_headers=(IF_NONE_MATCH,),
    response_headers=(ETAG,),
    also=304,
)
LINES: Final = ResponseSpec(
    ResultRow,
    media_type="application/x-ndjson",
    description="One such line for each row",
    generate_examples=False,
)
RESULTS: Final = Answers(refusals=(WRONG_QUERY, UnknownJob(JOB)))
CANCEL: Final = Answers(refusals=(UnknownJob(JOB), AlreadyEnded(JOB, "done")))
