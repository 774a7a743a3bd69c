"""What is known of one enrollment's learning. Pure."""

from collections.abc import Set as AbstractSet
from datetime import datetime

import msgspec

from milepost.contracts.progress import CourseCompleted, CourseCompletionRevoked, ProgressOpened
from milepost.contracts.rules.learning.carried import CarriedFrom
from milepost.contracts.rules.learning.lesson_state import LessonState


class Progress(msgspec.Struct):
    """`completed` and `passed` name lessons; `reports` are the ids that left an event, each
    with the digest of its content (empty: from before there were digests).

    `closed_at`: since when it is closed or suspended; `gaps`: from when until when it was.
    `starts`: from when due days count; `resets`: how often the learner has moved that.
    `waived`: the lessons that staff excused the learner from, and the reason.
    `earned`: lessons that were done by the rules of another version, and stay so.
    `handed_in`: lessons that count as completed since a try completes them by this version.
    `continues_as`: the enrollment that goes on, of one that was transferred.
    `carried`: what came from other runs, by the enrollment that it was done in.
    `grade` and `passing` are what was last told of a completed course; `revoked`: its completion
    was taken back, and not given since.
    """

    opened: ProgressOpened | None = None
    closed_at: datetime | None = None
    gaps: tuple[tuple[datetime, datetime], ...] = ()
    course: CourseCompleted | None = None
    lessons: dict[str, LessonState] = {}
    completed: set[str] = set()
    passed: set[str] = set()
    reports: dict[str, str] = {}
    starts: datetime | None = None
    resets: int = 0
    waived: dict[str, str] = {}
    earned: set[str] = set()
    handed_in: frozenset[str] = frozenset()
    continues_as: str | None = None
    carried: dict[str, CarriedFrom] = {}
    grade: float | None = None
    passing: bool = True
    revoked: CourseCompletionRevoked | None = None


def satisfying(state: Progress) -> tuple[AbstractSet[str], AbstractSet[str]]:
    """The lessons that count as completed, and as passed. What is waived or earned is both."""
    if not state.waived and not state.earned and not state.handed_in:
        return state.completed, state.passed
    both = state.waived.keys() | state.earned
    return state.completed | state.handed_in | both, state.passed | both
