"""What the credentials service does when a course is completed."""

from functools import partial

from milepost.contracts.progress import CourseCompleted
from milepost.contracts.records import CourseResultNoted
from milepost.credentials.domain.achievement import Catalog
from milepost.credentials.domain.awards import RECORD, note_result_and_award
from milepost.events.policies.policy import Reaction


def when_course_completed(completed: CourseCompleted, position: int, catalog: Catalog) -> Reaction:
    result = CourseResultNoted(
        learner=completed.learner,
        course=completed.course,
        version=completed.version,
        offering=completed.offering,
        enrollment=completed.enrollment,
        grade=completed.grade,
        position=position,
        occurred_at=completed.occurred_at,
    )
    return Reaction(
        RECORD.of(completed.learner),
        partial(note_result_and_award, catalog=catalog, result=result),
    )
