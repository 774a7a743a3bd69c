"""What sets one kind of job apart from the others: one value, and the machinery knows no more.

the file ─▶ row format ─▶ rows kept ─▶ decide, a page at a time ─▶ a result each
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar
from uuid import UUID, uuid5

import msgspec

from milepost.events.commands.transact import Transactor
from milepost.jobs.jobs import Job, Result
from milepost.jobs.row_format import Row, RowFormat
from milepost.web.settings import Settings

R = TypeVar("R")

# A page of rows, a result for each, in their order. What a row does it does under the id
# `command_of(job, row)`: decided again, after a crash, it answers with what it did. Raises what
# says that a server is away, and `NotLeading`; whatever else goes wrong is that row's result.
DecidePage: TypeAlias = Callable[
    [Transactor, Settings, Job, Sequence[Row[R]]], Awaitable[list[Result]]
]


@dataclass(frozen=True, kw_only=True)
class Kind(Generic[R]):
    """One kind of job.

    name      under which jobs are stored: it never changes
    rows      how a row stands in a file
    decide    what comes of a page of rows; on a rehearsal of the log for a dry run
    keep      a request as values for the columns of the room's `Tables`
    kept      a request from those columns
    """

    name: str
    rows: RowFormat[R]
    decide: DecidePage[R]
    keep: Callable[[R], Sequence[object]]
    kept: Callable[[Mapping[str, Any]], R]


class Tables(msgspec.Struct, frozen=True):
    """Where a room keeps its jobs: a schema of Postgres with the tables jobs, rows and results.

    columns  of the rows, what a request is kept in; `learner` and `offering` are among them
    """

    schema: str
    columns: tuple[str, ...]

    def sql(self, statement: str) -> str:
        """The statement, about these tables: it says `{schema}`, `{job}`, `{row}`."""
        return statement.format(
            schema=self.schema,
            job=", ".join(Job.__struct_fields__),
            row=", ".join(self.row_columns),
        )

    @property
    def row_columns(self) -> tuple[str, ...]:
        return ("row", *self.columns, "fault_path", "fault_reason")


def command_of(job: Job, row: int) -> UUID:
    """The id of the command that a row is."""
    return uuid5(job.job, str(row))
