"""The plan that an enrollment is judged by, and what follows from it. Pure.

A plan is what a course version says about its lessons, indexed so that one report costs the
same however many lessons there are.
"""

from collections.abc import Collection, Iterable, Mapping
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta
from math import frexp, fsum, ldexp

import msgspec
from msgspec.structs import replace

from milepost.contracts.courses import (
    OFFLINE_DAYS,
    CompletedBy,
    CountingAttempt,
    LatePolicy,
    MoveOn,
)
from milepost.contracts.rules.attempts import Attempt

# Beyond, weights are scaled: their sum would overflow, or their products vanish.
USUAL_WEIGHTS = 1e-9, 1e9


class LessonRule(msgspec.Struct, frozen=True, kw_only=True):
    """`move_on` is cmi5's; `mastery_score` is 0 to 1; `weight` is a share of the plan's total.

    `late` is there only where it may take something off: the lesson has a due day, and a policy.
    """

    id: str
    title: str = ""
    kind: str = "page"
    required: bool = True
    weight: float = 0.0
    move_on: MoveOn = "Completed"
    mastery_score: float | None = None
    attempts_allowed: int | None = None
    counts: CountingAttempt = "best"
    prerequisites: tuple[str, ...] = ()
    completed_by: CompletedBy = "learner"
    due_day: int | None = None
    late: LatePolicy | None = None
    skills: tuple[str, ...] = ()


class Plan(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Made by `plan_of`. The `must_` sets name the required lessons by what satisfies them.

    `may_fall`: the course's rule may hold and hold no more later, without a decision of anybody's:
    the last attempt counts, or a better score moves one that weighs more among the dropped.
    """

    course: str
    version: int
    lessons: Mapping[str, LessonRule]
    passing_grade: float
    drop_lowest: int
    weighted: tuple[LessonRule, ...]
    total_weight: float
    must_complete: frozenset[str]
    must_pass: frozenset[str]
    must_either: frozenset[str]
    offline: timedelta
    may_fall: bool
    has_due_dates: bool
    deadline_resets: int


def plan_of(
    course: str,
    version: int,
    lessons: Iterable[LessonRule],
    *,
    passing_grade: float = 0.0,
    drop_lowest: int = 0,
    offline_days: int = OFFLINE_DAYS,
    deadline_resets: int = 0,
) -> Plan:
    """`offline_days`: how far back learners themselves may report.

    `deadline_resets`: so often may they have their due dates count anew.
    """
    rules = {rule.id: rule for rule in _scaled(list(lessons))}
    weighted = tuple(rule for rule in rules.values() if rule.weight > 0)
    return Plan(
        course=course,
        version=version,
        lessons=rules,
        passing_grade=passing_grade,
        drop_lowest=max(0, min(drop_lowest, len(weighted) - 1)),
        weighted=weighted,
        total_weight=fsum(rule.weight for rule in weighted),
        must_complete=_required(rules, "Completed", "CompletedAndPassed"),
        must_pass=_required(rules, "Passed", "CompletedAndPassed"),
        must_either=_required(rules, "CompletedOrPassed"),
        offline=timedelta(days=offline_days),
        may_fall=any(rule.counts == "last" for rule in rules.values())
        or (drop_lowest > 0 and len({rule.weight for rule in weighted}) > 1),
        has_due_dates=any(rule.due_day is not None for rule in rules.values()),
        deadline_resets=deadline_resets,
    )


def _scaled(lessons: list[LessonRule]) -> list[LessonRule]:
    """Weights are relative: by a power of two, none of their digits is lost."""
    greatest = max((rule.weight for rule in lessons), default=0.0)
    least, most = USUAL_WEIGHTS
    if greatest == 0 or least <= greatest <= most:
        return lessons
    shift = -frexp(greatest)[1]
    return [replace(rule, weight=ldexp(rule.weight, shift)) for rule in lessons]


def _required(rules: Mapping[str, LessonRule], *move_on: MoveOn) -> frozenset[str]:
    return frozenset(r.id for r in rules.values() if r.required and r.move_on in move_on)


def lesson_satisfied(
    rule: LessonRule, completed: AbstractSet[str], passed: AbstractSet[str]
) -> bool:
    return satisfies(rule.move_on, completed=rule.id in completed, passed=rule.id in passed)


def satisfies(move_on: MoveOn, *, completed: bool, passed: bool) -> bool:
    match move_on:
        case "Completed":
            return completed
        case "Passed":
            return passed
        case "CompletedAndPassed":
            return completed and passed
        case "CompletedOrPassed":
            return completed or passed
        case "NotApplicable":
            return True


def is_done(move_on: MoveOn, *, completed: bool, passed: bool) -> bool:
    """A lesson that nothing is asked of is done when it was completed all the same."""
    if move_on == "NotApplicable":
        return completed
    return satisfies(move_on, completed=completed, passed=passed)


def score_completes(rule: LessonRule, *, learner: bool) -> bool:
    """Whether a score is a completion too: what staff alone complete no learner's score does."""
    return rule.move_on == "Completed" and not (learner and rule.completed_by == "staff")


def required_satisfied(plan: Plan, completed: AbstractSet[str], passed: AbstractSet[str]) -> bool:
    return (
        plan.must_complete <= completed
        and plan.must_pass <= passed
        and (not plan.must_either or plan.must_either <= completed | passed)
    )


def exhausted(
    attempts: tuple[Attempt, ...], rule: LessonRule, at: datetime, report: str, *, final: bool
) -> bool:
    """Whether an attempt comes after all that were allowed: by its time, or, if what was judged
    is `final`, by its arrival.
    """
    allowed = rule.attempts_allowed
    if allowed is None or len(attempts) < allowed:
        return False
    last = attempts[allowed - 1]
    return final or (last.at, last.report) < (at, report)


def grade(
    plan: Plan,
    scores: Mapping[str, float],
    unscored: float = 0.0,
    waived: Collection[str] = (),
) -> float | None:
    """The weighted grade, 0 to 1, after dropping the lowest scores; None where nothing is graded.

    `scores` has the counting score per lesson; a lesson without one has the score `unscored`.
    Of equally low scores the one that weighs most is dropped. What is `waived` is left out.
    """
    counted, total = plan.weighted, plan.total_weight
    if waived:
        counted = tuple(rule for rule in counted if rule.id not in waived)
        total = fsum(rule.weight for rule in counted)
    if not counted:
        return None
    if not plan.drop_lowest:
        get = scores.get
        points = fsum([rule.weight * get(rule.id, unscored) for rule in counted])
        return round(points / total, 9)
    pairs = sorted((scores.get(rule.id, unscored), -rule.weight) for rule in counted)
    kept = pairs[min(plan.drop_lowest, len(counted) - 1) :]
    return round(fsum(-s * w for s, w in kept) / fsum(-w for _, w in kept), 9)


def grade_suffices(plan: Plan, final: float | None) -> bool:
    """Where all that is graded is waived, nothing is left to fall short of the passing grade."""
    if final is None:
        return bool(plan.weighted) or plan.passing_grade <= 0
    return final >= plan.passing_grade
