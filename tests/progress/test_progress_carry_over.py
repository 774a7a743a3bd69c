"""Work goes along to another run of the course, once, whatever the order."""

from datetime import timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as some
from tests.progress.given import (
    completed,
    lesson,
    minute,
    page,
    progressed,
    scored,
    started,
)
from tests.progress.runs import Runs

from milepost.contracts.progress import (
    CourseCompleted,
    LateWorkArrived,
    LearningBegan,
    LessonWaived,
    ProgressCarriedOver,
    ProgressOpened,
    ScoreRevised,
)
from milepost.contracts.rules.learning.plan import plan_of
from milepost.contracts.rules.learning.progress import satisfying
from milepost.events.sizes import EVENT_DATA
from milepost.progress.domain import carry_over as rules
from milepost.progress.domain.carry_over import handed_over
from milepost.progress.domain.course_grade import course_grade
from milepost.progress.domain.reports import NotEnrolled
from milepost.progress.domain.staff_decisions import revise_score, waive
from milepost.progress.domain.state import PROGRESS


def version(number, *lessons, passing=0.0):
    return plan_of("rust", number, lessons, passing_grade=passing)


QUIZ = lesson("quiz", kind="quiz", weight=1.0)
PLAN = version(3, page("intro"), QUIZ, lesson("essay", weight=1.0), passing=0.6)


def deferred(*plans, opens=True, to=3):
    """Half the course in run a, the rest is to come in run b."""
    runs = Runs(*(plans or (PLAN,)))
    runs.enroll("a", 0)
    answers = runs.do(
        "a",
        progressed("intro", at=1, progress=0.4, seconds_spent=60, clicks=3, resume_at="p2"),
        scored("quiz", 0.9, at=2),
    )
    assert answers == ["accepted"] * 2
    runs.transfer("a", "b", 10, to, opens=opens)
    runs.deliver()
    return runs


def standing(state):
    """What must be the same however it came: all but how attempts are numbered."""
    return {
        name: (
            one.started_at,
            one.completed_at,
            one.progress,
            one.milliseconds,
            one.clicks,
            one.bookmark,
            [(attempt.at, attempt.report, attempt.score) for attempt in one.attempts],
            one.tries,
        )
        for name, one in state.lessons.items()
    }


@pytest.mark.parametrize("opens", [True, False])
def test_a_deferral_carries_all_that_was_done(opens):
    runs = deferred(opens=opens)
    here, there = runs.state("a"), runs.state("b")
    assert standing(there) == standing(here)
    assert there.completed == {"quiz"}
    kinds = [type(event) for event in runs.events["b"]]
    assert kinds == [ProgressOpened, LearningBegan, ProgressCarriedOver]
    assert runs.do("b", scored("essay", 0.5, at=20)) == ["accepted"]
    assert runs.state("b").course.grade == 0.7


def test_carrying_again_and_an_older_look_bring_nothing():
    runs = deferred()
    before = runs.handed("a", "b")
    assert runs.bring("b", before, minute(10)) == []
    runs.do("a", scored("quiz", 1.0, at=5))
    runs.deliver()
    assert [one.score for one in runs.state("b").lessons["quiz"].attempts] == [0.9, 1.0]
    assert runs.bring("b", before, minute(10)) == []


def test_a_late_report_of_before_the_transfer_arrives_there_too():
    runs = deferred()
    answers = runs.do(
        "a",
        progressed("intro", at=5, progress=0.8, seconds_spent=30, clicks=1, resume_at="p4"),
        completed("intro", at=6),
    )
    assert answers == ["accepted"] * 2
    assert [type(event) for event in runs.events["a"]][-1] is LateWorkArrived
    [brought] = runs.deliver()
    assert [one.lesson for one in brought.lessons] == ["intro"]
    assert standing(runs.state("b")) == standing(runs.state("a"))
    assert runs.state("b").lessons["intro"].milliseconds == 90_000


def test_late_work_can_complete_the_course_where_it_goes_on():
    runs = deferred()
    runs.do("a", scored("essay", 0.5, at=5))
    [_, done] = runs.deliver()
    assert isinstance(done, CourseCompleted)
    assert (done.enrollment, done.grade, done.occurred_at) == ("b", 0.7, minute(10))


def test_an_attempt_that_is_sent_to_both_runs_counts_once():
    runs = deferred()
    at_the_boundary = scored("essay", 0.5, at=10)
    assert runs.do("a", at_the_boundary) == ["accepted"]
    runs.deliver()
    assert runs.do("b", at_the_boundary) == ["duplicate"]
    assert len(runs.state("b").lessons["essay"].attempts) == 1


def test_what_staff_decide_on_the_earlier_run_completes_the_course_once_where_it_goes_on():
    runs = deferred()
    [waived, *_] = decided = waive(
        runs.state("a"), PLAN, lesson="essay", reason="ill", at=minute(20)
    )
    assert [type(event) for event in decided if event is not waived] == [LateWorkArrived]
    runs.write("a", decided)
    done = [event for event in runs.deliver() if isinstance(event, CourseCompleted)]
    assert [(one.enrollment, one.grade) for one in done] == [("b", 0.9)]
    assert runs.state("a").course is None


def test_what_happened_after_the_transfer_is_sent_to_where_it_goes_on():
    runs = deferred()
    late = scored("essay", 0.5, at=20)
    [refused] = runs.do("a", late)
    assert isinstance(refused, NotEnrolled)
    assert (refused.closed_at, refused.continues_as) == (minute(10), "b")
    [early] = runs.do("a", msgspec.structs.replace(late, occurred_at=minute(-20)))
    assert isinstance(early, NotEnrolled)
    assert early.continues_as is None
    assert runs.do(refused.continues_as, late) == ["accepted"]


def test_another_course_gets_nothing():
    runs = Runs(PLAN)
    runs.enroll("a", 0)
    runs.do("a", scored("quiz", 0.9, at=2))
    runs.enroll("b", 10, course="go")
    assert runs.bring("b", runs.handed("a", "b"), minute(10)) == []


def test_another_version_judges_what_came_and_what_was_done_stays_done():
    stricter = version(
        4,
        page("intro"),
        lesson("quiz", kind="quiz", weight=1.0, mastery_score=0.95, move_on="Passed"),
        lesson("project"),
    )
    runs = deferred(PLAN, stricter, to=4)
    state = runs.state("b")
    assert (state.opened.version, course_grade(state, stricter)) == (4, 0.9)
    assert state.lessons["quiz"].passed is False
    assert "quiz" in satisfying(state)[1]
    assert runs.do("b", completed("project", at=20)) == ["accepted"]
    assert runs.state("b").course is not None


def test_waivers_and_revised_scores_go_along_and_come_back():
    runs = deferred()
    waived = LessonWaived(enrollment="a", lesson="essay", reason="prior", occurred_at=minute(5))
    runs.write("a", [waived])
    runs.bring("b", runs.handed("a", "b"), minute(10))
    assert runs.state("b").waived == {"essay": "prior"}
    revised = revise_score(
        runs.state("b"), PLAN, lesson="quiz", attempt=1, score=0.4, reason="wrong", at=minute(20)
    )
    runs.write("b", revised)
    runs.transfer("b", "a", 30)
    runs.deliver()
    [back] = [event for event in runs.events["a"] if isinstance(event, ScoreRevised)]
    assert (back.lesson, back.attempt, back.before, back.score) == ("quiz", 1, 0.9, 0.4)
    assert standing(runs.state("a")) == standing(runs.state("b"))


def test_there_and_back_doubles_nothing():
    runs = deferred()
    runs.do("b", progressed("intro", at=20, progress=0.6, seconds_spent=40, clicks=2))
    runs.transfer("b", "a", 30)
    runs.deliver()
    intro = runs.state("a").lessons["intro"]
    assert (intro.milliseconds, intro.clicks, intro.progress) == (100_000, 5, 0.6)
    assert runs.state("a").lessons["quiz"].tries == 1
    runs.do("a", progressed("intro", at=40, seconds_spent=1))
    runs.transfer("a", "b", 50)
    runs.deliver()
    assert runs.state("b").lessons["intro"].milliseconds == 101_000
    assert runs.state("b").closed_at is None


DEVICES = [
    started("intro", at=1),
    progressed("intro", at=2, progress=0.3, seconds_spent=10, clicks=1, resume_at="p1"),
    scored("quiz", 0.4, at=3),
    progressed("intro", at=12, progress=0.7, seconds_spent=20, clicks=2, resume_at="p2"),
    scored("quiz", 0.8, at=13),
    completed("intro", at=22),
    progressed("quiz", at=23, seconds_spent=40),
    scored("essay", 0.9, at=32),
    scored("quiz", 0.6, at=33),
]


@given(order=some.permutations(range(len(DEVICES))), data=some.data())
def test_any_order_of_reports_and_deliveries_ends_in_the_same(order, data):
    """Runs a, b, a again and c, ten minutes each; each report goes to the run of its time."""
    runs, whole = Runs(PLAN), Runs(PLAN)
    runs.enroll("a", 0)
    whole.enroll("c", 0)
    for here, there, at in (("a", "b", 10), ("b", "a", 20), ("a", "c", 30)):
        runs.transfer(here, there, at)
    for index in order:
        one = DEVICES[index]
        place = "abac"[int((one.occurred_at - minute(0)) / timedelta(minutes=10))]
        assert runs.do(place, one) == ["accepted"]
        whole.do("c", one)
        if data.draw(some.booleans()):
            waiting = data.draw(some.permutations(runs.undelivered))
            runs.undelivered = [*waiting, *waiting[:2]]
            runs.deliver()
    runs.deliver()
    assert standing(runs.state("c")) == standing(whole.state("c"))
    assert runs.state("c").completed == whole.state("c").completed
    grades = course_grade(runs.state("c"), PLAN), course_grade(whole.state("c"), PLAN)
    assert grades[0] == grades[1] == runs.state("c").grade


def test_what_is_too_much_for_one_event_or_command_goes_in_parts(monkeypatch):
    lessons = [lesson(f"l{number}", weight=1.0) for number in range(30)]
    runs = Runs(version(3, *lessons))
    runs.enroll("a", 0)
    runs.do("a", *(scored(one.id, 0.5, at=1 + n) for one in lessons for n in range(5)))
    monkeypatch.setattr(rules, "CHUNK_BYTES", 2_000)
    monkeypatch.setattr(rules, "PART_BYTES", 8_000)
    runs.transfer("a", "b", 10)
    runs.undelivered.clear()
    handed = runs.handed("a", "b")
    assert handed.parts > 1
    for _ in range(handed.parts):
        brought = runs.bring("b", handed, minute(10))
        sizes = [len(PROGRESS.codec.encode(event)[1]) for event in brought]
        assert max(sizes) <= 2_500
        assert sum(sizes) <= 9_000
    assert standing(runs.state("b")) == standing(runs.state("a"))
    assert runs.bring("b", handed, minute(10)) == []


def test_the_largest_lesson_there_is_fits_into_an_event():
    runs = Runs(version(3, QUIZ))
    runs.enroll("a", 0)
    longest = ["\U0001f40d" * 60 + f"{number:04}" for number in range(1_000)]
    runs.do("a", *(scored("quiz", 0.123456789, at=1, id=one) for one in longest))
    state = runs.state("a")
    [lesson_] = handed_over(state, runs.plan("a"), 9, "b").origins[0].lessons
    assert len(msgspec.json.encode(lesson_)) < EVENT_DATA / 2
