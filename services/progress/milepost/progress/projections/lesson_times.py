"""How long learners needed for each lesson of a course, for estimates of what is left.

    ProgressOpened ──▶ which course an enrollment is in
    LessonProgressed ─▶ how long they have needed so far, by lesson
    LessonCompleted, LessonPassed, whichever is first
                     ─▶ one learner more in (course, lesson, bucket), with that time

What counts is the time that had been reported by then: going back to a lesson later adds nothing.
A learner of whom no time is reported does not count, nor one who brings work along from another
run, where it was counted. All versions of a course count together: lessons keep their ids.
"""

from collections.abc import Sequence
from math import log2
from typing import Any, TypeAlias, assert_never

import msgspec

from milepost.contracts.progress import (
    LessonCompleted,
    LessonPassed,
    LessonProgressed,
    ProgressCarriedOver,
    ProgressOpened,
)
from milepost.events.codec import Codec
from milepost.events.projections.read_model import Fact, Key, KeyFold, ReadModel, Rows, Table

OtherEvent: TypeAlias = ProgressOpened | LessonCompleted | LessonPassed | ProgressCarriedOver
TimeEvent: TypeAlias = LessonProgressed | OtherEvent

# Four to a doubling, from one second on: within a bucket times differ by a fifth at most.
BUCKETS_PER_DOUBLING = 4
LAST_BUCKET = 99
COUNTED = -1


class LessonTimeRow(msgspec.Struct):
    """Those who needed about as long. `bucket`: two digits, in order; whole numbers add up."""

    course: str
    lesson: str
    bucket: str
    learners: int = 0
    milliseconds: int = 0


class LearnerTimeRow(msgspec.Struct):
    """How long a learner has needed; -1 for a lesson that has been counted.

    `lesson` and `milliseconds`: the latest lesson; `spent`: the others by lesson, a JSON object,
    which is not opened while they stay with one. `course` is empty for who is not counted.
    """

    enrollment: str
    course: str = ""
    lesson: str = ""
    milliseconds: int = 0
    spent: str = "{}"


def key_of(fact: Fact[TimeEvent]) -> Key | None:
    event = fact.event
    timeless = type(event) is LessonProgressed and not event.seconds_spent
    return None if timeless else (fact.key,)


LESSON_TIME = Table("lesson_time", LessonTimeRow, ("course", "lesson", "bucket"))
LEARNER_TIME = Table("lesson_time_of_learner", LearnerTimeRow, ("enrollment",), key_of)

_spent = msgspec.json.Decoder(dict[str, int])


def fold(rows: Rows, key: str, facts: Sequence[Fact[TimeEvent]]) -> None:
    row: LearnerTimeRow | None = None
    for fact in facts:
        event: Any = fact.event
        if type(event) is LessonProgressed:
            if milliseconds := round(event.seconds_spent * 1000):
                row = row or rows.of(LEARNER_TIME, key)
                _add(row, event.lesson, milliseconds)
        else:
            _fold_other(rows, key, event)


def _fold_other(rows: Rows, key: str, event: OtherEvent) -> None:
    match event:
        case LessonCompleted() | LessonPassed():
            _finish(rows, key, event.lesson)
        case ProgressOpened():
            rows.of(LEARNER_TIME, key).course = event.course
        case ProgressCarriedOver():
            rows.of(LEARNER_TIME, key).course = ""
        case _:
            assert_never(event)


def _add(row: LearnerTimeRow, lesson: str, milliseconds: int) -> None:
    if row.lesson != lesson:
        _turn_to(row, lesson)
    if row.milliseconds != COUNTED:
        row.milliseconds += milliseconds


def _finish(rows: Rows, enrollment: str, lesson: str) -> None:
    row = rows.find(LEARNER_TIME, enrollment)
    if row is None or not row.course:
        return
    needed = row.milliseconds if row.lesson == lesson else _spent.decode(row.spent).get(lesson, 0)
    if needed <= 0:
        return
    row = rows.of(LEARNER_TIME, enrollment)
    _turn_to(row, lesson)
    row.milliseconds = COUNTED
    time = rows.of(LESSON_TIME, row.course, lesson, bucket_of(needed))
    time.learners += 1
    time.milliseconds += needed


def _turn_to(row: LearnerTimeRow, lesson: str) -> None:
    if row.lesson == lesson:
        return
    spent = _spent.decode(row.spent)
    if row.lesson:
        spent[row.lesson] = row.milliseconds
    row.lesson, row.milliseconds = lesson, spent.pop(lesson, 0)
    row.spent = msgspec.json.encode(spent).decode()


def bucket_of(milliseconds: int) -> str:
    """Of at least one millisecond."""
    number = round(BUCKETS_PER_DOUBLING * log2(milliseconds / 1000))
    return f"{max(0, min(number, LAST_BUCKET)):02}"


LESSON_TIMES = ReadModel(
    "lesson_times", 2, Codec(TimeEvent), (LESSON_TIME, LEARNER_TIME), KeyFold(fold)
)
