"""Whether the learner keeps the pace that the due dates set. Pure."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, TypeAlias

import msgspec

from milepost.contracts.rules.learning.outline import LessonView

PaceStatus: TypeAlias = Literal["ahead", "on_track", "behind", "unknown"]


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """Of the lessons with a due date that are required or have a weight.

    ahead     all that was due is done, and all that is due next as well
    on_track  all that was due is done
    behind    something that was due is not: `overdue` names it
    unknown   nothing has a due date

    `next_due_at`: when the next of them that is not done is due.
    """

    status: PaceStatus
    overdue: tuple[str, ...] = ()
    next_due_at: datetime | None = None


def pace(lessons: Sequence[LessonView], at: datetime, *, completed: bool) -> Pace:
    """At the moment `at`. Who has completed the course is behind with nothing."""
    dated = [
        (one.due_at, one) for one in lessons if one.due_at and (one.required or one.weight > 0)
    ]
    if not dated:
        return Pace(status="unknown")
    overdue = () if completed else tuple(one.id for _, one in dated if one.overdue)
    return Pace(
        status="behind" if overdue else _status(dated, at),
        overdue=overdue,
        next_due_at=min((due for due, one in dated if due >= at and not _done(one)), default=None),
    )


def _status(dated: Sequence[tuple[datetime, LessonView]], at: datetime) -> PaceStatus:
    following = min((due for due, _ in dated if due >= at), default=None)
    if following is None:
        return "on_track"
    done = all(_done(one) for due, one in dated if due == following)
    return "ahead" if done else "on_track"


def _done(lesson: LessonView) -> bool:
    return lesson.status == "done"
