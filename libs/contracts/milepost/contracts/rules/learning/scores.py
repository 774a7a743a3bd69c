"""Which score of a lesson counts. Pure."""

from collections.abc import Mapping
from datetime import datetime

from milepost.contracts.rules.attempts import Attempt, counting_attempt, counting_when_late
from milepost.contracts.rules.learning.lesson_state import LessonState
from milepost.contracts.rules.learning.plan import LessonRule, Plan


def counting(standing: LessonState, rule: LessonRule, starts: datetime | None) -> Attempt:
    """The attempt whose score is the lesson's, of one that has been tried.

    `starts`: from when due days count. What came late has its effective score here.
    """
    if rule.late is not None:
        return counting_when_late(standing.attempts, rule, starts)
    limit = rule.attempts_allowed
    if rule.counts == "best" and standing.best and (limit is None or standing.tries <= limit):
        return standing.best
    return counting_attempt(standing.attempts, rule)


def scores(
    lessons: Mapping[str, LessonState], plan: Plan, starts: datetime | None
) -> dict[str, float]:
    """The counting score of each weighted lesson that has one."""
    return {
        rule.id: counting(standing, rule, starts).score
        for rule in plan.weighted
        if (standing := lessons.get(rule.id)) and standing.attempts
    }


def counting_score(
    attempts: tuple[Attempt, ...], rule: LessonRule, starts: datetime | None
) -> float | None:
    """0 to 1; None before there was an attempt. `starts`: from when due days count."""
    if not attempts:
        return None
    if rule.late is not None:
        return counting_when_late(attempts, rule, starts).score
    return counting_attempt(attempts, rule).score
