"""Which report is which: repeats are told from collisions, and one device from another."""

import msgspec
from tests.progress.conftest import ENROLLMENT
from tests.progress.given import (
    after,
    completed,
    decided,
    lesson,
    minute,
    opened,
    plan,
    progressed,
    reported,
    scored,
    started,
)

from milepost.contracts.progress import LessonProgressed, LessonStarted
from milepost.progress.domain.reports import ReportIdReused, Scored, digest_of, identified

REPORTS = f"/progress/enrollments/{ENROLLMENT}/reports"
PLAN = plan(lesson("intro"), lesson("loops"))
FACTS = {"enrollment": "e-1", "occurred_at": minute(1)}


def test_the_digest_of_a_report_is_the_same_for_ever():
    assert digest_of(started("intro", id="a")) == "d964af6b6ea5"
    facts = {"progress": 0.5, "seconds_spent": 1.0, "clicks": 2, "resume_at": "p"}
    whole = progressed("intro", id="a", **facts)
    assert digest_of(whole) == "8655acae2d61"
    assert digest_of(scored("quiz", raw=1.0, maximum=3.0, id="a")) == "2d8408088eb6"


def test_the_digest_is_of_what_is_said_not_of_how():
    body = b'{"maximum":4.0,"type":"scored","lesson":"q","id":"a","raw":2,"score":null,'
    said = msgspec.json.decode(body + b'"occurred_at":"2026-02-01T09:01:00Z"}', type=Scored)
    assert digest_of(said) == digest_of(scored("q", id="a", raw=2.0, maximum=4.0))


def test_an_id_with_other_content_is_refused_by_name():
    state, _ = reported(opened(), PLAN, progressed("intro", id="1", clicks=1))
    events, answers = decided(
        state, PLAN, progressed("intro", id="1", clicks=2), completed("loops", id="1")
    )
    assert (events, answers) == ([], [ReportIdReused("1"), ReportIdReused("1")])


def test_an_id_given_twice_in_one_call_is_refused_by_name():
    _, answers = decided(opened(), PLAN, started("intro", id="1"), completed("intro", at=2, id="1"))
    assert answers == ["accepted", ReportIdReused("1")]


def test_a_repeat_is_one_though_it_was_dated_to_the_boundary():
    one = started("intro", id="1", occurred_at=minute(0))
    state, _ = reported(opened(), PLAN, one)
    assert decided(state, PLAN, one).answers == ["duplicate"]


def test_what_left_no_event_holds_no_id():
    state, _ = reported(opened(), PLAN, started("intro", id="1"))
    state, (nothing,) = reported(state, PLAN, progressed("intro", at=2, id="2"))
    _, answers = decided(state, PLAN, completed("intro", at=3, id="2"))
    assert (nothing, answers) == ("accepted", ["accepted"])


def test_an_id_of_before_there_were_digests_is_a_duplicate():
    state = after(opened(), [LessonStarted(lesson="intro", report="1", **FACTS)])
    assert decided(state, PLAN, completed("loops", id="1")).answers == ["duplicate"]


def test_reports_that_were_merged_are_known():
    one, other = progressed("intro", id="1", clicks=1), progressed("intro", id="2", clicks=1)
    merged = LessonProgressed(
        lesson="intro", report="1", digest=digest_of(one), merged={"2": digest_of(other)}, clicks=2,
        occurred_at=minute(1),
    )  # fmt: skip
    state = after(opened(), [LessonStarted(lesson="intro", report="0", **FACTS), merged])
    changed = progressed("intro", id="2", clicks=5)
    answers = decided(state, PLAN, one, other, changed).answers
    assert answers == ["duplicate", "duplicate", ReportIdReused("2")]


def test_a_client_stands_before_its_ids():
    one = started("intro", id="1", client="phone")
    assert identified(one, "gateway").id == "phone/1"
    assert identified(started("intro", id="1"), "gateway").id == "gateway/1"
    assert identified(one, None).client is None
    unnamed = started("intro", id="1")
    assert identified(unnamed, None) is unnamed


async def outcomes(school, *reports, **call):
    answer = await school.post(REPORTS, {"reports": msgspec.to_builtins(reports), **call})
    assert answer.status_code == 200, answer.text
    told = answer.json()["results"]
    return [one["outcome"] if "problem" not in one else one["problem"]["type"] for one in told]


async def test_two_devices_number_from_1_and_both_are_heard(school):
    await school.begin()
    phone = progressed("intro", id="1", seconds_spent=10)
    laptop = progressed("intro", id="1", seconds_spent=20)
    assert await outcomes(school, phone, client="phone") == ["accepted"]
    assert await outcomes(school, laptop, client="laptop") == ["accepted"]
    assert await outcomes(school, phone, client="phone") == ["duplicate"]
    named = msgspec.structs.replace(laptop, client="laptop")
    assert await outcomes(school, named) == ["duplicate"]
    view = (await school.get(REPORTS.removesuffix("/reports"))).json()
    assert view["lessons"][0]["seconds_spent"] == 30


async def test_two_devices_without_a_name_are_not_lost_quietly(school):
    await school.begin()
    assert await outcomes(school, progressed("intro", id="1", clicks=1)) == ["accepted"]
    reused = "urn:milepost:problem:report_id_reused"
    assert await outcomes(school, progressed("intro", id="1", clicks=2)) == [reused]
