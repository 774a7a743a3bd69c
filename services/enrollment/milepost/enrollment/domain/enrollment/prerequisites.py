"""Prerequisites, judged by what a learner has passed and holds."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import assert_never

import msgspec

from milepost.contracts import streams
from milepost.contracts.records import CourseResultNoted, CourseResultWithdrawn, RecordEvent
from milepost.contracts.rules.prerequisites import AchievementHeld, CoursePassed, Prerequisite
from milepost.contracts.rules.validity import Validity, ValidityEvent, evolve_validity
from milepost.events.codec import Codec
from milepost.events.streams import Category


class Achieved(msgspec.Struct, frozen=True):
    """`passed`: the best grade, 0 to 1, by course; `held`: achievements with a valid credential.

    No grade, where nothing is graded, is 0 here: it meets no `min_grade` above that.
    """

    passed: Mapping[str, float] = {}
    held: frozenset[str] = frozenset()


NOTHING = Achieved()


class Passed(msgspec.Struct, frozen=True):
    """How an enrollment's course stands. `grade` is None while it does not suffice to pass."""

    course: str
    grade: float | None


class LearnerRecord(msgspec.Struct):
    """What of a learner's record, which credentials keeps, prerequisites are judged by.

    passed  by enrollment
    held    credentials by id; who asks says for which moment. What is flagged is valid until a
            person decides
    """

    passed: dict[str, Passed] = msgspec.field(default_factory=dict)
    held: dict[str, Validity] = msgspec.field(default_factory=dict)

    def achieved(self, at: datetime) -> Achieved:
        """At that time."""
        valid = (one.achievement for one in self.held.values() if one.holds(at))
        return Achieved(self._best(), frozenset(valid))

    def _best(self) -> dict[str, float]:
        best: dict[str, float] = {}
        for one in self.passed.values():
            if one.grade is not None:
                best[one.course] = max(one.grade, best.get(one.course, 0.0))
        return best


def evolve(state: LearnerRecord, event: RecordEvent) -> LearnerRecord:
    if isinstance(event, CourseResultNoted):
        grade = (event.grade or 0.0) if event.passing else None
        state.passed[event.enrollment] = Passed(event.course, grade)
    elif isinstance(event, CourseResultWithdrawn):
        state.passed.pop(event.enrollment, None)
    elif isinstance(event, ValidityEvent):
        state.held[event.credential] = evolve_validity(state.held.get(event.credential), event)
    return state


# Read here, never written.
RECORD: Category[LearnerRecord, RecordEvent] = Category(
    streams.RECORD, LearnerRecord, evolve, Codec(RecordEvent)
)


def missing(wanted: Iterable[Prerequisite], achieved: Achieved) -> tuple[Prerequisite, ...]:
    return tuple(one for one in wanted if not _holds(one, achieved))


def _holds(wanted: Prerequisite, achieved: Achieved) -> bool:
    match wanted:
        case CoursePassed():
            return achieved.passed.get(wanted.course, -1.0) >= wanted.min_grade
        case AchievementHeld():
            return wanted.achievement in achieved.held
        case _:
            assert_never(wanted)
