"""What the credentials service does when a course is completed, and when that changes."""

from functools import partial
from typing import TypeAlias, assert_never

from milepost.contracts.progress import (
    CourseCompleted,
    CourseCompletionRevoked,
    CourseGradeChanged,
)
from milepost.contracts.records import CourseResultNoted, CourseResultWithdrawn
from milepost.credentials.domain.achievements.catalog import Catalog
from milepost.credentials.domain.records.awards import (
    RECORD,
    note_result_and_award,
    withdraw_result,
)
from milepost.events.policies.policy import Reaction

Trigger: TypeAlias = CourseCompleted | CourseGradeChanged | CourseCompletionRevoked


def react(event: Trigger, position: int, catalog: Catalog) -> Reaction:
    """What the learner's record says about it."""
    record = RECORD.of(event.learner)
    match event:
        case CourseCompleted() | CourseGradeChanged():
            result = _result(event, position)
            return Reaction(record, partial(note_result_and_award, catalog=catalog, result=result))
        case CourseCompletionRevoked():
            withdrawn = CourseResultWithdrawn(
                learner=event.learner,
                course=event.course,
                enrollment=event.enrollment,
                position=position,
                reason=event.reason,
                occurred_at=event.occurred_at,
            )
            return Reaction(record, partial(withdraw_result, catalog=catalog, withdrawn=withdrawn))
        case _:
            assert_never(event)


def may_flag(event: Trigger) -> bool:
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


def _result(event: CourseCompleted | CourseGradeChanged, position: int) -> CourseResultNoted:
    return CourseResultNoted(
        learner=event.learner,
        course=event.course,
        version=event.version,
        offering=event.offering,
        enrollment=event.enrollment,
        grade=event.grade,
        passing=event.passing if isinstance(event, CourseGradeChanged) else True,
        position=position,
        occurred_at=event.occurred_at,
    )
