"""What the routes of jobs that enroll take and answer, for OpenAPI."""

from typing import Any, Final

import msgspec
from litestar.openapi.spec import Schema
from litestar.openapi.spec.enums import OpenAPIFormat, OpenAPIType

from milepost.contracts.ids import ID
from milepost.enrollment.bulk.enrollment_kind import Outcome
from milepost.enrollment.bulk.enrollment_rows import FORMAT
from milepost.jobs.documents import Example, result_lines, uploads
from milepost.jobs.row_format import HeaderInvalid

PATH: Final = "/enrollment/jobs"


class ResultRow(msgspec.Struct, frozen=True, omit_defaults=True):
    """What came of a row. `position`: in the log, of its last event; not of a dry run.

    row         as a spreadsheet counts, from 1: a header is 1, a cell may hold line breaks; in
                NDJSON the line's number, in a JSON array the element's
    enrollment  not where a row could not be read
    problem     why it was refused, as the single command would be answered
    """

    row: int
    learner: str | None
    offering: str | None
    outcome: Outcome
    enrollment: str | None = None
    position: int | None = None
    problem: dict[str, Any] | None = None


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
UPLOAD: Final = uploads(
    PATH,
    Example(
        row=_ROW,
        ndjson='{"learner": "ann", "offering": "sql-101-spring"}\n{"learner": "bob"}\n',
        csv="learner,offering,mode\r\nann,sql-101-spring,verified\r\nbob,sql-101-spring,\r\n",
        header=HeaderInvalid(("email",), ("learner",), (), FORMAT.columns),
    ),
)
LINES: Final = result_lines(ResultRow)
