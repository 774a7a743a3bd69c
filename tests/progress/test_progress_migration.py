"""Moving to another version of the course: what stays, what it changes, and how it is undone."""

from typing import Any

import msgspec
import pytest
from tests.progress.given import (
    after,
    completed,
    lesson,
    minute,
    now,
    opened,
    page,
    reported,
    scored,
)

from milepost.contracts.progress import (
    CourseCompleted,
    CourseCompletionRevoked,
    CourseGradeChanged,
    LessonPassed,
    LessonWaived,
    PlanMigrated,
    ProgressClosed,
)
from milepost.contracts.rules.learning.plan import plan_of
from milepost.contracts.rules.learning.progress import satisfying
from milepost.progress.domain.course_grade import course_grade
from milepost.progress.domain.plan_changes.migration import apply_rule_change, migrate
from milepost.progress.domain.plan_changes.preview import preview
from milepost.progress.domain.reports import NotEnrolled, UnknownLesson

AT = minute(500)


def version(number, *rules, passing=0.0, drop=0):
    return plan_of("rust", number, rules, passing_grade=passing, drop_lowest=drop)


def quiz(name="quiz", **rule):
    return lesson(name, kind="quiz", **{"weight": 1.0, **rule})


def standing(plan, *reports):
    state, answers = reported(opened(), plan, *reports)
    assert set(answers) == {"accepted"}
    return state


def moved(state, old, new):
    return after(state, migrate(state, old, new, at=AT, reason="corrected"))


def corrected(state, plan):
    return after(state, apply_rule_change(state, plan, at=AT, reason="corrected"))


def done_in(state, plan):
    completed_, passed = satisfying(state)
    return {
        rule.id for rule in plan.lessons.values() if rule.id in completed_ and rule.id in passed
    }


# What was done by the old rule, the new rule, and what a migration makes of the lesson.
STRICTER = [
    ({"move_on": "Completed"}, {"move_on": "Passed", "mastery_score": 0.9}),
    ({"move_on": "Passed", "mastery_score": 0.5}, {"move_on": "Passed", "mastery_score": 0.9}),
    ({"move_on": "Completed"}, {"move_on": "CompletedAndPassed", "mastery_score": 0.9}),
    ({"move_on": "CompletedOrPassed"}, {"move_on": "Passed", "mastery_score": 0.9}),
]


@pytest.mark.parametrize(("before", "now"), STRICTER)
def test_a_lesson_that_was_done_stays_done_whatever_is_demanded(before, now):
    old, new = version(3, quiz(**before)), version(4, quiz(**now), passing=0.9)
    reports = [scored("quiz", 0.6, at=5)]
    if before["move_on"] == "CompletedOrPassed":
        reports.append(completed("quiz", at=6))
    state = moved(standing(old, *reports), old, new)
    assert done_in(state, new) == {"quiz"}
    # Nor does a worse attempt afterwards take it away.
    state, _ = reported(state, new, scored("quiz", 0.1, at=600))
    assert done_in(state, new) == {"quiz"}


def test_a_completed_course_stays_completed_and_says_that_the_grade_does_not_suffice():
    old = version(3, quiz(), passing=0.5)
    new = version(4, quiz(), lesson("essay", weight=1.0), passing=0.9)
    state = standing(old, scored("quiz", 0.6, at=5))
    events: Any = migrate(state, old, new, at=AT, reason="corrected")
    assert [type(event) for event in events] == [PlanMigrated, CourseGradeChanged]
    changed = events[1]
    assert (changed.because, changed.before, changed.grade) == ("plan_migrated", 0.6, 0.3)
    assert (changed.passing, changed.version) == (False, 4)
    first = state.course.occurred_at
    assert moved(state, old, new).course.occurred_at == first == minute(5)


def test_a_kinder_version_passes_completes_and_counts_what_was_handed_in():
    old = version(3, quiz(move_on="Passed", mastery_score=0.9), quiz("essay", move_on="Passed"))
    new = version(4, quiz(move_on="Passed", mastery_score=0.5), quiz("essay"), passing=0.4)
    state = standing(old, scored("quiz", 0.6, at=5), scored("essay", 0.6, at=6))
    assert state.course is None
    events: Any = migrate(state, old, new, at=AT, reason="corrected")
    assert [type(event) for event in events] == [PlanMigrated, LessonPassed, CourseCompleted]
    assert events[0].handed_in == ("essay",)
    assert (events[2].grade, events[2].occurred_at, events[2].version) == (0.6, AT, 4)


def test_what_a_version_lacks_stays_in_the_history_and_comes_back():
    old, without = version(3, quiz(), quiz("essay"), passing=0.5), version(4, quiz(), passing=0.9)
    state = standing(old, scored("quiz", 0.6, at=5), scored("essay", 0.2, at=6))
    away = moved(msgspec.structs.replace(state), old, without)
    assert course_grade(away, without) == 0.6
    assert away.lessons["essay"].attempts[0].score == 0.2
    assert [one.id for one in now(away, without).lessons] == ["quiz"]
    _, [refused] = reported(away, without, scored("essay", 0.9, at=600))
    assert isinstance(refused, UnknownLesson)
    back = moved(away, without, version(5, quiz(), quiz("essay"), passing=0.9))
    assert course_grade(back, old) == 0.4
    assert done_in(back, old) >= {"essay"}


def test_the_same_version_is_nothing_to_do_and_an_older_one_is_not_refused():
    old, new = version(3, quiz()), version(4, quiz(weight=2.0))
    state = standing(old, scored("quiz", 0.6, at=5))
    assert migrate(state, old, old, at=AT, reason="corrected") == []
    there = moved(state, old, new)
    assert there.opened.version == 4
    assert moved(there, new, old).opened.version == 3


def test_who_was_never_opened_or_went_on_elsewhere_is_not_migrated_here():
    old, new = version(3, quiz()), version(4, quiz())
    closed = ProgressClosed(
        enrollment="e-1", reason="deferred", continues_as="e-2", occurred_at=minute(9)
    )
    with pytest.raises(NotEnrolled) as refused:
        moved(opened(closed), old, new)
    assert refused.value.continues_as == "e-2"
    with pytest.raises(NotEnrolled):
        moved(type(opened())(), old, new)


def test_a_preview_names_each_lesson_and_what_would_be_missing():
    old = version(3, quiz(), page("intro"), quiz("essay", weight=1.0), passing=0.5)
    new = version(
        4,
        quiz(weight=3.0, mastery_score=0.8, move_on="Passed"),
        page("intro"),
        lesson("project", weight=1.0),
        passing=0.7,
        drop=1,
    )
    state = standing(old, scored("quiz", 0.6, at=5), scored("essay", 0.6, at=6))
    before = msgspec.structs.replace(state)
    told = preview(state, old, new, at=AT)
    assert [(one.lesson, one.change, one.rules) for one in told.lessons] == [
        ("quiz", "changed", ("weight", "move_on", "mastery_score")),
        ("intro", "kept", ()),
        ("project", "new", ()),
        ("essay", "gone", ()),
    ]
    assert [(one.done_before, one.done_after) for one in told.lessons] == [
        (True, True),
        (False, False),
        (None, False),
        (True, None),
    ]
    assert (told.version, told.to_version, told.kept) == (3, 4, True)
    assert (told.completed_before, told.completed_after) == (True, True)
    assert (told.grade_before, told.grade_after, told.grade_short) == (0.6, 0.6, True)
    assert told.missing == ("project",)
    assert state == before


def test_a_preview_says_what_the_migration_then_does():
    old = version(3, quiz(), quiz("essay", move_on="Passed", mastery_score=0.9), passing=0.5)
    for passing in (0.1, 0.5, 0.95):
        new = version(4, quiz(weight=2.0), quiz("essay"), passing=passing)
        state = standing(old, scored("quiz", 0.8, at=5), scored("essay", 0.6, at=6))
        told = preview(state, old, new, at=AT)
        there = moved(state, old, new)
        assert told.grade_after == course_grade(there, new)
        assert told.completed_after == (there.course is not None) == (passing < 0.9)


# Rules that were wrong: (as it was, as corrected).
WRONG = [
    (version(3, quiz(), passing=0.4), version(4, quiz(), passing=0.7)),
    (
        version(3, quiz(), quiz("essay", weight=0.0)),
        version(4, quiz(mastery_score=0.9, move_on="Passed"), quiz("essay")),
    ),
    (version(3, quiz()), version(4, quiz(), lesson("project"))),
    (version(3, quiz(), passing=0.5), version(4, quiz(attempts_allowed=1), passing=0.5)),
]


@pytest.mark.parametrize(("wrong", "right"), WRONG)
def test_a_corrected_rule_takes_completion_away_and_the_old_one_gives_it_back(wrong, right):
    reports = [scored("quiz", 0.3, at=4), scored("quiz", 0.6, at=5)]
    if "essay" in wrong.lessons:
        reports.append(scored("essay", 0.6, at=5))
    state = standing(wrong, *reports)
    first, grade, passed = state.course, course_grade(state, wrong), state.passed.copy()
    assert first is not None
    [*_, last] = apply_rule_change(state, right, at=AT, reason="corrected")
    assert isinstance(last, CourseCompletionRevoked)
    assert (last.reason, last.final) == ("rule_changed", False)
    state = corrected(state, right)
    assert state.course is None
    assert apply_rule_change(state, right, at=AT, reason="corrected") == []
    state = corrected(state, wrong)
    assert state.course is not None
    assert state.course.occurred_at == first.occurred_at
    assert (course_grade(state, wrong), state.passed, state.earned) == (grade, passed, set())


def test_a_corrected_rule_gives_completion_as_of_when_the_work_was_done():
    wrong, right = version(3, quiz(), passing=0.7), version(4, quiz(), passing=0.5)
    state = corrected(standing(wrong, scored("quiz", 0.6, at=5)), right)
    assert (state.course.occurred_at, state.course.version) == (minute(5), 4)


def test_what_staff_waived_stays_waived_under_a_corrected_rule():
    wrong, right = version(3, quiz(), passing=0.4), version(4, quiz(), quiz("essay"), passing=0.5)
    state = standing(wrong, scored("quiz", 0.6, at=5))
    waiver = LessonWaived(enrollment="e-1", lesson="essay", reason="prior", occurred_at=minute(9))
    state = corrected(after(state, [waiver]), right)
    assert state.course is not None
    assert course_grade(state, right) == 0.6


def test_who_has_done_nothing_completes_nothing_whatever_is_demanded():
    old, free = version(3, quiz()), version(4, page("intro"))
    for events in (
        migrate(opened(), old, free, at=AT, reason="corrected"),
        apply_rule_change(opened(), free, at=AT, reason="corrected"),
    ):
        assert [type(event) for event in events] == [PlanMigrated]


def test_a_verdict_that_only_now_is_taken_back_is_told_of_the_completed_course():
    old = version(3, quiz(move_on="CompletedAndPassed", mastery_score=0.5))
    new = version(4, quiz(move_on="Passed", mastery_score=0.5, counts="first"))
    state = standing(old, scored("quiz", 0.3, at=5), scored("quiz", 0.9, at=6))
    state = moved(state, old, new)
    assert (state.course.grade, state.passing) == (0.3, True)
    state, _ = reported(state, new, scored("quiz", 0.7, at=7))
    assert state.lessons["quiz"].passed is False
    assert (state.grade, state.passing) == (0.3, False)
