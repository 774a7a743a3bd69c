"""When reports may say that something happened: clocks, the offline allowance, what is final."""

from datetime import timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.progress.conftest import COURSE, ENROLLED, ENROLLMENT, TEACHES, WAITLISTED
from tests.progress.given import (
    OPENED,
    after,
    completed,
    lesson,
    minute,
    opened,
    plan,
    progressed,
    scored,
    started,
)

from milepost.contracts.courses import SCORED_BY_STAFF, CompletedBy, Lesson, LessonKind, MoveOn
from milepost.contracts.offerings import InstructorRemoved
from milepost.contracts.progress import ProgressResumed, ProgressSuspended, ReportsBackdated
from milepost.contracts.rules.learning.scores import counting
from milepost.progress.domain.decisions import Terms, close, report
from milepost.progress.domain.reports import (
    AlreadyJudged,
    AttemptsExhausted,
    NotEnrolled,
    TooLongAgo,
)

REPORTS = f"/progress/enrollments/{ENROLLMENT}/reports"
SKEW = Terms(skew=timedelta(minutes=5))
STAFF_COMPLETE: list[tuple[LessonKind, CompletedBy | None]] = [
    ("exam", None),
    ("assignment", None),
    ("quiz", "staff"),
    ("page", "staff"),
]
TO_BE_COMPLETED: list[MoveOn] = ["Completed", "CompletedAndPassed", "CompletedOrPassed"]
LEARNER = Terms(learner=True)
RULES = plan(lesson("intro"), lesson("quiz", weight=1, attempts_allowed=2, required=False))


def outcome(state, terms, *reports, rules=RULES):
    return report(state, rules, reports, terms)


def started_at(state, name="intro"):
    return state.lessons[name].started_at


def suspended(since, until):
    facts = {"enrollment": "e-1"}
    return [
        ProgressSuspended(reason="fee", occurred_at=minute(since), **facts),
        ProgressResumed(occurred_at=minute(until), **facts),
    ]


@pytest.mark.parametrize(
    ("events", "at", "dated"),
    [
        ([], -5, 0),
        ([], -0.05, 0),
        (suspended(10, 60), 55, 60),
        (suspended(10, 60), 15, 10),
        (close(opened(), at=minute(90), reason="no_time"), 95, 90),
    ],
    ids=["before", "a moment before", "before the return", "after the break", "after the end"],
)
def test_a_clock_that_is_a_little_off_is_dated_to_the_boundary(events, at, dated):
    state = opened(*events)
    decided, answers = outcome(state, SKEW, started("intro", at=at))
    assert answers == ["accepted"]
    assert started_at(after(state, decided)) == minute(dated)


@pytest.mark.parametrize(
    ("events", "at"),
    [
        ([], -5.1),
        (suspended(10, 60), 30),
        (close(opened(), at=minute(90), reason="no_time"), 95.1),
    ],
)
def test_a_clock_that_is_further_off_is_refused(events, at):
    _, (answer,) = outcome(opened(*events), SKEW, started("intro", at=at))
    assert isinstance(answer, NotEnrolled)


def test_learners_report_no_further_back_than_is_allowed():
    terms = Terms(earliest=minute(100), learner=True)
    events, (late, fine) = outcome(
        opened(), terms, started("intro", at=99), started("intro", at=100)
    )
    assert late == TooLongAgo(minute(99), minute(100))
    assert fine == "accepted"
    assert not [one for one in events if isinstance(one, ReportsBackdated)]


def test_staff_report_further_back_and_say_why():
    terms = Terms(earliest=minute(100), reason="done_on_paper")
    events, answers = outcome(
        opened(), terms, started("intro", at=50, id="a"), completed("intro", at=120, id="b")
    )
    assert answers == ["accepted", "accepted"]
    assert events[-1] == ReportsBackdated(
        enrollment="e-1", reason="done_on_paper", reports=("a",), occurred_at=minute(120)
    )
    _, (again,) = outcome(after(opened(), events), terms, started("intro", at=50, id="a"))
    assert again == "duplicate"


def test_a_learner_wins_no_attempt_by_dating_it_before_the_others():
    state = after(opened(), outcome(opened(), LEARNER, scored("quiz", 0.1, at=10)).events)
    state = after(state, outcome(state, LEARNER, scored("quiz", 0.1, at=9)).events)
    events, (answer,) = outcome(state, LEARNER, scored("quiz", 1.0, at=5))
    assert (events, answer) == ([], AttemptsExhausted("quiz", 2))
    assert outcome(state, Terms(), scored("quiz", 1.0, at=5)).answers == ["accepted"]


def test_the_first_attempt_counts_and_none_of_a_learner_s_comes_before_it():
    rules = plan(lesson("quiz", weight=1, counts="first"))
    state = after(
        opened(), outcome(opened(), LEARNER, scored("quiz", 0.1, at=9), rules=rules).events
    )
    _, (earlier, later) = outcome(
        state, LEARNER, scored("quiz", 1.0, at=5), scored("quiz", 1.0, at=12), rules=rules
    )
    assert earlier == AlreadyJudged("quiz", minute(9))
    assert later == "accepted"


tries = st.lists(
    st.tuples(st.sampled_from([0.1, 0.5, 1.0]), st.integers(0, 9)), min_size=1, max_size=3
)


@given(tries=tries, order=st.permutations(range(3)), counts=st.sampled_from(["best", "last"]))
def test_within_the_attempts_allowed_any_order_of_a_learner_s_gives_the_same(tries, order, counts):
    rules = plan(lesson("quiz", weight=1, attempts_allowed=3, counts=counts))
    sent = [scored("quiz", score, at=at, id=str(n)) for n, (score, at) in enumerate(tries)]
    standings = []
    for arrival in (sent, [sent[n] for n in order if n < len(sent)]):
        state = opened()
        for one in arrival:
            events, answers = outcome(state, LEARNER, one, rules=rules)
            assert answers == ["accepted"]
            state = after(state, events)
        standings.append(state.lessons["quiz"])
    first, second = (counting(one, rules.lessons["quiz"], OPENED) for one in standings)
    assert (first.at, first.report, first.score) == (second.at, second.report, second.score)


async def results(school, *reports, reason=None, **whose):
    body = {"reports": msgspec.to_builtins(reports)}
    if reason:
        body["reason"] = reason
    response = await school.post(REPORTS, body, **whose)
    assert response.status_code == 200, response.text
    told = response.json()["results"]
    return [one["outcome"] if "problem" not in one else one["problem"]["type"] for one in told]


async def test_the_course_says_how_far_back_learners_report(school, calendar):
    await school.begin(msgspec.structs.replace(COURSE, offline_days=7))
    calendar.now = OPENED + timedelta(days=8)
    sent = started("intro", at=1), started("intro", at=2 * 24 * 60)
    late = "urn:milepost:problem:too_long_ago"
    assert await results(school, *sent) == [late, "accepted"]
    teacher = {"subject": "ines", "by": "instructor"}
    assert await results(school, started("intro", at=1), **teacher) == [late]
    why = "device_was_offline"
    assert await results(school, started("intro", at=1), reason=why, **teacher) == ["accepted"]
    assert await results(school, started("intro", at=1), reason=why) == [late]


async def test_a_device_in_whole_seconds_reports_at_once(school, calendar):
    await school.write(COURSE)
    entered = OPENED + timedelta(milliseconds=600)
    await school.write(msgspec.structs.replace(ENROLLED, occurred_at=entered))
    await school.policies_hear()
    calendar.now = entered
    assert await results(school, started("intro", occurred_at=OPENED)) == ["accepted"]


async def test_what_staff_score_staff_complete(school):
    lessons = (
        Lesson(id="exam", title="Exam", kind="exam"),
        Lesson(id="essay", title="Essay", kind="assignment", completed_by="learner"),
        Lesson(id="talk", title="Talk", completed_by="staff"),
    )
    await school.begin(msgspec.structs.replace(COURSE, lessons=lessons))
    sent = [completed(one.id) for one in lessons]
    refused = "urn:milepost:problem:completion_not_yours"
    assert await results(school, *sent) == [refused, "accepted", refused]
    assert await results(school, *sent, subject="ines", by="instructor") == [
        "accepted", "duplicate", "accepted"
    ]  # fmt: skip


async def test_nothing_a_learner_reports_completes_what_staff_complete(school):
    """Whatever satisfies the lesson: neither its whole progress, nor a score of their own."""
    lessons = tuple(
        Lesson(
            id=f"{kind}-{on}", title="T", kind=kind, move_on=on, mastery_score=0.5, completed_by=by
        )
        for kind, by in STAFF_COMPLETE
        for on in TO_BE_COMPLETED
    )
    await school.begin(msgspec.structs.replace(COURSE, lessons=lessons))
    for one in lessons:
        tried = scored(one.id, 0.1), progressed(one.id, progress=1.0), completed(one.id)
        mine, whole, done = await results(school, *tried)
        assert (mine == "accepted") is (one.kind not in SCORED_BY_STAFF)
        assert (whole, done) == ("accepted", "urn:milepost:problem:completion_not_yours")
    standing = (await school.get(f"/progress/enrollments/{ENROLLMENT}")).json()
    assert [one["completed_at"] for one in standing["lessons"]] == [None] * len(lessons)
    teacher = {"subject": "ines", "by": "instructor"}
    assert set(await results(school, *map(completed, (one.id for one in lessons)), **teacher)) == {
        "accepted"
    }
    standing = (await school.get(f"/progress/enrollments/{ENROLLMENT}")).json()
    assert None not in [one["completed_at"] for one in standing["lessons"]]


@pytest.mark.parametrize("opened", [True, False])
async def test_somebody_else_s_enrollment_is_not_there(school, opened):
    await (school.begin() if opened else school.write(WAITLISTED))
    path = f"/progress/enrollments/{ENROLLMENT}"
    missing = path[:-1] + "f"
    body = {"reports": msgspec.to_builtins([started("intro")])}
    for whose in ({"subject": "bob"}, {"subject": "ivo", "by": "instructor"}):
        for ask in (
            lambda at, whose: school.get(at, **whose),
            lambda at, whose: school.post(f"{at}/reports", body, **whose),
        ):
            there, nowhere = await ask(path, whose), await ask(missing, whose)
            assert (there.status_code, there.json()["type"]) == (404, nowhere.json()["type"])
            assert '"ada"' not in there.text  # unquoted, a correlation may have it


async def test_an_instructor_who_is_removed_is_out_at_once(school):
    await school.begin()
    path, ines = f"/progress/enrollments/{ENROLLMENT}", {"subject": "ines", "by": "instructor"}
    etag = (await school.get(path, **ines)).headers["etag"]
    await school.write(InstructorRemoved(**msgspec.structs.asdict(TEACHES)))
    assert (await school.get(path, etag=etag, **ines)).status_code == 404
    assert (await school.get(path, subject="ines", by=["instructor", "service"])).status_code == 200
    assert (await school.get(path, by=["instructor", "learner"])).status_code == 200
