"""What rows of a page came to before somebody died, or was stopped, with their results not kept.

    1 ann 0.9   wrote nothing           ─▶ what it comes to right before row 3 did what it did
    2 bob 0.8   wrote                   ─▶ told by what it wrote
    3 ann 0.5   wrote                   ─▶ told by what it wrote
    4 ann 0.7   was not decided yet     ─▶ decided now

Rows about one enrollment are decided one by one. So row 1 had been decided, and deciding it now
would undo row 3.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from milepost.events.log import AlreadyDone, Log
from milepost.jobs.jobs import Job
from milepost.jobs.kinds import command_of
from milepost.jobs.row_format import Fault, Row


class EarlierTry(NamedTuple):
    """By a row's number.

    wrote       what it did
    overtaken   what the next row about the same enrollment did, of one that wrote nothing
    """

    wrote: Mapping[int, AlreadyDone]
    overtaken: Mapping[int, AlreadyDone]


async def earlier_try(log: Log, job: Job, rows: Sequence[Row[Any]]) -> EarlierTry:
    """Nothing, where the page is decided for the first time."""
    ids = {row.number: command_of(job, row.number) for row in rows}
    done = await log.done(job.tenant, list(ids.values()))
    wrote = {number: done[id_] for number, id_ in ids.items() if id_ in done}
    return EarlierTry(wrote, _overtaken(rows, wrote) if wrote else {})


def _overtaken(
    rows: Sequence[Row[Any]], wrote: Mapping[int, AlreadyDone]
) -> Mapping[int, AlreadyDone]:
    overtaken: dict[int, AlreadyDone] = {}
    behind: dict[str, AlreadyDone] = {}
    for row in reversed(rows):
        if isinstance(row.request, Fault):
            continue
        enrollment = row.request.enrollment
        if row.number in wrote:
            behind[enrollment] = wrote[row.number]
        elif enrollment in behind:
            overtaken[row.number] = behind[enrollment]
    return overtaken
