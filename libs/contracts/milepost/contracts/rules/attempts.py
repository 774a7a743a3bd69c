"""Attempts at a lesson that are scored, and which of them counts, with which score. Pure.

Events keep every score as it was given. What comes off for being late is computed whenever a
score is judged, so that a deadline which moves later gives back what had been taken.
"""

from bisect import bisect
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Protocol

import msgspec
from msgspec.structs import replace

from milepost.contracts.courses import MAX_ATTEMPTS, CountingAttempt, LatePolicy, Lesson
from milepost.contracts.progress import CarriedAttempt

DAY = timedelta(days=1)


class Attempt(msgspec.Struct, frozen=True, order=True, gc=False):
    """One scored try. Attempts are in order of `at`, then of the report's id."""

    at: datetime
    report: str
    score: float
    number: int


class CountingRule(Protocol):
    """What of a lesson's rule decides its score.

    `late` is there only where it may take something off: the lesson has a due day, and a policy.
    """

    @property
    def counts(self) -> CountingAttempt: ...

    @property
    def attempts_allowed(self) -> int | None: ...

    @property
    def due_day(self) -> int | None: ...

    @property
    def late(self) -> LatePolicy | None: ...


_score = attrgetter("score")


def late_policy(lesson: Lesson, of_course: LatePolicy | None) -> LatePolicy | None:
    """That of the lesson, else the course's, where it may take something off."""
    late = lesson.late or of_course
    takes = late and late.percent_per_day > 0 and late.floor < 1
    return late if takes and lesson.due_day is not None else None


def allowed_attempts(attempts: tuple[Attempt, ...], rule: CountingRule) -> tuple[Attempt, ...]:
    """The attempts that were allowed: the first ones by time, in whatever order they arrived."""
    return attempts[: rule.attempts_allowed]


def counting_attempt(attempts: tuple[Attempt, ...], rule: CountingRule) -> Attempt:
    """The attempt whose score is the lesson's; among equally good ones the earliest."""
    if len(attempts) == 1:
        return attempts[0]
    match rule.counts:
        case "best":
            return max(allowed_attempts(attempts, rule), key=_score)
        case "last":
            return allowed_attempts(attempts, rule)[-1]
        case "first":
            return attempts[0]


def counting_when_late(
    attempts: tuple[Attempt, ...], rule: CountingRule, starts: datetime | None
) -> Attempt:
    """The attempt that counts, with its effective score: the best may be an earlier, lower one.

    `starts`: from when due days count.
    """
    due = due_at(rule, starts)
    if rule.counts == "best":
        allowed = allowed_attempts(attempts, rule)
        return counting_attempt(tuple(_judged(one, rule, due) for one in allowed), rule)
    return _judged(counting_attempt(attempts, rule), rule, due)


def due_at(rule: CountingRule, starts: datetime | None) -> datetime | None:
    """`starts`: from when due days count. None: the lesson is never due."""
    if rule.due_day is None or starts is None:
        return None
    try:
        return starts + rule.due_day * DAY
    except OverflowError:  # courses may state any number of days
        return None


def effective(attempt: Attempt, rule: CountingRule, due: datetime | None) -> float:
    """The score, 0 to 1, less what the late policy takes for each day that has begun."""
    if rule.late is None or due is None:
        return attempt.score
    late = attempt.at - due - timedelta(hours=rule.late.grace_hours)
    if late <= timedelta(0):
        return attempt.score
    days_begun = -(-late // DAY)
    kept = max(rule.late.floor, 1 - rule.late.percent_per_day / 100 * days_begun)
    return min(attempt.score, round(attempt.score * kept, 9))


def with_attempt(attempts: tuple[Attempt, ...], new: Attempt) -> tuple[Attempt, ...]:
    """In order. Logs from before the bound may have more: the first ones and the last are kept."""
    place = bisect(attempts, new)
    kept = (*attempts[:place], new, *attempts[place:])
    return kept if len(kept) <= MAX_ATTEMPTS else (*kept[: MAX_ATTEMPTS - 1], kept[-1])


def with_carried(
    attempts: tuple[Attempt, ...],
    tries: int,
    known: Collection[CarriedAttempt],
    new: Sequence[CarriedAttempt],
) -> tuple[tuple[Attempt, ...], int]:
    """Each once, under a number of its own here; what is known may have another score by now.

    `tries`: how many attempts there were; `known`: what has come from the same source before.
    """
    there = {(one.at, one.report) for one in attempts}
    brought = {(one.at, one.report) for one in known}
    for one in new:
        key = one.at, one.report
        if key in brought:
            attempts = tuple(
                replace(mine, score=one.score) if (mine.at, mine.report) == key else mine
                for mine in attempts
            )
        elif key not in there:
            tries += 1
            attempts = with_attempt(attempts, Attempt(one.at, one.report, one.score, tries))
    return attempts, tries


def with_revised(attempts: tuple[Attempt, ...], number: int, score: float) -> tuple[Attempt, ...]:
    """The attempt keeps its place. Of a log from before the bound it may be gone: so be it."""
    return tuple(replace(one, score=score) if one.number == number else one for one in attempts)


def _judged(attempt: Attempt, rule: CountingRule, due: datetime | None) -> Attempt:
    score = effective(attempt, rule, due)
    return attempt if score == attempt.score else replace(attempt, score=score)
