"""Each kind of criterion says whether it holds, since when, and how much is missing."""

import pytest
from tests.credentials.scenes import (
    approved,
    awards,
    catalog,
    day,
    explained,
    given,
    hear,
    held,
    note,
    passed,
    program,
    result,
    scored,
)

from milepost.contracts.achievements import (
    AllOf,
    Approved,
    CoursePassed,
    HoursLearned,
    LessonScored,
    ProgramCompleted,
    SkillShown,
)
from milepost.contracts.records import Evidence
from milepost.credentials.domain.achievements.catalog import catalog_of
from milepost.credentials.domain.achievements.condition import Condition, evidence_of

SQL = "https://example.org/skills/sql"
VERIFIED = CoursePassed(course="AAA", min_grade=0.5, mode="verified")
IN_MAY = CoursePassed(course="AAA", not_before=day(10), not_after=day(20))
EXAM = LessonScored(course="AAA", lesson="exam", min_score=0.7)


def lacks(condition: Condition) -> tuple[str | None, float | None]:
    assert not condition.holds
    assert (condition.since, condition.position, evidence_of(condition)) == (None, None, ())
    missing = condition.missing
    return condition.because, None if missing is None else round(missing, 6)


def test_a_mode_counts_the_enrollments_that_were_in_it():
    audited = result("AAA", 0.9, position=1, mode="audit")
    assert lacks(explained(VERIFIED, given(audited))) == ("other_mode", None)
    both = given(audited, result("AAA", 0.6, position=2, on=3, mode="verified"))
    condition = explained(VERIFIED, both)
    assert (condition.since, condition.position, condition.grade) == (day(3), 2, 0.6)


def test_the_mode_is_that_of_the_completion_whatever_comes_after():
    audited = result("AAA", 0.6, position=1, run="1", mode="audit")
    upgraded = result("AAA", 0.9, position=5, run="1", mode="verified")
    assert lacks(explained(VERIFIED, given(audited, upgraded)))[0] == "other_mode"


@pytest.mark.parametrize(("on", "holds"), [(9, False), (10, True), (20, True), (21, False)])
def test_a_period_has_both_its_ends(on, holds):
    condition = explained(IN_MAY, given(result("AAA", position=1, on=on)))
    assert (condition.holds, condition.because) == (holds, None if holds else "outside_period")


def test_what_a_grade_lacks_is_told_in_grades():
    condition = explained(passed("AAA", 0.9), given(result("AAA", 0.65, position=1)))
    assert lacks(condition) == ("grade_too_low", 0.25)
    assert lacks(explained(passed("BBB"), given())) == ("not_completed", None)


def test_a_lesson_counts_by_its_best_enrollment_since_its_score_suffices():
    condition = explained(EXAM, given(scored("exam", 0.6, 3), scored("exam", 0.9, 5, 2, run="2")))
    assert (condition.since, condition.position, condition.score) == (day(2), 5, 0.9)
    [evidence] = evidence_of(condition)
    assert (evidence.lesson, evidence.enrollment, evidence.grade) == ("exam", "AAA-2026-2", 0.9)


def test_a_lesson_score_that_fell_suffices_anew_since_it_rose_again():
    fell = (scored("exam", 0.8, 1, 1), scored("exam", 0.5, 4, 2))
    assert lacks(explained(EXAM, given(*fell))) == ("score_too_low", 0.2)
    assert explained(EXAM, given(*fell, scored("exam", 0.7, 6, 3))).position == 6
    assert lacks(explained(EXAM, given(scored("quiz", 1.0, 1)))) == ("not_scored", None)


def test_a_skill_is_shown_by_the_first_course_that_teaches_it():
    shown = SkillShown(skill=SQL, min_grade=0.5)
    late = result("AAA", 0.9, position=7, on=7, skills=(SQL,))
    early = result("BBB", 0.6, position=9, on=2, skills=(SQL, "other"))
    condition = explained(shown, given(late, early))
    assert (condition.course, condition.since, condition.position) == ("BBB", day(2), 9)
    assert lacks(explained(shown, given(result("CCC", 1.0)))) == ("not_shown", None)
    poor = explained(shown, given(result("AAA", 0.3, skills=(SQL,))))
    assert lacks(poor) == ("grade_too_low", 0.2)


def test_hours_count_each_course_once_until_they_suffice():
    asked = HoursLearned(hours=30)
    first = result("AAA", position=1, on=1, hours=20.0)
    again = result("AAA", position=2, on=2, hours=15.0)
    condition = explained(asked, given(first, again))
    assert lacks(condition) == ("too_few_hours", 10)
    assert condition.learned == 20
    more = (result("BBB", position=3, on=3, hours=10.0), result("CCC", position=4, on=4, hours=9.0))
    condition = explained(asked, given(first, again, *more))
    assert (condition.since, condition.position, condition.learned) == (day(3), 3, 30)
    assert [one.course for one in evidence_of(condition)] == ["AAA", "BBB"]


def test_hours_may_be_those_of_some_courses_and_of_a_period():
    record = given(
        result("AAA", position=1, on=1, hours=20.0), result("BBB", position=2, on=9, hours=20.0)
    )
    assert explained(HoursLearned(hours=20, courses=("BBB",)), record).position == 2
    assert lacks(explained(HoursLearned(hours=20, courses=("CCC",)), record))[1] == 20
    in_time = HoursLearned(hours=40, not_before=day(2))
    assert lacks(explained(in_time, record)) == ("too_few_hours", 20)


def test_sums_of_hours_are_not_taken_to_the_last_bit():
    record = given(result("AAA", position=1, hours=0.1), result("BBB", position=2, hours=0.7))
    assert explained(HoursLearned(hours=0.8), record).holds


def test_hours_of_a_course_that_is_not_passed_any_more_do_not_count():
    fell = result("AAA", 0.1, position=5, run="1", passing=False, hours=20.0)
    record = given(result("AAA", position=1, hours=20.0), fell)
    assert lacks(explained(HoursLearned(hours=20), record)) == ("too_few_hours", 20)


STACK = {"x": passed("AAA"), "y": passed("BBB"), "z": passed("CCC")}
TOP = ProgramCompleted(program="program")


def stacked(**rule):
    known = catalog(**STACK)
    programs = {"program": program("x", "y", "z", **rule)}
    return catalog_of(known.achievements.values(), "", programs)


@pytest.mark.parametrize(
    ("rule", "holds", "missing"),
    [
        ({"rule": "all"}, False, 1),
        ({"rule": "any"}, True, None),
        ({"rule": "n_of", "n": 2}, True, None),
        ({"rule": "n_of", "n": 2, "ordered": True}, False, 1),
        ({"rule": "n_of", "n": 3}, False, 1),
    ],
)
def test_a_program_counts_what_is_held_by_its_rule(rule, holds, missing):
    known = stacked(**rule)
    record = note(known, result("BBB", position=1, on=1), result("AAA", position=2, on=2))
    condition = explained(TOP, record, known, day(5))
    assert (condition.holds, condition.missing) == (holds, missing)
    assert [one.holds for one in condition.conditions] == [True, True, False]


def test_an_ordered_program_holds_since_its_last_part():
    known = stacked(ordered=True)
    courses = (("AAA", 1), ("BBB", 2), ("CCC", 2))
    record = note(known, *(result(one, position=n, on=n) for one, n in courses))
    assert explained(TOP, record, known, day(5)).since == day(2)
    swapped = note(known, *(result(one, position=4 - n, on=4 - n) for one, n in courses))
    assert lacks(explained(TOP, swapped, known, day(5))) == ("out_of_order", 1)


def test_a_program_that_nobody_has_defined_does_not_hold():
    assert lacks(explained(TOP, given())) == ("unknown_program", None)


def test_one_person_approves_once_however_often():
    two = Approved(persons=2)
    record = given(approved("ann", 1), approved("ann", 2))
    assert lacks(explained(two, record)) == ("too_few_approvals", 1)
    condition = explained(two, given(approved("ann", 1), approved("bob", 3)))
    assert (condition.since, condition.approved) == (day(3), 2)
    assert evidence_of(condition) == (Evidence(approved_at=day(3)),)


def test_an_approval_counts_for_its_achievement_alone():
    record = given(approved("ann", achievement="other"))
    assert lacks(explained(Approved(), record)) == ("too_few_approvals", 1)


def test_whatever_is_noted_awards_what_asks_for_it():
    known = catalog(
        verified=VERIFIED,
        expert=AllOf(criteria=(EXAM, held("verified"))),
        sql=SkillShown(skill=SQL),
        week=HoursLearned(hours=40),
        of_it=HoursLearned(hours=40, courses=("AAA",)),
    )
    done = result("AAA", position=4, run="1", on=4, mode="verified", hours=40.0, skills=(SQL,))
    said = hear(known, done, scored("exam", 0.8, 3, 3))
    names = [award.achievement for award in awards(said)]
    assert names == ["of_it", "verified", "week", "sql", "expert"]
    expert = awards(said)[-1]
    assert [one.position for one in expert.evidence] == [3, 4]
    assert expert.valid_from == day(4)
