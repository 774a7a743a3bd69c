"""Whatever the order, the calls and the repeats in which reports arrive: the same standing."""

from copy import deepcopy
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.progress.given import (
    after,
    decided,
    lesson,
    live,
    minute,
    opened,
    page,
    plan,
    reported,
)

from milepost.contracts.courses import LatePolicy
from milepost.contracts.rules.attempts import allowed_attempts, counting_attempt
from milepost.contracts.rules.learning.plan import grade
from milepost.contracts.rules.learning.scores import scores
from milepost.progress.domain.course_grade import course_standing
from milepost.progress.domain.decisions import close
from milepost.progress.domain.reports import Completed, LessonLocked, Progressed, Scored, Started
from milepost.progress.domain.state import PROGRESS

# What happens after six minutes comes late.
LATE = {"due_day": 0, "late": LatePolicy(percent_per_day=40, grace_hours=0.1)}
ANY = plan(
    lesson("page"),
    lesson("film", required=False, move_on="NotApplicable"),
    lesson(
        "quiz",
        weight=1,
        attempts_allowed=2,
        mastery_score=0.5,
        move_on="CompletedOrPassed",
        **LATE,
    ),
    lesson("essay", weight=2, counts="last", mastery_score=0.5, move_on="CompletedAndPassed"),
    page("exam", weight=5, counts="first", attempts_allowed=1),
    passing=0.4,
    drop=1,
)
GROWING = plan(
    lesson("page"),
    lesson("film", prerequisites=("page",)),
    lesson("quiz", weight=1, mastery_score=0.5, move_on="Passed", prerequisites=("page",)),
    lesson("essay", weight=2, prerequisites=("quiz", "film")),
    page("exam", weight=5),
    passing=0.4,
)

moments = st.integers(0, 12).map(minute)
fractions = st.sampled_from([0.0, 0.1, 0.3, 0.49, 0.5, 0.7, 1.0])
lessons = st.sampled_from(list(ANY.lessons))


def _made(kind, **facts):
    return st.builds(kind, id=st.just(""), lesson=lessons, occurred_at=moments, **facts)


one_report = st.one_of(
    _made(Started),
    _made(Completed),
    _made(
        Progressed,
        progress=st.none() | fractions,
        seconds_spent=st.sampled_from([0.0, 0.1, 0.2, 1e4]),
        clicks=st.sampled_from([0, 0, 3]),
        resume_at=st.none() | st.sampled_from(["a", "b"]),
    ),
    _made(Scored, score=fractions),
)


@st.composite
def reports(draw):
    """Up to a dozen, each with an id of its own."""
    drawn = draw(st.lists(one_report, min_size=1, max_size=12))
    return [_numbered(one, number) for number, one in enumerate(drawn)]


def _numbered(one, number):
    fields = {name: getattr(one, name) for name in one.__struct_fields__}
    return type(one)(**{**fields, "id": f"r{number}"})


@st.composite
def deliveries(draw, sent):
    """All of them, in any order, some twice or more, in calls of any size."""
    repeats = draw(st.lists(st.sampled_from(sent), max_size=6))
    order = draw(st.permutations([*sent, *repeats]))
    cuts = sorted(draw(st.sets(st.integers(1, len(order)), max_size=5)) | {0, len(order)})
    return [order[i:j] for i, j in pairwise(cuts)]


@st.composite
def sent_and_delivered(draw):
    sent = draw(reports())
    return sent, draw(deliveries(sent))


def standing(state, rules):
    """What must not depend on the order of arrival: `docs/concepts/progress.md` lists it."""
    per_lesson = {
        name: (
            one.started_at,
            one.completed_at,
            one.progress,
            one.milliseconds,
            one.clicks,
            one.bookmark,
            one.passed,
            [
                (a.at, a.report, a.score)
                for a in allowed_attempts(one.attempts, rules.lessons[name])
            ],
            counting_attempt(one.attempts, rules.lessons[name]).score if one.attempts else None,
        )
        for name, one in state.lessons.items()
    }
    known = grade(rules, scores(state.lessons, rules, state.starts))
    return per_lesson, state.completed, state.passed, known


def ever_held(sent, rules):
    """Whether the course's rule held after all that happened up to any one moment."""
    return any(
        course_standing(live(rules, [one for one in sent if one.occurred_at <= at]), rules).passing
        for at in {one.occurred_at for one in sent}
    )


FALLING = plan(
    lesson("page"),
    page("quiz", weight=1, counts="last", **LATE),
    lesson("essay", weight=1, counts="last", mastery_score=0.3, move_on="Passed"),
    page("exam", weight=1, counts="first"),
    passing=0.5,
)
DROPPING = plan(
    lesson("page"),
    page("quiz", weight=9),
    page("essay", weight=1, attempts_allowed=2),
    page("exam", weight=5, counts="first"),
    passing=0.5,
    drop=1,
)


@st.composite
def deciding_and_delivered(draw):
    """A page that is done at some time, and scores."""
    scores = st.builds(
        Scored,
        id=st.just(""),
        lesson=st.sampled_from(["quiz", "essay", "exam"]),
        occurred_at=moments,
        score=st.sampled_from([0.0, 0.3, 0.7, 1.0]),
    )
    done = Completed(id="", lesson="page", occurred_at=draw(moments))
    drawn = [done, *draw(st.lists(scores, min_size=2, max_size=6))]
    sent = [_numbered(one, number) for number, one in enumerate(drawn)]
    return sent, draw(deliveries(sent))


@settings(max_examples=200)
@given(deciding_and_delivered(), st.sampled_from([FALLING, DROPPING]))
def test_a_course_whose_rule_ever_held_is_completed_in_any_order(drawn, rules):
    """And else only where a report came too late to prevent it: that one flags the completion."""
    sent, calls = drawn
    state, held = live(rules, *calls), ever_held(sent, rules)
    assert state.course or not held
    assert held or not (state.course and state.passing)


@given(deciding_and_delivered(), st.sampled_from([ANY, FALLING, DROPPING]))
def test_a_completed_course_has_the_grade_of_now_in_any_order(drawn, rules):
    sent, calls = drawn
    states = [live(rules, *calls), live(rules, sent), live(rules, *([one] for one in sent))]
    now = course_standing(states[0], rules)
    assert {(one.grade, one.passing) for one in states if one.course} <= {now}
    assert len({bool(one.course) for one in states}) == 1 or not now.passing


@given(deciding_and_delivered(), st.sampled_from([FALLING, DROPPING]))
def test_a_completion_is_dated_by_when_the_rule_first_held(drawn, rules):
    sent, _ = drawn
    state = live(rules, sent)
    times = sorted({one.occurred_at for one in sent})
    held = [at for at in times if ever_held([one for one in sent if one.occurred_at <= at], rules)]
    assert (state.course and state.course.occurred_at) == (held[0] if held else None)


@given(sent_and_delivered())
def test_refused_reports_sent_again_end_in_the_same_standing(drawn):
    """Locked lessons: a client keeps what was refused and sends it after its next success."""
    sent, calls = drawn
    assert standing(_insistent(calls), GROWING) == standing(_insistent([sent]), GROWING)


@given(sent_and_delivered())
def test_completion_does_not_depend_on_order_where_scores_only_rise(drawn):
    sent, calls = drawn
    assert bool(_insistent(calls).course) is bool(_insistent([sent]).course)


def _insistent(calls):
    state, kept = opened(), []
    for call in calls:
        state, answers = reported(state, GROWING, *call)
        kept += _locked(call, answers)
    while kept:
        state, answers = reported(state, GROWING, *kept)
        if len(still := _locked(kept, answers)) == len(kept):
            break
        kept = still
    return state


def _locked(call, answers):
    pairs = zip(call, answers, strict=True)
    return [one for one, answer in pairs if isinstance(answer, LessonLocked)]


@given(sent_and_delivered())
def test_closing_early_or_late_makes_no_difference_to_what_happened_before(drawn):
    _, calls = drawn
    before = [[one for one in call if one.occurred_at <= minute(6)] for call in calls]
    closed_first = after(opened(), close(opened(), at=minute(6), reason="no_time"))
    for call in calls:
        closed_first, _ = reported(closed_first, ANY, *call)
    assert standing(closed_first, ANY) == standing(live(ANY, *before), ANY)


@given(sent_and_delivered())
def test_everything_sent_once_more_changes_nothing(drawn):
    sent, calls = drawn
    state = live(ANY, *calls)
    events, answers = decided(state, ANY, *sent)
    assert events == []
    assert len(answers) == len(sent)


@given(sent_and_delivered())
def test_what_is_replayed_from_the_log_is_what_was_live(drawn):
    _, calls = drawn
    state, replayed = opened(), opened()
    for call in calls:
        events, _ = decided(state, ANY, *call)
        state = after(state, events)
        stored = [(PROGRESS.codec.encode(event), event.occurred_at) for event in events]
        replayed = after(replayed, [PROGRESS.codec.decode(*e, at) for e, at in stored])
    assert replayed == state


@given(sent_and_delivered())
def test_one_call_decides_as_the_same_reports_one_by_one(drawn):
    """A batch sees its own earlier reports, and leaves the state it was given alone."""
    sent, _ = drawn
    by_time = sorted(sent, key=lambda one: one.occurred_at)
    assert live(ANY, sent) == live(ANY, *([one] for one in by_time))


@given(sent_and_delivered())
def test_deciding_leaves_the_state_as_it_was(drawn):
    _, calls = drawn
    state = opened()
    for call in calls:
        before = deepcopy(state)
        events, _ = decided(state, ANY, *call)
        assert state == before
        state = after(state, events)


@given(sent_and_delivered())
def test_published_milestones_come_once(drawn):
    _, calls = drawn
    state, tags = opened(), []
    for call in calls:
        events, _ = decided(state, ANY, *call)
        state = after(state, events)
        tags += [(type(e).__name__, getattr(e, "lesson", "")) for e in events]
    for name in ("LearningBegan", "LessonStarted", "LessonCompleted", "CourseCompleted"):
        seen = [one for one in tags if one[0] == name]
        assert len(seen) == len(set(seen))
