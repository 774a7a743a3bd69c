"""The score that counts is the same here as in progress, whatever happened to the attempts."""

from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.credentials.scenes import day

from milepost.contracts.courses import CoursePublished, LatePolicy, Lesson
from milepost.contracts.progress import (
    AttemptScored,
    CarriedAttempt,
    CarriedLesson,
    DeadlinesReset,
    LessonStarted,
    PlanMigrated,
    ProgressCarriedOver,
    ProgressOpened,
    ScoreRevised,
)
from milepost.contracts.rules.learning.course_plan import pinned
from milepost.contracts.rules.learning.scores import counting
from milepost.credentials.domain.records.lesson_scores import lesson_results, scoring_rules
from milepost.progress.domain.state import PROGRESS

LATE = LatePolicy(percent_per_day=10, floor=0.3)
BEST = CoursePublished(
    course="AAA",
    version=1,
    title="A",
    lessons=(Lesson(id="quiz", title="Quiz", due_day=2, attempts_allowed=3),),
    late=LATE,
    occurred_at=day(0),
)
LAST = msgspec.structs.replace(
    BEST, version=2, lessons=(Lesson(id="quiz", title="Quiz", counts="last", due_day=1),)
)
COURSES = {1: BEST, 2: LAST}
RULES = {version: scoring_rules(course) for version, course in COURSES.items()}
OPENED = ProgressOpened(
    enrollment="e", learner="amy", offering="o", course="AAA", version=1, occurred_at=day(0)
)
STARTED = LessonStarted(enrollment="e", lesson="quiz", report="r0", occurred_at=day(0))

scores = st.sampled_from((0.0, 0.3, 0.5, 0.9, 1.0))
days = st.integers(0, 9)
moves = st.one_of(
    st.tuples(st.just("scored"), days, scores),
    st.tuples(st.just("revised"), st.integers(1, 4), scores),
    st.tuples(st.just("carried"), st.sampled_from(("x", "y")), st.lists(st.tuples(days, scores))),
    st.tuples(st.just("migrated"), st.sampled_from((1, 2)), st.none()),
    st.tuples(st.just("reset"), days, st.none()),
)


def event_of(number: int, tries: int, move: tuple[str, Any, Any]) -> Any:
    at = day(number)
    match move:
        case ("scored", on, score):
            facts = {"report": f"r{number}", "attempt": tries + 1, "score": score}
            return AttemptScored(enrollment="e", lesson="quiz", occurred_at=day(on), **facts)
        case ("revised", attempt, score):
            facts = {"attempt": attempt, "score": score, "before": 0.0, "reason": "error"}
            return ScoreRevised(enrollment="e", lesson="quiz", occurred_at=at, **facts)
        case ("carried", source, attempts):
            brought = tuple(
                CarriedAttempt(report=f"{source}{on}", at=day(on), score=score)
                for on, score in attempts
            )
            lesson = CarriedLesson(lesson="quiz", started_at=at, attempts=brought)
            return ProgressCarriedOver(
                enrollment="e", source=source, since=number, lessons=(lesson,), occurred_at=at
            )
        case ("migrated", version, _):
            return PlanMigrated(
                enrollment="e", version=version, before=1, reason="new", occurred_at=at
            )
        case (_, on, _):
            return DeadlinesReset(enrollment="e", starts=day(on), occurred_at=at)


@settings(max_examples=100, deadline=None)
@given(st.lists(moves, max_size=8))
def test_whatever_happens_to_attempts_the_score_noted_is_the_one_that_counts(drawn):
    state = PROGRESS.initial()
    state = PROGRESS.evolve(PROGRESS.evolve(state, OPENED), STARTED)
    events: list[Any] = [(1, OPENED)]
    for number, move in enumerate(drawn, 3):
        lesson = state.lessons["quiz"]
        if move[0] == "revised" and not any(one.number == move[1] for one in lesson.attempts):
            continue
        events.append((number, event_of(number, lesson.tries, move)))
        state = PROGRESS.evolve(state, events[-1][1])
        told = [one.score for one in lesson_results(events, RULES, ("quiz",))]
        assert state.opened is not None
        rule = pinned(COURSES[state.opened.version]).lessons["quiz"]
        lesson = state.lessons["quiz"]
        counts = [counting(lesson, rule, state.starts).score] if lesson.attempts else []
        assert told[-1:] == counts
