"""What a learner is told: done, locked, next, needed, and where to go on."""

from tests.progress.given import (
    completed,
    lesson,
    live,
    minute,
    now,
    opened,
    page,
    plan,
    progressed,
    scored,
    started,
)

from milepost.contracts.rules.learning.next_lesson import Next
from milepost.progress.domain.decisions import close
from milepost.progress.domain.state import evolve
from milepost.progress.queries.overview import Resume

PLAN = plan(
    lesson("intro", title="Hello"),
    lesson("loops", prerequisites=("intro",)),
    page("extra"),
    lesson("quiz", kind="quiz", weight=1, attempts_allowed=2, mastery_score=0.5, move_on="Passed"),
    page("exam", kind="exam", weight=3, prerequisites=("loops", "quiz")),
    passing=0.6,
)


def seen(*calls):
    return now(live(PLAN, *calls), PLAN)


def by_id(view):
    return {one.id: one for one in view.lessons}


def test_at_first_everything_is_open_or_locked_and_says_by_what():
    view = seen()
    assert {one.id: (one.status, one.missing) for one in view.lessons} == {
        "intro": ("open", ()),
        "loops": ("locked", ("intro",)),
        "extra": ("open", ()),
        "quiz": ("open", ()),
        "exam": ("locked", ("loops", "quiz")),
    }
    assert (view.percent_done, view.percent_required_done) == (0.0, 0.0)
    assert (view.course, view.version, view.learner) == ("rust", 3, "ada")


def test_a_lesson_tells_what_is_known_of_it():
    one = by_id(seen([progressed("intro", at=2, progress=0.25, seconds_spent=1.5, clicks=4)]))
    intro = one["intro"]
    assert (intro.title, intro.status, intro.progress) == ("Hello", "started", 0.25)
    assert (intro.started_at, intro.seconds_spent, intro.clicks) == (minute(2), 1.5, 4)


def test_a_completed_lesson_is_done_and_unlocks_the_next():
    lessons = by_id(seen([completed("intro", at=3)]))
    assert (lessons["intro"].status, lessons["intro"].progress) == ("done", 1.0)
    assert lessons["intro"].completed_at == minute(3)
    assert lessons["loops"].status == "open"


def test_attempts_left_and_the_score_that_counts_are_told():
    quiz = by_id(seen([scored("quiz", 0.4)]))["quiz"]
    assert (quiz.attempts, quiz.attempts_left, quiz.score, quiz.passed) == (1, 1, 0.4, False)
    assert quiz.status == "started"


def test_percentages_are_of_all_and_of_the_required_lessons():
    view = seen([completed("intro"), completed("extra")])
    assert (view.percent_done, view.percent_required_done) == (40.0, 33.3)


def test_next_is_what_was_begun_then_what_is_required_then_the_rest():
    assert seen().next == Next("intro", "required")
    assert seen([started("quiz")]).next == Next("quiz", "started")
    passed = [completed("intro", at=1), completed("loops", at=2), scored("quiz", 1.0, at=3)]
    assert seen(passed).next == Next("exam", "grade")
    assert seen([*passed, scored("exam", 1.0, at=4)]).next == Next("extra", "optional")


def test_a_lesson_without_attempts_left_is_not_next():
    failed = [scored("quiz", 0.1, at=1), scored("quiz", 0.2, at=2)]
    assert seen([completed("intro"), completed("loops"), *failed]).next == Next("extra", "optional")


def test_nothing_is_next_when_all_is_done_or_progress_is_closed():
    single = plan(lesson("intro"))
    assert now(live(single, [completed("intro")]), single).next is None
    closed = evolve(opened(), *close(opened(), at=minute(1), reason="no_time"))
    assert now(closed, single).next is None


def test_a_lesson_that_nothing_is_asked_of_is_done_only_when_it_was_completed():
    rules = plan(lesson("forum", move_on="NotApplicable"))
    assert by_id(now(opened(), rules))["forum"].status == "open"
    assert by_id(now(live(rules, [completed("forum")]), rules))["forum"].status == "done"


def test_the_grade_so_far_what_is_secured_and_what_is_needed():
    grade = seen([scored("quiz", 0.8)]).grade
    assert (grade.passing_grade, grade.so_far, grade.secured) == (0.6, 0.8, 0.2)
    assert abs(grade.needed_average - 1.6 / 3) < 1e-5


def test_before_any_score_there_is_no_grade_so_far():
    assert seen().grade.so_far is None
    assert seen().grade.needed_average == 0.6


def test_a_course_without_weights_has_no_grade():
    grade = now(opened(), plan(lesson("intro"))).grade
    assert (grade.so_far, grade.secured, grade.needed_average) == (None, None, None)


def test_a_completed_course_tells_when_and_with_which_grade():
    rules = plan(lesson("quiz", weight=1))
    view = now(live(rules, [scored("quiz", 0.9, at=7)]), rules)
    assert (view.completed_at, view.final_grade, view.passing) == (minute(7), 0.9, True)


def test_a_completed_course_whose_grade_fell_says_that_it_does_not_pass_now():
    rules = plan(lesson("quiz", weight=1, counts="last"), passing=0.6)
    view = now(live(rules, [scored("quiz", 0.9, at=7), scored("quiz", 0.1, at=8)]), rules)
    assert (view.completed_at, view.final_grade, view.passing) == (minute(7), 0.1, False)
    assert now(opened(), rules).passing is None


def test_resume_is_the_latest_bookmark_of_all_lessons():
    view = seen(
        [progressed("extra", at=5, resume_at="0:42")],
        [progressed("intro", at=3, resume_at="#p3")],
    )
    assert view.resume == Resume("extra", "0:42", minute(5))
    assert seen().resume is None
