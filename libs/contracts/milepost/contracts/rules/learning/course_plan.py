"""The plan of a published version of a course. Pure."""

from milepost.contracts.courses import SCORED_BY_STAFF, CompletedBy, CoursePublished, Lesson
from milepost.contracts.rules.attempts import late_policy
from milepost.contracts.rules.learning.plan import LessonRule, Plan, plan_of


def pinned(published: CoursePublished) -> Plan:
    """What progress needs of a course version."""
    return plan_of(
        published.course,
        published.version,
        [
            LessonRule(
                id=lesson.id,
                title=lesson.title,
                kind=lesson.kind,
                required=lesson.required,
                weight=lesson.weight,
                move_on=lesson.move_on,
                mastery_score=lesson.mastery_score,
                attempts_allowed=lesson.attempts_allowed,
                counts=lesson.counts,
                prerequisites=lesson.prerequisites,
                completed_by=lesson.completed_by or _scorer(lesson),
                due_day=lesson.due_day,
                late=late_policy(lesson, published.late),
                skills=lesson.skills,
            )
            for lesson in published.lessons
        ],
        passing_grade=published.passing_rule.passing_grade,
        drop_lowest=published.passing_rule.drop_lowest,
        offline_days=published.offline_days,
        deadline_resets=published.deadline_resets,
    )


def _scorer(lesson: Lesson) -> CompletedBy:
    return "staff" if lesson.kind in SCORED_BY_STAFF else "learner"
