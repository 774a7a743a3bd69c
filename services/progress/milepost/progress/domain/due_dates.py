"""When a lesson is due, and what an attempt after that is worth. Pure.

Events keep every score as it was given. What comes off for being late is computed whenever a
score is judged, so that a deadline which moves later gives back what had been taken.
"""

from datetime import datetime, timedelta

from msgspec.structs import replace

from milepost.contracts.offerings import OfferingOpened
from milepost.progress.domain.plan import Attempt, LessonRule, allowed_attempts, counting_attempt

DAY = timedelta(days=1)


def starts_later(offering: OfferingOpened, enrolled_at: datetime) -> datetime | None:
    """When a cohort starts after the enrollment: then. Else None: due days count from the latter,
    so that nobody who joins a running cohort is late on the first day.
    """
    if offering.pace != "cohort" or offering.starts is None or offering.starts <= enrolled_at:
        return None
    return offering.starts


def due_at(rule: LessonRule, starts: datetime | None) -> datetime | None:
    """`starts`: from when due days count. None: the lesson is never due."""
    if rule.due_day is None or starts is None:
        return None
    try:
        return starts + rule.due_day * DAY
    except OverflowError:  # courses may state any number of days
        return None


def effective(attempt: Attempt, rule: LessonRule, due: datetime | None) -> float:
    """The score, 0 to 1, less what the late policy takes for each day that has begun."""
    if rule.late is None or due is None:
        return attempt.score
    late = attempt.at - due - timedelta(hours=rule.late.grace_hours)
    if late <= timedelta(0):
        return attempt.score
    days_begun = -(-late // DAY)
    kept = max(rule.late.floor, 1 - rule.late.percent_per_day / 100 * days_begun)
    return min(attempt.score, round(attempt.score * kept, 9))


def counting_when_late(
    attempts: tuple[Attempt, ...], rule: LessonRule, starts: datetime | None
) -> Attempt:
    """The attempt that counts, with its effective score: the best may be an earlier, lower one."""
    due = due_at(rule, starts)
    if rule.counts == "best":
        allowed = allowed_attempts(attempts, rule)
        return counting_attempt(tuple(_judged(one, rule, due) for one in allowed), rule)
    return _judged(counting_attempt(attempts, rule), rule, due)


def _judged(attempt: Attempt, rule: LessonRule, due: datetime | None) -> Attempt:
    score = effective(attempt, rule, due)
    return attempt if score == attempt.score else replace(attempt, score=score)
