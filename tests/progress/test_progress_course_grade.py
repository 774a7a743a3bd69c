"""The grade of a course after it was completed, and completions that are taken back and given."""

import pytest
from tests.progress.given import (
    after,
    completed,
    decided,
    lesson,
    live,
    minute,
    opened,
    page,
    plan,
    scored,
)

from milepost.contracts.progress import (
    AttemptScored,
    CourseCompleted,
    CourseCompletionRevoked,
    CourseGradeChanged,
    LessonWaived,
)
from milepost.progress.domain.course_grade import course_grade, revoke_course, settle_course
from milepost.progress.domain.staff_decisions import revise_score, waive, withdraw_waiver

QUIZ = plan(lesson("quiz", weight=1), passing=0.6)
LAST = plan(lesson("quiz", weight=1, counts="last"), passing=0.6)
FIRST = plan(lesson("quiz", weight=1, counts="first"), passing=0.6)
ONCE = plan(lesson("quiz", weight=1, attempts_allowed=1), passing=0.6)
VERDICT = plan(
    lesson("quiz", counts="last", mastery_score=0.5, move_on="Passed"), lesson("page"), passing=0.0
)
EXTRA = plan(lesson("quiz", weight=1), page("extra", weight=1), passing=0.4)
DROP = plan(
    lesson("quiz", weight=1), page("extra", weight=1), page("more", weight=1), passing=0.4, drop=1
)
UNEQUAL = plan(page("a", weight=100), page("b", weight=1), page("c", weight=1), passing=0.7, drop=1)


def told(rules, *calls):
    """What was said of the course, call by call: its grade, why, by which lesson, if it passes."""
    state, said = opened(), []
    for call in calls:
        events = decided(state, rules, *call).events
        state = after(state, events)
        said += [brief(event) for event in events if isinstance(event, COURSE)]
    assert state.course is None or not rules.weighted or state.grade == course_grade(state, rules)
    return said


COURSE = (CourseCompleted, CourseGradeChanged, CourseCompletionRevoked)


def brief(event):
    match event:
        case CourseCompleted():
            return ("completed", event.grade)
        case CourseGradeChanged():
            return (event.because, event.lesson, event.before, event.grade, event.passing)
        case _:
            return ("revoked", event.reason)


def s(score, at, lesson="quiz"):
    return scored(lesson, score, at=at)


@pytest.mark.parametrize(
    ("rules", "calls", "said"),
    [
        pytest.param(
            QUIZ,
            [[s(0.65, 1)], [s(0.95, 2)]],
            [("completed", 0.65), ("attempt", "quiz", 0.65, 0.95, True)],
            id="a better attempt",
        ),
        pytest.param(QUIZ, [[s(0.95, 1)], [s(0.65, 2)]], [("completed", 0.95)], id="a worse one"),
        pytest.param(
            QUIZ,
            [[s(0.65, 1)], [s(0.95, 1)]],
            [("completed", 0.65), ("attempt", "quiz", 0.65, 0.95, True)],
            id="at the same time, the better one later",
        ),
        pytest.param(
            QUIZ, [[s(0.95, 1)], [s(0.65, 1)]], [("completed", 0.95)], id="or the worse one"
        ),
        pytest.param(
            QUIZ,
            [[s(0.65, 1), s(0.7, 2), s(0.8, 3)]],
            [("completed", 0.65), ("attempt", "quiz", 0.65, 0.8, True)],
            id="once a call",
        ),
        pytest.param(
            QUIZ,
            [[s(0.65, 5)], [s(0.95, 2)]],
            [("completed", 0.65), ("late_report", "quiz", 0.65, 0.95, True)],
            id="another device, late",
        ),
        pytest.param(
            QUIZ,
            [[s(0.65, 2)], [s(0.7, 9)], [s(0.95, 5)]],
            [
                ("completed", 0.65),
                ("attempt", "quiz", 0.65, 0.7, True),
                ("late_report", "quiz", 0.7, 0.95, True),
            ],
            id="late, after the completion",
        ),
        pytest.param(
            EXTRA,
            [[s(0.8, 1)], [s(1.0, 2, "extra")]],
            [("completed", 0.4), ("attempt", "extra", 0.4, 0.9, True)],
            id="an optional lesson",
        ),
        pytest.param(
            DROP,
            [[s(1.0, 1)], [s(0.6, 2, "extra")], [s(0.4, 3, "more")]],
            [("completed", 0.5), ("attempt", "extra", 0.5, 0.8, True)],
            id="and the lowest dropped",
        ),
        pytest.param(
            LAST,
            [[s(0.9, 1)], [s(0.1, 2)], [s(0.7, 3)]],
            [
                ("completed", 0.9),
                ("attempt", "quiz", 0.9, 0.1, False),
                ("attempt", "quiz", 0.1, 0.7, True),
            ],
            id="the last, which falls and rises",
        ),
        pytest.param(
            LAST,
            [[s(0.1, 2)], [s(0.9, 1)]],
            [("completed", 0.9), ("late_report", "quiz", 0.9, 0.1, False)],
            id="the last, in the other order",
        ),
        pytest.param(
            LAST,
            [[s(0.9, 1), s(0.1, 2)]],
            [("completed", 0.9), ("attempt", "quiz", 0.9, 0.1, False)],
            id="the last, in one call",
        ),
        pytest.param(
            FIRST,
            [[s(0.9, 5)], [s(0.1, 2)]],
            [("completed", 0.9), ("late_report", "quiz", 0.9, 0.1, False)],
            id="an earlier first one",
        ),
        pytest.param(
            ONCE,
            [[s(0.9, 5)], [s(0.1, 2)]],
            [("completed", 0.9), ("late_report", "quiz", 0.9, 0.1, False)],
            id="an earlier only one",
        ),
        pytest.param(
            VERDICT,
            [[s(0.9, 1), completed("page", at=2)], [s(0.1, 3)]],
            [("completed", None), ("attempt", "quiz", None, None, False)],
            id="a verdict without a grade",
        ),
        pytest.param(
            VERDICT,
            [[s(0.9, 1), s(0.1, 3)], [completed("page", at=2)]],
            [("completed", None), ("late_report", "quiz", None, None, False)],
            id="a page between two verdicts",
        ),
        pytest.param(
            UNEQUAL,
            [[s(0.59, 1, "a"), s(0.6, 2, "b"), s(1.0, 3, "c")], [s(0.61, 4, "a")]],
            [("completed", 0.8), ("attempt", "a", 0.8, 0.613861386, False)],
            id="a better score that moves another among the dropped",
        ),
        pytest.param(
            UNEQUAL,
            [[s(0.61, 4, "a")], [s(0.59, 1, "a"), s(0.6, 2, "b"), s(1.0, 3, "c")]],
            [("completed", 0.8), ("late_report", "a", 0.8, 0.613861386, False)],
            id="or has moved it before",
        ),
    ],
)
def test_a_completed_course_goes_on_with_the_grade_of_now(rules, calls, said):
    assert told(rules, *calls) == said


def test_a_changed_grade_is_dated_by_the_attempt_and_never_before_the_completion():
    state = live(QUIZ, [s(0.65, 5)])
    [*_, changed] = decided(state, QUIZ, s(0.95, 2)).events
    assert changed.occurred_at == minute(5)
    [*_, changed] = decided(state, QUIZ, s(0.95, 9)).events
    assert changed.occurred_at == minute(9)


UNGRADED = plan(lesson("a"), lesson("q", kind="quiz"))


@pytest.mark.parametrize("last", [completed("q", at=2), s(0.1, 2, "q"), s(1.0, 2, "q")])
def test_where_nothing_is_graded_a_completed_course_has_no_grade(last):
    assert told(UNGRADED, [completed("a"), last], [s(0.9, 3, "q")]) == [("completed", None)]


def test_a_grade_of_before_stays_where_nothing_is_graded():
    """Logs have 1.0 there."""
    state = live(UNGRADED, [completed("a")])
    full = CourseCompleted(
        enrollment="e-1",
        learner="ada",
        offering="rust-2026",
        course="rust",
        version=3,
        grade=1.0,
        occurred_at=minute(2),
    )
    state = after(state, [full])
    events = decided(state, UNGRADED, s(0.5, 3, "q")).events
    assert [one for one in events if isinstance(one, COURSE)] == []


def test_a_score_of_nought_passes_where_the_plan_states_no_passing_grade():
    """Nobody means it: publishing warns. The plan says so all the same."""
    rules = plan(lesson("exam", kind="quiz", weight=1))
    assert told(rules, [s(0.0, 1, "exam")]) == [("completed", 0.0)]


def test_where_nothing_is_required_the_first_lesson_completes_without_a_grade():
    rules = plan(page("a"), page("b"), page("c"))
    assert told(rules, [completed("b")]) == [("completed", None)]


def test_what_is_waived_completes_a_course_and_has_no_grade_where_nothing_else_is_graded():
    rules = plan(lesson("page"), lesson("quiz", weight=1), passing=0.6)
    state = live(rules, [completed("page")])
    [_, done] = waive(state, rules, lesson="quiz", reason="illness", at=minute(9))
    assert (brief(done), done.occurred_at) == (("completed", None), minute(9))
    state = after(state, waive(state, rules, lesson="quiz", reason="illness", at=minute(9)))
    [_, changed] = withdraw_waiver(state, rules, lesson="quiz", reason="mistake", at=minute(10))
    assert brief(changed) == ("waiver_withdrawn", "quiz", None, 0.0, False)


def test_a_waiver_counts_for_all_the_time_that_reports_tell_of():
    """So it makes no difference which arrives first."""
    rules = plan(lesson("quiz", weight=1, counts="last"), lesson("talk"), passing=0.6)
    state = live(rules, [s(0.9, 1), s(0.1, 2)])
    late = waive(state, rules, lesson="talk", reason="illness", at=minute(9))
    assert [brief(one) for one in late[1:]] == [
        ("completed", 0.9),
        ("lesson_waived", "talk", 0.9, 0.1, False),
    ]
    assert late[1].occurred_at == minute(9)
    early = after(opened(), waive(opened(), rules, lesson="talk", reason="illness", at=minute(0)))
    for reports in ([s(0.9, 1), s(0.1, 2)], [s(0.1, 2), s(0.9, 1)]):
        state = early
        for one in reports:
            state = after(state, decided(state, rules, one).events)
        assert (state.course is not None, state.grade, state.passing) == (True, 0.1, False)


def test_a_revised_score_changes_the_grade_and_leaves_the_completion():
    state = live(QUIZ, [s(0.9, 1)])
    events = revise_score(
        state, QUIZ, lesson="quiz", attempt=1, score=0.2, reason="regraded", at=minute(9)
    )
    assert brief(events[-1]) == ("score_revised", "quiz", 0.9, 0.2, False)
    assert after(state, events).course is not None


def revoked(rules, *calls):
    state = live(rules, *calls)
    return after(state, revoke_course(state, rules, "misconduct", minute(20)))


def test_a_revocation_stands_against_every_report_where_the_rule_holds():
    state = revoked(LAST, [s(0.9, 1)])
    assert state.revoked.final
    for one in (s(0.95, 30), s(0.1, 31), s(1.0, 32), s(0.99, 2)):
        events = decided(state, LAST, one).events
        assert [type(event) for event in events] == [AttemptScored]
        state = after(state, events)
    events = revise_score(
        state, LAST, lesson="quiz", attempt=1, score=0.8, reason="appeal", at=minute(40)
    )
    assert brief(events[-1]) == ("completed", 1.0)


def test_what_only_ceased_to_hold_is_earned_again_by_later_work():
    rules = plan(lesson("quiz", weight=1, counts="last"), passing=0.6)
    state = revoked(rules, [s(0.9, 1), s(0.1, 2)])
    assert not state.revoked.final
    for one in (s(0.2, 0), s(0.3, 30)):
        state = after(state, decided(state, rules, one).events)
        assert state.course is None
    events = decided(state, rules, s(0.7, 31)).events
    assert (brief(events[-1]), events[-1].occurred_at) == (("completed", 0.7), minute(31))


def test_what_a_person_revoked_since_it_fell_no_other_decision_brings_back():
    rules = plan(lesson("quiz", weight=1, counts="last"), page("extra"), passing=0.6)
    state = revoked(rules, [s(0.9, 1), s(0.1, 2)])
    [waived] = waive(state, rules, lesson="extra", reason="illness", at=minute(30))
    assert isinstance(waived, LessonWaived)
    assert list(settle_course(state, rules, "rule_changed", minute(30))) == []


@pytest.mark.parametrize(
    ("because", "completes"),
    [
        ("score_revised", True),
        ("lesson_waived", True),
        ("waiver_withdrawn", True),
        ("attempt", False),
        ("late_report", False),
        ("deadlines_reset", False),
        ("plan_migrated", False),
        ("carried_over", False),
        ("rule_changed", False),
    ],
)
def test_after_a_final_revocation_only_a_decision_about_this_learner_completes(because, completes):
    state = revoked(QUIZ, [s(0.9, 1)])
    assert bool([*settle_course(state, QUIZ, because, minute(30))]) is completes


def test_a_course_that_is_not_completed_cannot_be_revoked():
    assert list(revoke_course(opened(), QUIZ, "misconduct", minute(20))) == []
