"""What nobody can meet as things are is told when criteria are defined."""

import msgspec
import pytest
from tests.credentials.scenes import START, catalog, day, program

from milepost.contracts.achievements import (
    CoursePassed,
    HoursLearned,
    LessonScored,
    ProgramCompleted,
    SkillShown,
)
from milepost.contracts.courses import CourseDrafted, CoursePublished, CourseRetired, Lesson, Skill
from milepost.credentials.domain.achievements.catalog import catalog_of
from milepost.credentials.domain.achievements.criteria_warnings import (
    COURSE,
    CriteriaWarning,
    courses_of,
    warnings_of,
)

SQL = Skill(name="SQL", url="https://example.org/sql")
TAUGHT = CoursePublished(
    course="AAA",
    version=1,
    title="A",
    lessons=(Lesson(id="exam", title="Exam"),),
    skills=(SQL,),
    workload_hours=20.0,
    occurred_at=START,
)
SILENT = msgspec.structs.replace(TAUGHT, course="BBB", workload_hours=None, skills=())


def course(*events):
    state = COURSE.initial()
    for event in events:
        state = COURSE.evolve(state, event)
    return state


COURSES = {
    "AAA": course(TAUGHT),
    "BBB": course(SILENT),
    "CCC": course(CourseDrafted(course="CCC", title="C", occurred_at=START)),
    "DDD": course(TAUGHT, CourseRetired(course="DDD", occurred_at=START)),
}
RETIRED = msgspec.structs.replace(program("x", code="old"), retired=True)
KNOWN = catalog_of(catalog().achievements.values(), "", {"p": program("x"), "old": RETIRED})


@pytest.mark.parametrize(
    ("criterion", "expected"),
    [
        (LessonScored(course="AAA", lesson="exam", min_score=0.5), []),
        (LessonScored(course="AAA", lesson="exma", min_score=0.5), ["unknown_lesson"]),
        (LessonScored(course="ZZZ", lesson="exam", min_score=0.5), ["unknown_course"]),
        (LessonScored(course="DDD", lesson="exam", min_score=0.5), ["retired_course"]),
        (SkillShown(skill=SQL.url), []),
        (SkillShown(skill="https://example.org/git"), ["untaught_skill"]),
        (HoursLearned(hours=1_000), []),
        (HoursLearned(hours=20, courses=("AAA", "AAA")), []),
        (HoursLearned(hours=21, courses=("AAA", "AAA")), ["too_few_hours"]),
        (HoursLearned(hours=30, courses=("AAA", "BBB")), ["unstated_workload"]),
        (HoursLearned(hours=30, courses=("CCC",)), ["unpublished_course"]),
        (ProgramCompleted(program="p"), []),
        (ProgramCompleted(program="q"), ["unknown_program"]),
        (ProgramCompleted(program="old"), ["retired_program"]),
        (CoursePassed(course="AAA", not_before=day(1), not_after=day(9)), []),
        (CoursePassed(course="AAA", not_after=day(1)), ["period_over"]),
        (HoursLearned(hours=1, not_before=day(9), not_after=day(8)), ["empty_period"]),
    ],
)
def test_criteria_that_nobody_can_meet_are_warned_of(criterion, expected):
    found = warnings_of(criterion, COURSES, KNOWN, day(5))
    assert [one.condition for one in found] == expected


def test_a_warning_names_what_the_criteria_name():
    lesson = LessonScored(course="AAA", lesson="exma", min_score=0.5)
    [warning] = warnings_of(lesson, COURSES, KNOWN, day(5))
    assert warning == CriteriaWarning(condition="unknown_lesson", course="AAA", lesson="exma")


def test_a_skill_may_be_taught_by_any_course():
    assert courses_of(SkillShown(skill=SQL.url)) is None
    assert courses_of(HoursLearned(hours=1, courses=("AAA", "BBB"))) == ("AAA", "BBB")
