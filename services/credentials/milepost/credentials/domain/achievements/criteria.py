"""Whether criteria hold for a learner, since which event, and what is missing. Pure.

Criteria are monotonic: better results and more credentials never make a condition cease to hold.
Only the order of an ordered program is another matter.
"""

from datetime import datetime
from typing import assert_never

from milepost.contracts.achievements import (
    AchievementHeld,
    AllOf,
    AnyOf,
    Approved,
    CoursePassed,
    Criterion,
    HoursLearned,
    LessonScored,
    NOf,
    ProgramCompleted,
    SkillShown,
)
from milepost.credentials.domain.achievements.catalog import Catalog
from milepost.credentials.domain.achievements.condition import Asked, Condition, at_least
from milepost.credentials.domain.achievements.criteria_awards import by_awards
from milepost.credentials.domain.achievements.criteria_results import by_results
from milepost.credentials.domain.records.record import Record


def explain(
    criterion: Criterion, record: Record, catalog: Catalog, at: datetime, *, achievement: str
) -> Condition:
    """How the learner stands at a moment. `achievement` is whose criteria they are: approvals are
    given for one.
    """
    return _explain(criterion, Asked(record, catalog, at, achievement, record.held(at)))


def _explain(criterion: Criterion, asked: Asked) -> Condition:
    match criterion:
        case CoursePassed() | LessonScored() | SkillShown() | HoursLearned():
            return by_results(criterion, asked)
        case AchievementHeld() | ProgramCompleted() | Approved():
            return by_awards(criterion, asked)
        case AllOf() | AnyOf() | NOf():
            return _group(criterion, asked)
        case _:
            assert_never(criterion)


def _group(criterion: AllOf | AnyOf | NOf, asked: Asked) -> Condition:
    parts = tuple(_explain(part, asked) for part in criterion.criteria)
    match criterion:
        case AllOf():
            return at_least(len(parts), "all_of", parts)
        case AnyOf():
            return at_least(1, "any_of", parts)
        case NOf(n=n):
            return at_least(n, "n_of", parts)
        case _:
            assert_never(criterion)
