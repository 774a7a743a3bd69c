"""What one enrollment may grow to, and what reading or reporting costs then."""

from datetime import timedelta
from operator import itemgetter
from time import process_time

import msgspec
import pytest
from tests.loop_lag import loop_free, slowness
from tests.progress.conftest import ENROLLMENT
from tests.progress.given import (
    OPENED,
    after,
    decided,
    lesson,
    minute,
    now,
    opened,
    plan,
    scored,
)

from milepost.contracts.courses import MAX_ATTEMPTS
from milepost.contracts.progress import (
    AttemptScored,
    CourseCompleted,
    CourseGradeChanged,
    LessonStarted,
)
from milepost.contracts.rules.attempts import Attempt
from milepost.contracts.rules.learning.lesson_state import LessonState
from milepost.contracts.rules.learning.plan import grade
from milepost.contracts.rules.learning.scores import counting
from milepost.progress.domain.reports import TooManyAttempts

PATH = f"/progress/enrollments/{ENROLLMENT}"
MANY = 30_000
QUIZ = plan(lesson("quiz", weight=1, required=False), passing=2)


def backwards(count, first=0):
    """Scores, each of which happened before the one that came before it."""
    return [
        scored("quiz", 0.1, id=f"s{number}", occurred_at=minute(600) - timedelta(seconds=number))
        for number in range(first, first + count)
    ]


def tried(count):
    return [
        LessonStarted(enrollment=ENROLLMENT, lesson="quiz", report="s", occurred_at=minute(600)),
        *(
            AttemptScored(
                enrollment=ENROLLMENT,
                lesson="quiz",
                report=one.id,
                attempt=number,
                score=0.9 if number == count - 1 else 0.1,
                occurred_at=one.occurred_at,
            )
            for number, one in enumerate(backwards(count))
        ),
    ]


def test_so_many_attempts_are_kept_and_the_next_is_refused_by_name():
    state = opened()
    state = after(state, decided(state, QUIZ, *backwards(MAX_ATTEMPTS)).events)
    events, (answer, *_) = decided(state, QUIZ, *backwards(2, MAX_ATTEMPTS))
    assert events == []
    assert answer == TooManyAttempts("quiz", MAX_ATTEMPTS)


def test_a_log_with_more_attempts_is_folded_in_the_time_of_its_events():
    few, many = tried(MANY // 10), tried(MANY)
    took, _ = seconds(lambda: after(opened(), few))
    longer, state = seconds(lambda: after(opened(), many))
    assert longer < 30 * took
    standing = state.lessons["quiz"]
    assert (len(standing.attempts), standing.tries) == (MAX_ATTEMPTS, MANY)
    assert counting(standing, QUIZ.lessons["quiz"], OPENED).score == 0.9


def test_the_last_and_the_first_of_too_many_are_still_those():
    events = tried(MAX_ATTEMPTS + 500)
    standing = after(opened(), events).lessons["quiz"]
    assert standing.attempts[0].at == events[-1].occurred_at
    assert standing.attempts[-1].at == events[1].occurred_at


async def test_neither_reporting_nor_reading_thousands_of_attempts_holds_the_loop(school, calendar):
    calendar.now = minute(700)
    await school.begin()
    calls = [msgspec.to_builtins(backwards(1_000, first)) for first in (0, 1_000, 2_000)]
    async with loop_free():
        answers = [await school.post(f"{PATH}/reports", {"reports": one}) for one in calls]
        assert [answer.status_code for answer in answers] == [200] * len(calls)
        assert (await school.get(PATH)).status_code == 200
    outcomes = [one["outcome"] for one in answers[-1].json()["results"]]
    assert outcomes == ["refused"] * 1_000


def seconds(work):
    """Of this process, whatever else the machine does, at its usual speed."""
    began = process_time()
    answer = work()
    return (process_time() - began) / slowness(), answer


def test_the_largest_course_is_reported_and_read_in_a_tenth_of_a_second():
    rules = plan(*(lesson(f"l{number}", weight=1) for number in range(2_000)), passing=1, drop=1)
    state = opened()
    for first in (0, 1_000):
        sent = [scored(f"l{number}", 0.5, at=number) for number in range(first, first + 1_000)]
        state = after(state, decided(state, rules, *sent).events)
    better = [scored(f"l{number}", 0.6, at=number) for number in range(1_000)]
    took, (_, answers) = seconds(lambda: decided(state, rules, *better))
    assert answers == ["accepted"] * 1_000
    assert took < 0.1
    took, view = seconds(lambda: now(state, rules))
    assert len(view.lessons) == 2_000
    assert took < 0.1


def crowded(rules):
    """Every lesson was completed, and tried as often as is kept, at other times than the next."""
    many = [
        tuple(
            Attempt(
                minute(number) + timedelta(seconds=shift),
                f"a{number}",
                1.0 if number == MAX_ATTEMPTS // 2 else 0.4 + number % 2 / 10,
                number + 1,
            )
            for number in range(MAX_ATTEMPTS - 1)
        )
        for shift in range(20)
    ]
    state = opened()
    for number, name in enumerate(rules.lessons):
        attempts, best = many[number % 20], many[number % 20][MAX_ATTEMPTS // 2]
        state.lessons[name] = LessonState(
            OPENED, OPENED, attempts=attempts, tries=len(attempts), best=best
        )
    state.completed.update(rules.lessons)
    return state


@pytest.mark.parametrize("drop", [0, 1, 1_000])
def test_the_longest_history_is_looked_back_on_in_a_tenth_of_a_second(drop):
    names = [f"l{number}" for number in range(2_000)]
    rules = plan(*(lesson(n, weight=1, counts="last") for n in names), passing=0.99, drop=drop)
    state = crowded(rules)
    late = scored("l7", 0.9, occurred_at=OPENED + timedelta(seconds=1))
    took, (events, answers) = min(
        (seconds(lambda: decided(state, rules, late)) for _ in range(3)), key=itemgetter(0)
    )
    assert answers == ["accepted"]
    assert type(events[-1]) is AttemptScored
    assert took < 0.1


def test_a_call_of_many_reports_completes_the_course_once_and_changes_its_grade_once():
    rules = plan(*(lesson(f"l{n}", weight=1, required=False) for n in range(200)), passing=0.9)
    reports = [scored(f"l{number}", 1.0, at=number) for number in range(200)]
    told = [
        (type(event), event.grade, event.occurred_at)
        for event in decided(opened(), rules, *reports).events
        if isinstance(event, CourseCompleted | CourseGradeChanged)
    ]
    assert told == [
        (CourseCompleted, 0.9, minute(179)),
        (CourseGradeChanged, 1.0, minute(199)),
    ]


@pytest.mark.parametrize("weight", [1e308, 5e-324, 1.0])
def test_any_weight_that_was_ever_published_gives_a_grade(weight):
    rules = plan(lesson("a", weight=weight), lesson("b", weight=weight))
    assert grade(rules, {"a": 0.5, "b": 0.5}) == 0.5
    assert grade(rules, {"a": 1.0}) == 0.5
