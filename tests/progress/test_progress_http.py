"""Progress over HTTP: reports in, an overview out, and the right problem otherwise."""

import asyncio
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from tests.clocks import Clock
from tests.eventually import eventually
from tests.progress.conftest import COURSE, ENROLLED, ENROLLMENT, WAITLISTED
from tests.progress.given import completed, minute, progressed, scored, started

from milepost.progress import wait_for_opening

PATH = f"/progress/enrollments/{ENROLLMENT}"
REPORTS = f"{PATH}/reports"
TEACHER = {"subject": "ines", "by": "instructor"}


def body(*reports):
    return {"reports": msgspec.to_builtins(reports)}


def problem(response, status, name):
    assert response.status_code == status, response.text
    document = response.json()
    assert document["type"] == f"urn:milepost:problem:{name}"
    return document


async def results(school, *reports, **whose):
    response = await school.post(REPORTS, body(*reports), **whose)
    assert response.status_code == 200, response.text
    return response.json()["results"]


async def test_a_learner_reports_and_sees_it(school):
    await school.begin()
    sent = [completed("intro", id="a"), progressed("loops", at=2, id="b", clicks=2)]
    response = await school.post(REPORTS, body(*sent))
    assert response.status_code == 200
    assert response.json() == {
        "results": [{"id": "a", "outcome": "accepted"}, {"id": "b", "outcome": "accepted"}]
    }
    assert response.headers["Milepost-Position"] == str(
        (await school.transactor.log.heads())["north"]
    )
    view = (await school.get(PATH)).json()
    assert view["next"] == {"lesson": "loops", "reason": "started"}
    assert [one["status"] for one in view["lessons"]] == ["done", "started", "open", "open"]


async def test_a_refused_report_has_its_problem_and_the_others_are_taken(school):
    await school.begin()
    locked, unknown, fine = await results(
        school,
        started("loops", id="a", at=1),
        started("nowhere", id="b", at=1),
        started("intro", id="c", at=2),
    )
    assert locked["outcome"] == unknown["outcome"] == "refused"
    assert fine == {"id": "c", "outcome": "accepted"}
    assert locked["problem"]["type"] == "urn:milepost:problem:lesson_locked"
    assert (locked["problem"]["status"], locked["problem"]["missing"]) == (409, ["intro"])
    assert (unknown["problem"]["status"], unknown["problem"]["lesson"]) == (404, "nowhere")


async def test_a_report_sent_again_is_a_duplicate(school):
    await school.begin()
    one = progressed("intro", id="a", clicks=3)
    await results(school, one)
    assert await results(school, one) == [{"id": "a", "outcome": "duplicate"}]


async def test_a_call_repeated_with_its_idempotency_key_has_the_same_answer(school):
    await school.begin()
    sent = body(progressed("intro", id="a", clicks=3), started("nowhere", id="b"))
    first = await school.post(REPORTS, sent, key="k-1")
    second = await school.post(REPORTS, sent, key="k-1")
    assert first.json() == second.json()
    assert first.headers["Milepost-Position"] == second.headers["Milepost-Position"]
    other = await school.post(REPORTS, body(started("intro")), key="k-1")
    problem(other, 422, "idempotency_key_reused")


@pytest.fixture
def clock(monkeypatch):
    """What the wait for the opening is measured by."""
    clock = Clock(0.0)
    monkeypatch.setattr(wait_for_opening, "monotonic", clock)
    return clock


async def test_a_report_before_progress_is_opened_waits_for_it(school, clock):
    await school.write(COURSE)
    await school.write(ENROLLED)
    asked = asyncio.create_task(results(school, started("intro", id="a")))
    await eventually(clock.looked_at(2))
    clock.now = wait_for_opening.GRACE_SECONDS + 0.1  # for enrollments that nobody has heard of
    await eventually(clock.looked_at(2))
    assert not asked.done()
    await school.policies_hear()
    assert await asked == [{"id": "a", "outcome": "accepted"}]


async def test_a_report_sent_while_the_enrollment_is_still_being_made_waits_for_it(school, clock):
    asked = asyncio.create_task(results(school, started("intro", id="a")))
    await eventually(clock.looked_at(3))
    await school.begin()
    assert await asked == [{"id": "a", "outcome": "accepted"}]


async def test_the_wait_for_the_opening_is_bounded(school, monkeypatch):
    monkeypatch.setattr(wait_for_opening, "WAIT_SECONDS", 0.3)
    await school.write(COURSE)
    await school.write(ENROLLED)
    answer = await school.post(REPORTS, body(started("intro")))
    assert problem(answer, 409, "not_open_yet")["enrollment"] == ENROLLMENT


async def test_an_enrollment_that_nobody_has_heard_of_is_unknown(school):
    for path in (ENROLLMENT, "e%00", "x" * 65, "%2e%2e"):
        answer = await school.get(f"/progress/enrollments/{path}")
        problem(answer, 404, "unknown_enrollment")


async def test_a_learner_on_the_waitlist_is_not_enrolled(school):
    await school.write(WAITLISTED)
    answer = await school.post(REPORTS, body(started("intro")))
    problem(answer, 409, "not_enrolled")


async def test_what_does_not_fall_into_the_enrollment_is_refused_by_itself(school):
    await school.begin()
    for sent in ([started("intro", at=-6)], [started("intro", at=-6), started("intro")]):
        first, *others = await results(school, *sent)
        assert first["problem"]["type"] == "urn:milepost:problem:not_enrolled"
        assert first["problem"]["enrolled_at"] == "2026-02-01T09:00:00Z"
        assert [one["outcome"] for one in others] == ["accepted"] * len(others)


async def test_another_tenants_enrollment_does_not_exist(school):
    await school.begin()
    answer = await school.get(PATH, tenant="south")
    problem(answer, 404, "unknown_enrollment")


async def test_a_learner_may_neither_report_nor_see_what_is_somebody_elses(school):
    await school.begin()
    for answer in (
        await school.post(REPORTS, body(started("intro")), subject="bob"),
        await school.get(PATH, subject="bob"),
    ):
        problem(answer, 404, "unknown_enrollment")


async def test_staff_may_see_and_report(school):
    await school.begin()
    assert await results(school, scored("exam", 0.9, id="a"), **TEACHER) == [
        {"id": "a", "outcome": "accepted"}
    ]
    assert (await school.get(PATH, **TEACHER)).status_code == 200


async def test_an_operator_may_see_but_not_report(school):
    await school.begin()
    operator = {"subject": "olga", "by": "operator"}
    assert (await school.get(PATH, **operator)).status_code == 200
    answer = await school.post(REPORTS, body(started("intro")), **operator)
    problem(answer, 403, "role_missing")


async def test_a_learner_scores_quizzes_but_not_exams(school):
    await school.begin()
    quiz, exam = await results(school, scored("quiz", 0.9, id="a"), scored("exam", 1.0, id="b"))
    assert quiz["outcome"] == "accepted"
    assert (exam["outcome"], exam["problem"]["status"]) == ("refused", 403)
    assert exam["problem"]["type"] == "urn:milepost:problem:score_not_yours"


async def test_what_is_yet_to_happen_is_refused_by_itself(school, calendar):
    await school.begin()
    tomorrow = calendar.now + timedelta(days=1)
    fine, early = await results(
        school, started("intro"), started("intro", occurred_at=tomorrow), by="learner"
    )
    assert fine["outcome"] == "accepted"
    assert early["problem"]["type"] == "urn:milepost:problem:occurred_in_future"
    assert early["problem"]["latest"] == "2026-02-02T09:05:00Z"


FINE = msgspec.to_builtins(progressed("intro", id="a"))


@pytest.mark.parametrize(
    ("sent", "path"),
    [
        ({"reports": []}, "$.reports"),
        ({"reports": [FINE] * 1001}, "$.reports"),
        ({"reports": FINE}, "$.reports"),
        ({}, "$"),
        ([FINE], "$"),
        ({"reports": [FINE], "reason": "why_not"}, "$.reason"),
        ({"reports": [FINE], "client": "a/b"}, "$.client"),
        ({"reports": [FINE], "rapports": []}, "$"),
        ({"reports": [{**FINE, "clicks": -1}], "reason": 1}, "$.reason"),
    ],
)
async def test_a_call_that_is_none_is_refused_with_the_path_of_its_fault(school, sent, path):
    await school.begin()
    heads = await school.transactor.log.heads()
    answer = await school.post(REPORTS, sent)
    assert problem(answer, 400, "malformed_request")["path"] == path
    assert await school.transactor.log.heads() == heads


QUIZ = msgspec.to_builtins(scored("quiz", 0.5, id="a"))
RAW = {name: QUIZ[name] for name in QUIZ.keys() - {"score"}}
# What is wrong with a report, as JSON, and in which part of it.
FAULTY: list[tuple[Any, str | None]] = [
    ({**FINE, "progress": 1.5}, ".progress"),
    ({**FINE, "progress": "0.5"}, ".progress"),
    ({**FINE, "clicks": -1}, ".clicks"),
    ({**FINE, "seconds_spent": -0.5}, ".seconds_spent"),
    ({**FINE, "seconds_spent": 10_000_001}, ".seconds_spent"),
    ({**FINE, "seconds_spent": 1e12}, ".seconds_spent"),
    ({**FINE, "resume_at": "\x00"}, ".resume_at"),
    ({**FINE, "occurred_at": "2026-02-01T10:00:00"}, ".occurred_at"),
    ({**FINE, "occurred_at": "0001-01-01T00:00:00Z"}, ".occurred_at"),
    ({**FINE, "occurred_at": "0001-01-01T00:00:00+14:00"}, ".occurred_at"),
    ({**FINE, "occurred_at": "9999-12-31T00:00:00Z"}, None),
    ({**FINE, "occurred_at": "2026-02-02T09:15:00Z"}, None),
    ({**FINE, "progess": 0.5}, ""),
    ({**FINE, "type": "cheated"}, ".type"),
    ({**FINE, "type": "scored"}, ""),
    ({**FINE, "client": "a b"}, ".client"),
    ({**QUIZ, "score": 1.05}, ""),
    ({**QUIZ, "score": 1.0000000000000002}, ""),
    ({**RAW, "raw": 21, "maximum": 20}, ""),
    ({**RAW, "raw": 21, "maximum": 0}, ""),
    ({**FINE, "id": ""}, ".id"),
    ({**FINE, "id": "x" * 65}, ".id"),
    ({**FINE, "id": "a\n"}, ".id"),
    ({**FINE, "id": 7}, ".id"),
    ({name: FINE[name] for name in FINE.keys() - {"id"}}, ""),
    ("a report", ""),
    (None, ""),
    ([FINE], ""),
]


async def test_whatever_is_wrong_with_one_report_the_others_are_taken(school):
    await school.begin()
    sent: list[Any] = [
        {**FINE, "id": f"good-{n}", "seconds_spent": 1} for n in range(len(FAULTY) + 1)
    ]
    for index, (faulty, _) in enumerate(FAULTY):
        sent.insert(2 * index + 1, faulty)
    answer = await school.post(REPORTS, {"reports": sent})
    assert answer.status_code == 200, answer.text
    told = answer.json()["results"]
    assert len(told) == len(sent)
    assert told[::2] == [{"id": f"good-{n}", "outcome": "accepted"} for n in range(len(FAULTY) + 1)]
    for index, (faulty, place) in enumerate(FAULTY):
        one = told[2 * index + 1]
        assert one["outcome"] == "refused", faulty
        given = faulty.get("id") if isinstance(faulty, dict) else None
        assert one.get("id") == (given[:64] if isinstance(given, str) else None)
        if place is None:
            assert one["problem"]["type"] == "urn:milepost:problem:occurred_in_future"
            continue
        assert one["problem"]["type"] == "urn:milepost:problem:malformed_request"
        assert one["problem"]["path"] == f"$.reports[{2 * index + 1}]{place}", one
    view = (await school.get(PATH)).json()
    assert view["lessons"][0]["seconds_spent"] == len(FAULTY) + 1


async def test_a_number_that_no_computer_holds_is_one_report_s_fault(school):
    await school.begin()
    huge = msgspec.json.encode({"reports": [{**FINE, "clicks": 999}, FINE]}).replace(
        b"999", b"1e999"
    )
    headers = {"Content-Type": "application/json"}
    answer = await school.post(REPORTS, content=huge, headers=headers)
    assert [one["outcome"] for one in answer.json()["results"]] == ["refused", "accepted"]


async def test_a_moment_with_another_offset_is_stored_in_utc(school):
    await school.begin()
    away = {**FINE, "clicks": 1, "occurred_at": "2026-02-01T12:30:00+02:00"}
    await school.post(REPORTS, {"reports": [away]})
    assert (await school.transactor.log.read("north", types=["lesson_progressed"]))[
        0
    ].occurred_at == minute(90)


async def test_an_overview_that_is_known_is_not_sent_again(school):
    await school.begin()
    first = await school.get(PATH)
    known = first.headers["ETag"]
    again = await school.get(PATH, etag=known)
    assert (again.status_code, again.content) == (304, b"")
    await results(school, started("intro"))
    changed = await school.get(PATH, etag=known)
    assert changed.status_code == 200
    assert changed.headers["ETag"] != first.headers["ETag"]


async def test_an_overview_that_time_alone_has_changed_is_sent_again(school, calendar):
    (intro, *others) = COURSE.lessons
    due = msgspec.structs.replace(intro, due_day=2)
    await school.begin(msgspec.structs.replace(COURSE, lessons=(due, *others)))
    first = await school.get(PATH)
    assert first.json()["pace"]["status"] == "on_track"
    calendar.now = minute(2 * 24 * 60)
    known = first.headers["ETag"]
    assert (await school.get(PATH, etag=known)).status_code == 304
    calendar.now = minute(2 * 24 * 60 + 1)
    changed = await school.get(PATH, etag=known)
    assert changed.status_code == 200
    view = changed.json()
    assert view["pace"] == {"status": "behind", "overdue": ["intro"], "next_due_at": None}
    assert view["next"] == {"lesson": "intro", "reason": "required"}


async def test_a_newer_version_of_the_course_does_not_change_the_plan(school):
    await school.begin()
    newer = msgspec.structs.replace(COURSE, version=4, lessons=COURSE.lessons[:1])
    await school.write(newer)
    view = (await school.get(PATH)).json()
    assert (view["version"], len(view["lessons"])) == (3, 4)


async def test_a_course_is_completed_over_http(school):
    await school.begin()
    sent = [completed("intro", at=1), completed("loops", at=2), scored("exam", 0.8, at=3)]
    await results(school, *sent, **TEACHER)
    [completion] = await school.transactor.log.read("north", types=["course_completed"])
    assert msgspec.json.decode(completion.data)["grade"] == 0.6
    view = (await school.get(PATH)).json()
    assert (view["final_grade"], view["completed_at"]) == (0.6, "2026-02-01T09:03:00Z")


async def test_the_routes_are_described(school):
    schema = (await school.get("/schema/openapi.json")).json()
    described = schema["paths"]["/progress/enrollments/{enrollment}/reports"]["post"]
    assert "200" in described["responses"]
    assert {"Started", "Progressed", "Completed", "Scored"} <= set(schema["components"]["schemas"])
