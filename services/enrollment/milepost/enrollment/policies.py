"""What enrollment does when learning is reported, and when its own offering passes a seat on."""

from collections.abc import Sequence
from functools import partial
from typing import TypeAlias, assert_never

from milepost.enrollment.domain import ENROLLMENT, activate, complete, promote
from milepost.enrollment.events import SeatTaken
from milepost.events.policy import Reaction
from milepost.progress.events import CourseCompleted, LessonStarted

Heard: TypeAlias = LessonStarted | CourseCompleted | SeatTaken


def react(event: Heard) -> Sequence[Reaction]:
    """The one decision that an event asks for, or none."""
    match event:
        case LessonStarted(first=True):
            decide = partial(activate, occurred_at=event.occurred_at)
        case CourseCompleted():
            decide = partial(complete, grade=event.grade, occurred_at=event.occurred_at)
        case SeatTaken(waited=True):
            decide = partial(promote, occurred_at=event.occurred_at)
        case LessonStarted() | SeatTaken():
            return ()
        case _:
            assert_never(event)
    return (Reaction(ENROLLMENT.of(event.enrollment), decide),)
