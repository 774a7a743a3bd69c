"""What the routes of progress jobs take and answer, for OpenAPI."""

from typing import Any, Final

from litestar.openapi.spec import Schema
from litestar.openapi.spec.enums import OpenAPIFormat, OpenAPIType

from milepost.contracts.courses import MAX_ATTEMPTS
from milepost.contracts.ids import CODE, ENROLLMENT_KEY, ID
from milepost.jobs.documents import Example, result_lines, uploads
from milepost.jobs.row_format import HeaderInvalid
from milepost.jobs.store import ResultLine
from milepost.progress.jobs import scores

PATH: Final = "/progress/jobs"

_ID: Final = Schema(type=OpenAPIType.STRING, pattern=ID)
_POINTS: Final = Schema(type=OpenAPIType.NUMBER, minimum=0)
_WHOSE: Final = {
    "enrollment": Schema(type=OpenAPIType.STRING, pattern=ENROLLMENT_KEY),
    "learner": _ID,
    "offering": _ID,
}
_CODE: Final = Schema(type=OpenAPIType.STRING, pattern=CODE, examples=["regraded"])


def _row(title: str, required: list[str], **columns: Schema) -> Schema:
    return Schema(
        title=title,
        type=OpenAPIType.OBJECT,
        required=required,
        properties={**_WHOSE, **columns},
    )


_ROWS: Final[Any] = [
    _row(
        "scores",
        ["lesson"],
        lesson=_ID,
        attempt=Schema(type=OpenAPIType.INTEGER, minimum=1, maximum=MAX_ATTEMPTS),
        score=Schema(type=OpenAPIType.NUMBER, minimum=0, maximum=1),
        raw=_POINTS,
        maximum=_POINTS,
        occurred_at=Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.DATE_TIME),
        reason=_CODE,
    ),
    _row(
        "waivers",
        ["lesson", "reason"],
        lesson=_ID,
        reason=_CODE,
        withdraw=Schema(type=OpenAPIType.BOOLEAN),
    ),
    _row(
        "migrations, rule-changes",
        ["version", "reason"],
        version=Schema(type=OpenAPIType.INTEGER, minimum=1),
        reason=_CODE,
    ),
]
UPLOAD: Final = uploads(
    PATH,
    Example(
        row=Schema(any_of=_ROWS),
        ndjson=(
            '{"learner": "ann", "offering": "sql-101-spring", "lesson": "exam", "score": 0.85}\n'
            '{"learner": "bob", "offering": "sql-101-spring", "lesson": "exam", "raw": 17,'
            ' "maximum": 20, "reason": "regraded"}\n'
        ),
        csv=(
            "learner,offering,lesson,raw,maximum,reason\r\n"
            "ann,sql-101-spring,exam,18,20,\r\nbob,sql-101-spring,exam,17,20,regraded\r\n"
        ),
        header=HeaderInvalid(("email",), ("lesson",), (), scores.FORMAT.columns),
    ),
)
LINES: Final = result_lines(ResultLine)
