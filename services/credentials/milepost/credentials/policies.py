"""What the credentials service does when a course or a lesson comes to stand otherwise."""

from collections.abc import Sequence
from functools import partial
from typing import TypeAlias, assert_never

from milepost.contracts.progress import (
    AttemptScored,
    CourseCompleted,
    CourseCompletionRevoked,
    CourseGradeChanged,
    DeadlinesReset,
    PlanMigrated,
    ProgressCarriedOver,
    ScoreRevised,
)
from milepost.credentials.domain.achievements.catalog import Catalog
from milepost.credentials.domain.records.awards import RECORD, note_and_award
from milepost.credentials.domain.records.record import Fact
from milepost.events.policies.policy import Reaction

Verdict: TypeAlias = CourseCompleted | CourseGradeChanged | CourseCompletionRevoked
# What may change the score that counts at a lesson.
Scoring: TypeAlias = (
    AttemptScored | ScoreRevised | ProgressCarriedOver | PlanMigrated | DeadlinesReset
)


def react(facts: Sequence[Fact], catalog: Catalog) -> Sequence[Reaction]:
    """What the learner's record says about facts of one enrollment."""
    if not facts:
        return ()
    decide = partial(note_and_award, catalog=catalog, facts=facts)
    return (Reaction(RECORD.of(facts[0].learner), decide),)


def may_flag(event: Verdict) -> bool:
    """What was awarded may be in doubt after it: by definitions that are younger than the event."""
    match event:
        case CourseCompleted():
            return False
        case CourseGradeChanged():
            return not event.passing or (event.grade or 0.0) < (event.before or 0.0)
        case CourseCompletionRevoked():
            return True
        case _:
            assert_never(event)


def is_asked_for(event: Scoring, catalog: Catalog) -> bool:
    """Whether criteria may ask for a lesson that it is about."""
    match event:
        case AttemptScored(lesson=lesson) | ScoreRevised(lesson=lesson):
            return lesson in catalog.lesson_ids
        case ProgressCarriedOver(lessons=lessons):
            return any(one.lesson in catalog.lesson_ids for one in lessons)
        case PlanMigrated() | DeadlinesReset():
            return bool(catalog.lesson_ids)
        case _:
            assert_never(event)
