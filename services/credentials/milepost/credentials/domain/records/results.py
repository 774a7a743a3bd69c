"""How a course stands in each enrollment of a learner, and since when its grade suffices. Pure.

A grade may rise and fall after the course was completed. What rests on it rests on the moment since
which it has been high enough, without a break:

    noted           0.65      0.95      0.80      0.90
    at position     3         5         8         9
    0.6 since       3         3         3         3
    0.8 since                 5         5         5
    0.9 since                 5                   9
"""

from collections.abc import Iterable
from datetime import datetime

import msgspec

from milepost.contracts.offerings import Mode
from milepost.contracts.records import CourseResultNoted


class CourseResult(msgspec.Struct, frozen=True, kw_only=True):
    """`grade` is 0 to 1, None where nothing is graded; `position` and `at` are the completion's.

    `passing`: the grade still suffices for the completion, which nothing but a person takes back.
    `mode` is that of the enrollment when it was completed, `hours` the workload and `skills` the
    addresses of what the course teaches; None and empty where that was not noted.
    """

    course: str
    version: int
    offering: str
    enrollment: str
    grade: float | None
    position: int
    at: datetime
    passing: bool = True
    mode: Mode | None = None
    hours: float | None = None
    skills: tuple[str, ...] = ()

    def lacks(self, told: CourseResultNoted) -> bool:
        """It says something of mode, hours or skills, and this nothing."""
        return (
            (self.mode is None and told.mode is not None)
            or (self.hours is None and told.hours is not None)
            or (not self.skills and bool(told.skills))
        )


class Reached(msgspec.Struct, frozen=True):
    """The grade has been at least this, 0 to 1, since the event at `position`."""

    grade: float
    position: int
    at: datetime


class ResultHistory(msgspec.Struct, frozen=True):
    """`reached` rises in grades and positions; empty while the grade does not suffice."""

    result: CourseResult
    reached: tuple[Reached, ...]

    def since(self, min_grade: float) -> Reached | None:
        """Since when it has been passed with this grade; None if it is not."""
        return next((one for one in self.reached if one.grade >= min_grade), None)

    @property
    def level(self) -> float:
        """The highest `min_grade` that is met; below 0 if not even 0 is. No grade meets 0 only."""
        return self.reached[-1].grade if self.reached else -1.0


def noted(before: ResultHistory | None, event: CourseResultNoted) -> ResultHistory:
    """With the latest that was noted of the enrollment."""
    completed = before.result if before else None
    result = CourseResult(
        course=event.course,
        version=event.version,
        offering=event.offering,
        enrollment=event.enrollment,
        grade=event.grade,
        position=completed.position if completed else event.position,
        at=completed.at if completed else event.occurred_at,
        passing=event.passing,
        mode=(completed and completed.mode) or event.mode,
        hours=event.hours,
        skills=event.skills,
    )
    if not event.passing:
        return ResultHistory(result, ())
    reached = before.reached if before else ()
    # What a late report tells may have happened before the completion that it improves.
    latest = Reached(event.grade or 0.0, event.position, max(event.occurred_at, result.at))
    return ResultHistory(result, risen(reached, latest))


def best_of(histories: Iterable[ResultHistory]) -> ResultHistory | None:
    """Of equal grades the earlier counts, so that the order of arrival does not matter."""
    return max(histories, key=_rank, default=None)


def _rank(history: ResultHistory) -> tuple[float, float, float, int]:
    result = history.result
    return history.level, result.grade or 0.0, -result.at.timestamp(), -result.position


def risen(reached: tuple[Reached, ...], latest: Reached) -> tuple[Reached, ...]:
    """What was reached below the latest stays; what was above it begins anew, if ever."""
    below = [one for one in reached if one.grade < latest.grade]
    above = next((one for one in reached if one.grade >= latest.grade), None)
    if above is not None:
        return (*below, msgspec.structs.replace(above, grade=latest.grade))
    at = max((latest.at, *(one.at for one in below)))
    return (*below, msgspec.structs.replace(latest, at=at))
