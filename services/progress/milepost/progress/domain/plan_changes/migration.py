"""Moving an enrollment to another version of its course. Pure.

    migrate            for the learner's sake: what was earned stays, whatever the version demands;
                       in either direction, since nothing is lost
    apply_rule_change  the rule was wrong: all is judged anew, and a completion that does not hold
                       is taken away; to apply the old version again undoes it

Attempts and scores always stay, also those of lessons that the version does not have.
"""

from collections.abc import Iterator
from datetime import datetime

from milepost.contracts.courses import SCORED_BY_STAFF
from milepost.contracts.progress import LessonPassed, PlanMigrated, ProgressOpened
from milepost.contracts.rules.learning.plan import (
    LessonRule,
    Plan,
    lesson_satisfied,
    score_completes,
)
from milepost.contracts.rules.learning.progress import Progress
from milepost.contracts.rules.learning.scores import counting
from milepost.progress.domain.course_grade import (
    ever_held,
    revoke_course,
    settle_course,
)
from milepost.progress.domain.draft import Draft
from milepost.progress.domain.merge import verdict
from milepost.progress.domain.reports import NotEnrolled
from milepost.progress.events import ProgressEvent


def migrate(
    state: Progress, plan_old: Plan, plan_new: Plan, *, at: datetime, reason: str
) -> list[ProgressEvent]:
    """Nothing where that is the version already. Raises `NotEnrolled`."""
    opened = movable(state)
    if opened.version == plan_new.version:
        return []
    draft = Draft(state)
    earned = tuple(_earned(state, plan_old, plan_new))
    draft.apply([_migrated(state, opened, plan_new, at=at, reason=reason, earned=earned)])
    draft.apply(_newly_passed(draft, plan_new, at))
    if has_work(draft.state):
        draft.apply(settle_course(draft.state, plan_new, "plan_migrated", at))
    return draft.events


def apply_rule_change(
    state: Progress, plan_changed: Plan, *, at: datetime, reason: str
) -> list[ProgressEvent]:
    """Nothing where that is the version already. Raises `NotEnrolled`."""
    opened = movable(state)
    if opened.version == plan_changed.version:
        return []
    draft = Draft(state)
    draft.apply([_migrated(state, opened, plan_changed, at=at, reason=reason)])
    opened = _opened(draft)
    for rule in tuple(_tried(draft.state, plan_changed)):
        draft.apply(verdict(draft.state, opened, rule, at=at))
    if draft.state.course and not ever_held(draft.state, plan_changed):
        draft.apply(revoke_course(draft.state, plan_changed, "rule_changed", at))
        return draft.events
    # A course that is completed by the corrected rule was completed when its work was done.
    decided_at = at if draft.state.course else opened.occurred_at
    if has_work(draft.state):
        draft.apply(settle_course(draft.state, plan_changed, "rule_changed", decided_at))
    return draft.events


def movable(state: Progress) -> ProgressOpened:
    """The opening of an enrollment that goes on here. Raises `NotEnrolled`."""
    if state.opened is None:
        raise NotEnrolled
    if state.continues_as:
        raise NotEnrolled(state.opened.occurred_at, state.closed_at, state.continues_as)
    return state.opened


def has_work(state: Progress) -> bool:
    """Where nothing is demanded, the first thing done completes the course, but something must."""
    return bool(state.completed or state.waived) or any(
        standing.attempts for standing in state.lessons.values()
    )


def done(rule: LessonRule, state: Progress) -> bool:
    """It was earned: by work, not by a waiver, and not because nothing is asked of it."""
    if rule.id in state.earned:
        return True
    completed = state.completed | state.handed_in
    return rule.move_on != "NotApplicable" and lesson_satisfied(rule, completed, state.passed)


def _migrated(
    state: Progress,
    opened: ProgressOpened,
    plan: Plan,
    *,
    at: datetime,
    reason: str,
    earned: tuple[str, ...] = (),
) -> PlanMigrated:
    return PlanMigrated(
        enrollment=opened.enrollment,
        course=opened.course,
        version=plan.version,
        before=opened.version,
        reason=reason,
        earned=earned,
        handed_in=tuple(sorted(_handed_in(state, plan))),
        occurred_at=at,
    )


def _earned(state: Progress, plan_old: Plan, plan_new: Plan) -> Iterator[str]:
    """What was done, and by the other version would not be, or is not asked for any more."""
    completed = state.completed | _handed_in(state, plan_new)
    passed = {rule.id for rule in plan_new.lessons.values() if _passes(state, rule)}
    for rule in plan_old.lessons.values():
        if rule.id in state.earned or not done(rule, state):
            continue
        new = plan_new.lessons.get(rule.id)
        if new is None or not lesson_satisfied(new, completed, passed):
            yield rule.id


def _handed_in(state: Progress, plan: Plan) -> frozenset[str]:
    return frozenset(
        rule.id
        for rule in _tried(state, plan)
        if score_completes(rule, learner=rule.kind not in SCORED_BY_STAFF)
        and rule.id not in state.completed
    )


def _tried(state: Progress, plan: Plan) -> Iterator[LessonRule]:
    for name, standing in state.lessons.items():
        if standing.attempts and (rule := plan.lessons.get(name)):
            yield rule


def _passes(state: Progress, rule: LessonRule) -> bool:
    """By this rule; where it has no mastery score, what was said before holds."""
    standing = state.lessons.get(rule.id)
    if rule.mastery_score is None or standing is None or not standing.attempts:
        return rule.id in state.passed
    return counting(standing, rule, state.starts).score >= rule.mastery_score


def _newly_passed(draft: Draft, plan: Plan, at: datetime) -> Iterator[LessonPassed]:
    """Nobody who has passed fails by a migration."""
    opened = _opened(draft)
    for rule in tuple(_tried(draft.state, plan)):
        if rule.id not in draft.state.passed:
            for event in verdict(draft.state, opened, rule, at=at):
                if isinstance(event, LessonPassed):
                    yield event


def _opened(draft: Draft) -> ProgressOpened:
    assert draft.state.opened is not None
    return draft.state.opened
