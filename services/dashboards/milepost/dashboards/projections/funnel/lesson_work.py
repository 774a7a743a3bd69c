"""What a learner has done at each lesson of a course: one column, a JSON object by lesson. Pure.

Only what decides how far they have come is in here: begun, done and why, scored how. Time, clicks
and positions stay with the events, since every report would rewrite the row.
"""

from datetime import datetime
from typing import Final, NamedTuple, TypeAlias, assert_never

import msgspec

from milepost.contracts.progress import (
    AttemptScored,
    CarriedLesson,
    LessonCompleted,
    LessonFailed,
    LessonPassed,
    LessonStarted,
    LessonWaived,
    LessonWaiverWithdrawn,
    ScoreRevised,
)
from milepost.contracts.rules.attempts import Attempt, with_attempt, with_carried, with_revised
from milepost.contracts.rules.learning.plan import LessonRule, is_done
from milepost.contracts.rules.learning.scores import counting_score

# What `bits` says. Stored: a bit keeps its meaning until the model's version is raised.
STARTED: Final = 1
COMPLETED: Final = 2
PASSED: Final = 4
FAILED: Final = 8
WAIVED: Final = 16
EARNED: Final = 32
HANDED_IN: Final = 64
# A waiver came along from another run: once, even if it has been withdrawn here since.
BROUGHT_WAIVER: Final = 128
DONE: Final = 256

COUNTS_AS_COMPLETED: Final = COMPLETED | HANDED_IN | WAIVED | EARNED
COUNTS_AS_PASSED: Final = PASSED | WAIVED | EARNED
NO_TRIES: Final = msgspec.Raw(b"[]")
GRADE_UNITS: Final = 1_000_000_000  # grades have 9 decimals; whole numbers add up in any order
SCORE_BUCKETS: Final = 10

LessonEvent: TypeAlias = (
    LessonStarted
    | LessonCompleted
    | AttemptScored
    | LessonPassed
    | LessonFailed
    | LessonWaived
    | LessonWaiverWithdrawn
    | ScoreRevised
)


class Work(msgspec.Struct, array_like=True, gc=False):
    """At one lesson. `tries` are its attempts in order of their time, JSON that stays closed while
    nobody asks for them.
    """

    bits: int = 0
    tries: msgspec.Raw = NO_TRIES

    @property
    def attempts(self) -> tuple[Attempt, ...]:
        return () if len(self.tries) == len(NO_TRIES) else _read_attempts(self.tries)

    def keep(self, attempts: tuple[Attempt, ...]) -> None:
        self.tries = msgspec.Raw(_encoder.encode(attempts))


Works: TypeAlias = dict[str, Work]

_encoder: Final = msgspec.json.Encoder()
_read_attempts: Final = msgspec.json.Decoder(tuple[Attempt, ...]).decode
read_works: Final = msgspec.json.Decoder(Works).decode


def write_works(works: Works) -> str:
    return _encoder.encode(works).decode()


class LessonCount(NamedTuple):
    """What one learner counts for at a lesson. `bucket`: that of the score, if there is one."""

    started: bool = False
    done: bool = False
    bucket: int | None = None
    score_units: int = 0


NOTHING: Final = LessonCount()


def count_of(work: Work, rule: LessonRule, starts: datetime | None) -> LessonCount:
    """`starts`: from when due days count."""
    return count_by(work.bits, work.attempts, rule, starts)


def count_by(
    bits: int, attempts: tuple[Attempt, ...], rule: LessonRule, starts: datetime | None
) -> LessonCount:
    """Of attempts that have been read."""
    started, done = bool(bits & STARTED), bool(bits & DONE)
    score = counting_score(attempts, rule, starts)
    if score is None:
        return LessonCount(started, done)
    return LessonCount(started, done, bucket_of(score), round(score * GRADE_UNITS))


def bucket_of(score: float) -> int:
    """Ten equal parts of 0 to 1; the last has the 1 in it, too."""
    return min(int(score * SCORE_BUCKETS), SCORE_BUCKETS - 1)


def judge(work: Work, rule: LessonRule) -> None:
    """Says whether the lesson is done, by this rule."""
    bits = work.bits
    done = bool(bits & COUNTS_AS_COMPLETED)
    if rule.move_on != "Completed":
        done = is_done(rule.move_on, completed=done, passed=bool(bits & COUNTS_AS_PASSED))
    work.bits = bits | DONE if done else bits & ~DONE


def evolve_work(work: Work, event: LessonEvent) -> None:
    match event:
        case LessonStarted():
            work.bits |= STARTED
        case AttemptScored():
            attempt = Attempt(event.occurred_at, event.report, event.score, event.attempt)
            work.keep(with_attempt(work.attempts, attempt))
        case LessonCompleted():
            work.bits |= COMPLETED
        case LessonPassed():
            work.bits = (work.bits | PASSED) & ~FAILED
        case LessonFailed():
            work.bits = (work.bits | FAILED) & ~PASSED
        case LessonWaived():
            work.bits |= WAIVED
        case LessonWaiverWithdrawn():
            work.bits &= ~WAIVED
        case ScoreRevised():
            work.keep(with_revised(work.attempts, event.attempt, event.score))
        case _:
            assert_never(event)


def take_over(work: Work, brought: CarriedLesson) -> None:
    """What was done in another run. An attempt that is known is the same, with its score of now."""
    work.bits |= STARTED if brought.started_at else 0
    work.bits |= COMPLETED if brought.completed_at else 0
    work.bits |= EARNED if brought.done else 0
    if brought.waived and not work.bits & BROUGHT_WAIVER:
        work.bits |= WAIVED | BROUGHT_WAIVER
    attempts = work.attempts
    tries = max((one.number for one in attempts), default=0)
    attempts, _ = with_carried(attempts, tries, brought.attempts, brought.attempts)
    there = {(one.at, one.report) for one in attempts}
    new = [one for one in brought.attempts if (one.at, one.report) not in there]
    attempts, _ = with_carried(attempts, tries, (), new)
    work.keep(attempts)
