"""Reports of a player every few seconds: one event stands for many of one lesson. Pure.

What is folded is the same as if each had its own: the highest progress, the sum of time and
clicks, the latest bookmark. Lost is only how time and clicks were spread over `JOINED`.
"""

from datetime import datetime, timedelta
from typing import Final

from milepost.contracts.progress import LessonProgressed
from milepost.contracts.rules.learning.lesson_state import milliseconds

JOINED: Final = timedelta(minutes=1)
MAX_MERGED: Final = 100


def join(
    first: LessonProgressed, new: LessonProgressed, *, since: datetime, started_at: datetime
) -> LessonProgressed | None:
    """One event for both, of one lesson that was started at `started_at`; None if it cannot be.

    `first` stands for reports from `since` on. `new` happened then or later, and is decided after
    them: progress and bookmark that it carries are the higher and the later ones.
    """
    # The earliest of all says when the lesson was started: that one must keep its moment.
    if since <= started_at or new.occurred_at - since > JOINED or len(first.merged) >= MAX_MERGED:
        return None
    if first.completed or new.completed:
        return None
    marked = first.resume_at is not None and new.resume_at is None
    kept, other = (first, new) if marked else (new, first)
    return LessonProgressed(
        lesson=kept.lesson,
        report=kept.report,
        digest=kept.digest,
        progress=first.progress if new.progress is None else new.progress,
        seconds_spent=(milliseconds(first.seconds_spent) + milliseconds(new.seconds_spent)) / 1000,
        clicks=first.clicks + new.clicks,
        resume_at=kept.resume_at,
        merged={**first.merged, other.report: other.digest},
        occurred_at=kept.occurred_at,
    )
