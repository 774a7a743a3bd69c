"""How a lesson stands in each enrollment of a learner, and since when its score suffices. Pure."""

from datetime import datetime

import msgspec

from milepost.contracts.records import LessonResultNoted
from milepost.credentials.domain.records.results import Reached, risen


class LessonHistory(msgspec.Struct, frozen=True, kw_only=True):
    """`score`, 0 to 1, is the one that counts since the event at `position`.

    `reached` rises in scores and positions, as that of a course does in grades.
    """

    offering: str
    enrollment: str
    score: float
    position: int
    at: datetime
    reached: tuple[Reached, ...]

    def since(self, min_score: float) -> Reached | None:
        """Since when the score has been at least this; None if it is not."""
        return next((one for one in self.reached if one.grade >= min_score), None)

    @property
    def first_at(self) -> datetime:
        """When the first score that still counts was reached."""
        return self.reached[0].at

    @property
    def rank(self) -> tuple[float, float, int]:
        """Of equal scores the earlier counts, so that the order of arrival does not matter."""
        first = self.reached[-1]
        return self.score, -first.at.timestamp(), -first.position


def lesson_noted(before: LessonHistory | None, event: LessonResultNoted) -> LessonHistory:
    """With the latest that was noted of the lesson in this enrollment."""
    latest = Reached(event.score, event.position, event.occurred_at)
    return LessonHistory(
        offering=event.offering,
        enrollment=event.enrollment,
        score=event.score,
        position=event.position,
        at=event.occurred_at,
        reached=risen(before.reached if before else (), latest),
    )
