"""The stages of an enrollment, and what it counts for in its offering's funnel. Pure.

    enrolled     had a seat, and was not moved: transferred, deferred or canceled since
    started      of those: did anything
    reached_25   of those: has done a quarter of the lessons of the course; 50, 75 likewise
    completed    of those: met the course's demands, and nobody took that back

Who is in a stage is in all before it. So an enrollment has one stage, the last; lists and figures
both go by it.
"""

from datetime import datetime
from typing import Final, Literal, NamedTuple, TypeAlias

import msgspec

Departure: TypeAlias = Literal["withdrawn", "transferred", "deferred", "expired", "canceled"]

# They are counted where they are now; who left of their own accord, or ran out of time, stays.
MOVED: Final = frozenset({"transferred", "deferred", "canceled"})

OUTSIDE: Final = 0
ENROLLED: Final = 1
BEGUN: Final = 2
QUARTER: Final = 3
HALF: Final = 4
THREE_QUARTERS: Final = 5
COMPLETED: Final = 6


class Member(msgspec.Struct):
    """An enrollment, as its offering counts it.

    `enrolled`: had a seat, ever. `departure`: how they left, while they are gone.
    `grade_units`: the grade of the completion, in billionths. `lessons_done` of the `lessons` of
    the plan, which is 0 while that is not known. `stage`: the last it has come to, by number.
    `work`: see `lesson_work`; due days count from `starts`.
    """

    enrollment: str
    learner: str = ""
    offering: str = ""
    course: str = ""
    version: int = 0
    mode: str = ""
    waitlisted: bool = False
    waiting: bool = False
    seated: bool = False
    enrolled: bool = False
    departure: str | None = None
    deferred: bool = False
    ever_withdrawn: bool = False
    started: bool = False
    completed: bool = False
    grade_units: int | None = None
    lessons_done: int = 0
    lessons: int = 0
    stage: int = OUTSIDE
    work: str = "{}"
    starts: datetime | None = None


class Counted(NamedTuple):
    """Named as the columns of an offering."""

    waitlisted: int
    waiting: int
    seated: int
    ever_enrolled: int
    enrolled: int
    current: int
    verified: int
    withdrawn: int
    ever_withdrawn: int
    transferred: int
    deferred: int
    expired: int
    canceled: int
    started: int
    reached_25: int
    reached_50: int
    reached_75: int
    completed: int
    completed_verified: int
    graded: int
    grade_units: int


def stage_of(member: Member) -> int:
    if not member.enrolled or member.departure in MOVED:
        return OUTSIDE
    if member.completed:
        return COMPLETED
    if not member.started:
        return ENROLLED
    if member.lessons == 0:
        return BEGUN
    return BEGUN + min(4 * member.lessons_done // member.lessons, 3)


def counted(member: Member) -> Counted:
    """By the `stage` that stands in it."""
    stage, departure = member.stage, member.departure
    here = member.enrolled and departure is None
    verified = here and member.mode == "verified"
    left = departure if member.enrolled else None
    completed = stage == COMPLETED
    graded = completed and member.grade_units is not None
    return Counted(
        waitlisted=member.waitlisted,
        waiting=member.waiting,
        seated=member.seated,
        ever_enrolled=member.enrolled,
        enrolled=stage >= ENROLLED,
        current=here,
        verified=verified,
        withdrawn=left == "withdrawn",
        ever_withdrawn=member.ever_withdrawn,
        transferred=left == "transferred",
        deferred=left == "deferred",
        expired=left == "expired",
        canceled=left == "canceled",
        started=stage >= BEGUN,
        reached_25=stage >= QUARTER,
        reached_50=stage >= HALF,
        reached_75=stage >= THREE_QUARTERS,
        completed=completed,
        completed_verified=completed and verified,
        graded=graded,
        grade_units=(member.grade_units or 0) if graded else 0,
    )
