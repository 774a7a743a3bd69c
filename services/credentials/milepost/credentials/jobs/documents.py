"""What the routes of credential jobs take and answer, for OpenAPI."""

from typing import Any, Final

from litestar.openapi.spec import Schema
from litestar.openapi.spec.enums import OpenAPIType

from milepost.contracts.ids import CODE, ID, KEY
from milepost.credentials.jobs.rows import AWARDS
from milepost.jobs.documents import Example, result_lines, uploads
from milepost.jobs.row_format import HeaderInvalid
from milepost.jobs.store import ResultLine

PATH: Final = "/credentials/jobs"

_LEARNER: Final = Schema(type=OpenAPIType.STRING, pattern=ID)
_KEY: Final = Schema(type=OpenAPIType.STRING, pattern=KEY)
_CODE: Final = Schema(type=OpenAPIType.STRING, pattern=CODE, examples=["prior_learning"])


def _row(title: str, required: list[str], **columns: Schema) -> Schema:
    properties: Any = {"learner": _LEARNER, "achievement": _KEY, "reason": _CODE, **columns}
    return Schema(title=title, type=OpenAPIType.OBJECT, required=required, properties=properties)


_ROWS: Final[Any] = [
    _row("awards", ["learner", "achievement"]),
    _row("revocations, renewals, supersessions", ["learner", "reason"], credential=_KEY),
]
UPLOAD: Final = uploads(
    PATH,
    Example(
        row=Schema(any_of=_ROWS),
        ndjson=(
            '{"learner": "ann", "achievement": "data-analyst"}\n'
            '{"learner": "bob", "achievement": "data-analyst", "reason": "prior_learning"}\n'
        ),
        csv="learner,achievement,reason\r\nann,data-analyst,\r\nbob,data-analyst,prior_learning\r\n",
        header=HeaderInvalid(("email",), ("achievement",), (), AWARDS.columns),
    ),
)
LINES: Final = result_lines(ResultLine)
