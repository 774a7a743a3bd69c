"""Three devices of one learner, each numbering its reports from 1, and none of them on time."""

from datetime import timedelta
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
    progressed,
    reported,
)
from tests.progress.test_progress_order import ANY, one_report, standing

from milepost.contracts.progress import LessonProgressed
from milepost.progress.domain.course_grade import course_standing
from milepost.progress.domain.joined import MAX_MERGED
from milepost.progress.domain.reports import ReportIdReused, identified
from milepost.progress.domain.state import PROGRESS

DEVICES = ("phone", "laptop", "tablet")
RISING = plan(
    lesson("page"),
    lesson("film", required=False, move_on="NotApplicable"),
    lesson("quiz", weight=1, mastery_score=0.5, move_on="CompletedOrPassed"),
    page("essay", weight=2, mastery_score=0.5, move_on="Passed"),
    page("exam", weight=5),
    passing=0.4,
)


@st.composite
def sent_and_delivered(draw):
    """What they sent, and calls of any size in which it came: in any order, some of it twice."""
    sent = [
        numbered(one, device, number)
        for device in DEVICES
        for number, one in enumerate(draw(st.lists(one_report, max_size=5)), 1)
    ]
    repeats = draw(st.lists(st.sampled_from(sent), max_size=6)) if sent else []
    order = draw(st.permutations([*sent, *repeats]))
    cuts = sorted(draw(st.sets(st.integers(0, len(order)), max_size=5)) | {0, len(order)})
    return sent, [order[i:j] for i, j in pairwise(cuts)]


def numbered(one, device, number):
    fields = {name: getattr(one, name) for name in one.__struct_fields__}
    return identified(type(one)(**{**fields, "id": str(number), "client": device}), None)


@settings(max_examples=60)
@given(sent_and_delivered())
def test_three_devices_end_in_the_same_standing_however_they_are_heard(drawn):
    sent, calls = drawn
    for rules in (ANY, RISING):
        heard = opened()
        for call in calls:
            heard, answers = reported(heard, rules, *call)
            assert not any(isinstance(answer, ReportIdReused) for answer in answers)
        at_once = live(rules, sent)
        assert standing(heard, rules) == standing(at_once, rules)
        now, states = course_standing(at_once, rules), (heard, at_once)
        assert {(one.grade, one.passing) for one in states if one.course} <= {now}
        # A score that falls may come too late to prevent a completion, which stands.
        if now.passing or not rules.may_fall:
            assert bool(heard.course) is bool(at_once.course)
    assert len({one.id for one in sent}) == len(sent)


seconds = st.integers(0, 180)
heavy = st.lists(
    st.tuples(
        seconds,
        st.sampled_from([None, 0.1, 0.5, 0.9]),
        st.sampled_from([0.0, 0.0004, 1.0005, 5.0]),
        st.sampled_from([None, "", "a", "b"]),
        st.sampled_from(["page", "film"]),
    ),
    min_size=1,
    max_size=20,
)


@settings(max_examples=100)
@given(heavy)
def test_one_event_for_many_is_folded_as_many(drawn):
    sent = [
        progressed(
            name, id=f"r{number}", occurred_at=minute(1) + timedelta(seconds=second),
            progress=progress, seconds_spent=spent, resume_at=mark,
        )
        for number, (second, progress, spent, mark, name) in enumerate(drawn)
    ]  # fmt: skip
    one_by_one = live(ANY, *([one] for one in sent))
    events, _ = decided(opened(), ANY, *sent)
    together = after(opened(), events)
    assert together.lessons == one_by_one.lessons
    # What changed nothing when it came holds no id; what did is known in either way.
    assert all(
        one_by_one.reports.get(one, digest) == digest for one, digest in together.reports.items()
    )
    assert decided(together, ANY, *sent).events == []


def test_a_player_s_reports_of_a_minute_are_one_event():
    sent = [
        progressed("film", id=f"r{n}", occurred_at=minute(1) + timedelta(seconds=5 * n),
                   progress=n / 100, seconds_spent=5, resume_at=str(5 * n))
        for n in range(25)
    ]  # fmt: skip
    events, answers = decided(opened(), ANY, *sent)
    assert set(answers) == {"accepted"}
    first, second, third = (one for one in events if isinstance(one, LessonProgressed))
    assert (first.report, second.report, third.report) == ("r0", "r13", "r24")
    assert list(second.merged) == [f"r{n}" for n in range(1, 13)]
    assert (second.seconds_spent, second.progress, second.resume_at) == (65.0, 0.13, "65")
    stored = [PROGRESS.codec.decode(*PROGRESS.codec.encode(one), one.occurred_at) for one in events]
    assert stored == events


def test_one_event_stands_for_so_many_and_no_more():
    at = [minute(1) + timedelta(milliseconds=n) for n in range(2 * MAX_MERGED)]
    sent = [progressed("film", id=f"r{n}", occurred_at=one, clicks=1) for n, one in enumerate(at)]
    events, _ = decided(opened(), ANY, *sent)
    assert max(len(one.merged) for one in events if isinstance(one, LessonProgressed)) == MAX_MERGED
    assert after(opened(), events).lessons["film"].clicks == 2 * MAX_MERGED
