"""What the routes of every room's jobs are asked with, and the words that are the same for all."""

from typing import Annotated, Final, TypeAlias
from uuid import UUID

from litestar.params import PathParameter, QueryParameter

from milepost.contracts.ids import ID

JobPath: TypeAlias = Annotated[UUID, PathParameter(description="The job's id")]
Offering: TypeAlias = Annotated[
    str | None, QueryParameter(pattern=ID, description="Of rows that name none")
]
DryRun: TypeAlias = Annotated[bool, QueryParameter(description="Change nothing")]
Cursor: TypeAlias = Annotated[UUID | None, QueryParameter(description="`next` of the page before")]
Limit: TypeAlias = Annotated[int, QueryParameter(ge=1, le=500, description="Jobs in a page")]
Refused: TypeAlias = Annotated[bool, QueryParameter(description="Only rows that were refused")]
Follow: TypeAlias = Annotated[bool, QueryParameter(description="Wait for the others")]
After: TypeAlias = Annotated[int, QueryParameter(ge=0, le=2**31 - 1, description="A row's number")]

LISTED: Final = "The newest first. They are kept for 30 days after their end."
VERSIONED: Final = "Sends an ETag, answers If-None-Match."
RESULTS: Final = (
    "A line of NDJSON for each row that is done, in their order: the row's number, "
    "what it came to, and the problem if it was refused. `follow`: stay until the job has ended, "
    "up to ten minutes; `after` goes on behind a row."
)
CANCELED: Final = (
    "It ends within a second or two. What it has done stays, and its results tell it. "
    "Repeating it does nothing."
)
