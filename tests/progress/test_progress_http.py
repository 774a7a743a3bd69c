"""Progress over HTTP: reports in, an overview out, and the right problem otherwise."""

import asyncio
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from tests.progress.conftest import COURSE, ENROLLMENT, WAITLISTED
from tests.progress.given import completed, minute, progressed, scored, started

from milepost.progress import wait_for_opening

PATH = f"/progress/enrollments/{ENROLLMENT}"
REPORTS = f"{PATH}/reports"
TEACHER = {"subject": "ines", "roles": ("instructor",)}


def body(*reports):
    return {"reports": msgspec.to_builtins(reports)}


def problem(response, status, name):
    assert response.status_code == status, response.text
    document = response.json()
    assert document["type"] == f"urn:milepost:problem:{name}"
    return document


async def results(client, headers, *reports):
    response = await client.post(REPORTS, json=body(*reports), headers=headers)
    assert response.status_code == 200, response.text
    return response.json()["results"]


async def test_a_learner_reports_and_sees_it(client, headers, school):
    await school.open()
    sent = [completed("intro", id="a"), progressed("loops", at=2, id="b", clicks=2)]
    response = await client.post(REPORTS, json=body(*sent), headers=headers())
    assert response.status_code == 200
    assert response.json() == {
        "results": [{"id": "a", "outcome": "accepted"}, {"id": "b", "outcome": "accepted"}]
    }
    assert response.headers["Milepost-Position"] == str((await school.log.heads())["north"])
    view = (await client.get(PATH, headers=headers())).json()
    assert view["next"] == {"lesson": "loops", "reason": "started"}
    assert [one["status"] for one in view["lessons"]] == ["done", "started", "open", "open"]


async def test_a_refused_report_has_its_problem_and_the_others_are_taken(client, headers, school):
    await school.open()
    locked, unknown, fine = await results(
        client,
        headers(),
        started("loops", id="a", at=1),
        started("nowhere", id="b", at=1),
        started("intro", id="c", at=2),
    )
    assert locked["outcome"] == unknown["outcome"] == "refused"
    assert fine == {"id": "c", "outcome": "accepted"}
    assert locked["problem"]["type"] == "urn:milepost:problem:lesson_locked"
    assert (locked["problem"]["status"], locked["problem"]["missing"]) == (409, ["intro"])
    assert (unknown["problem"]["status"], unknown["problem"]["lesson"]) == (404, "nowhere")


async def test_a_report_sent_again_is_a_duplicate(client, headers, school):
    await school.open()
    one = progressed("intro", id="a", clicks=3)
    await results(client, headers(), one)
    assert await results(client, headers(), one) == [{"id": "a", "outcome": "duplicate"}]


async def test_a_call_repeated_with_its_idempotency_key_has_the_same_answer(
    client, headers, school
):
    await school.open()
    keyed = headers(**{"Idempotency-Key": "k-1"})
    sent = body(progressed("intro", id="a", clicks=3), started("nowhere", id="b"))
    first = await client.post(REPORTS, json=sent, headers=keyed)
    second = await client.post(REPORTS, json=sent, headers=keyed)
    assert first.json() == second.json()
    assert first.headers["Milepost-Position"] == second.headers["Milepost-Position"]
    other = await client.post(REPORTS, json=body(started("intro")), headers=keyed)
    problem(other, 422, "idempotency_key_reused")


async def test_a_report_before_progress_is_opened_waits_for_it(client, headers, school):
    await school.publish()
    await school.enroll()
    asked = asyncio.create_task(results(client, headers(), started("intro", id="a")))
    await asyncio.sleep(0.4)  # beyond the grace for enrollments that nobody has heard of
    assert not asked.done()
    await school.run_policy()
    assert await asked == [{"id": "a", "outcome": "accepted"}]


async def test_a_report_sent_while_the_enrollment_is_still_being_made_waits_for_it(
    client, headers, school
):
    asked = asyncio.create_task(results(client, headers(), started("intro", id="a")))
    await asyncio.sleep(0.05)
    await school.open()
    assert await asked == [{"id": "a", "outcome": "accepted"}]


async def test_the_wait_for_the_opening_is_bounded(client, headers, school, monkeypatch):
    monkeypatch.setattr(wait_for_opening, "WAIT_SECONDS", 0.3)
    await school.publish()
    await school.enroll()
    answer = await client.post(REPORTS, json=body(started("intro")), headers=headers())
    assert problem(answer, 409, "not_open_yet")["enrollment"] == ENROLLMENT


async def test_an_enrollment_that_nobody_has_heard_of_is_unknown(client, headers):
    for path in (ENROLLMENT, "e%00", "x" * 65, "%2e%2e"):
        answer = await client.get(f"/progress/enrollments/{path}", headers=headers())
        problem(answer, 404, "unknown_enrollment")


async def test_a_learner_on_the_waitlist_is_not_enrolled(client, headers, school):
    await school.enroll(WAITLISTED)
    answer = await client.post(REPORTS, json=body(started("intro")), headers=headers())
    problem(answer, 409, "not_enrolled")


async def test_a_call_in_which_nothing_falls_into_the_enrollment_is_refused(
    client, headers, school
):
    await school.open()
    answer = await client.post(REPORTS, json=body(started("intro", at=-1)), headers=headers())
    document = problem(answer, 409, "not_enrolled")
    assert document["enrolled_at"] == "2026-02-01T09:00:00Z"
    outcomes = await results(client, headers(), started("intro", at=-1), started("intro"))
    assert [one["outcome"] for one in outcomes] == ["refused", "accepted"]


async def test_another_tenants_enrollment_does_not_exist(client, headers, school):
    await school.open()
    answer = await client.get(PATH, headers=headers(tenant="south"))
    problem(answer, 404, "unknown_enrollment")


async def test_a_learner_may_neither_report_nor_see_what_is_somebody_elses(client, headers, school):
    await school.open()
    for answer in (
        await client.post(REPORTS, json=body(started("intro")), headers=headers("bob")),
        await client.get(PATH, headers=headers("bob")),
    ):
        problem(answer, 403, "not_your_own")


async def test_staff_may_see_and_report(client, headers, school):
    await school.open()
    teacher = headers(**TEACHER)
    assert await results(client, teacher, scored("exam", 0.9, id="a")) == [
        {"id": "a", "outcome": "accepted"}
    ]
    assert (await client.get(PATH, headers=teacher)).status_code == 200


async def test_an_operator_may_see_but_not_report(client, headers, school):
    await school.open()
    operator = headers("olga", roles=("operator",))
    assert (await client.get(PATH, headers=operator)).status_code == 200
    answer = await client.post(REPORTS, json=body(started("intro")), headers=operator)
    problem(answer, 403, "role_missing")


async def test_a_learner_scores_quizzes_but_not_exams(client, headers, school):
    await school.open()
    quiz, exam = await results(
        client, headers(), scored("quiz", 0.9, id="a"), scored("exam", 1.0, id="b")
    )
    assert quiz["outcome"] == "accepted"
    assert (exam["outcome"], exam["problem"]["status"]) == ("refused", 403)
    assert exam["problem"]["type"] == "urn:milepost:problem:score_not_yours"


async def test_what_is_yet_to_happen_is_refused_and_changes_nothing(client, headers, school):
    await school.open()
    heads = await school.log.heads()
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    sent = body(started("intro"), started("intro", occurred_at=tomorrow))
    answer = await client.post(REPORTS, json=sent, headers=headers())
    problem(answer, 422, "occurred_in_future")
    assert await school.log.heads() == heads


FINE = msgspec.to_builtins(progressed("intro", id="a"))


@pytest.mark.parametrize(
    ("sent", "path"),
    [
        ({"reports": []}, "$.reports"),
        ({"reports": [FINE] * 1001}, "$.reports"),
        ({"reports": [{**FINE, "progress": 1.5}]}, "$.reports[0].progress"),
        ({"reports": [{**FINE, "progress": "0.5"}]}, "$.reports[0].progress"),
        ({"reports": [{**FINE, "clicks": -1}]}, "$.reports[0].clicks"),
        ({"reports": [{**FINE, "seconds_spent": 1e12}]}, "$.reports[0].seconds_spent"),
        ({"reports": [{**FINE, "id": ""}]}, "$.reports[0].id"),
        ({"reports": [{**FINE, "id": "x" * 65}]}, "$.reports[0].id"),
        ({"reports": [{**FINE, "id": "a\x00"}]}, "$.reports[0].id"),
        ({"reports": [{**FINE, "id": "a\n"}]}, "$.reports[0].id"),
        ({"reports": [{**FINE, "resume_at": "\x00"}]}, "$.reports[0].resume_at"),
        ({"reports": [{**FINE, "occurred_at": "2026-02-01T10:00:00"}]}, "$.reports[0].occurred_at"),
        ({"reports": [{**FINE, "progess": 0.5}]}, "$.reports[0]"),
        ({"reports": [{**FINE, "type": "cheated"}]}, "$.reports[0].type"),
        ({"reports": [{**FINE, "type": "scored"}]}, "$.reports[0]"),
    ],
)
async def test_bad_input_is_refused_with_the_path_of_its_fault(client, headers, school, sent, path):
    await school.open()
    heads = await school.log.heads()
    answer = await client.post(REPORTS, json=sent, headers=headers())
    assert problem(answer, 400, "malformed_request")["path"] == path
    assert await school.log.heads() == heads


async def test_a_moment_with_another_offset_is_stored_in_utc(client, headers, school):
    await school.open()
    away = {**FINE, "clicks": 1, "occurred_at": "2026-02-01T12:30:00+02:00"}
    await client.post(REPORTS, json={"reports": [away]}, headers=headers())
    assert (await school.log.read("north", types=["lesson_progressed"]))[0].occurred_at == minute(
        90
    )


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00"])
async def test_a_moment_before_the_calendar_is_refused(client, headers, school, at):
    await school.open()
    heads = await school.log.heads()
    first = {**FINE, "occurred_at": at}
    answer = await client.post(REPORTS, json={"reports": [first]}, headers=headers())
    problem(answer, 400, "malformed_request")
    assert await school.log.heads() == heads


async def test_an_overview_that_is_known_is_not_sent_again(client, headers, school):
    await school.open()
    first = await client.get(PATH, headers=headers())
    known = headers(**{"If-None-Match": first.headers["ETag"]})
    again = await client.get(PATH, headers=known)
    assert (again.status_code, again.content) == (304, b"")
    await results(client, headers(), started("intro"))
    changed = await client.get(PATH, headers=known)
    assert changed.status_code == 200
    assert changed.headers["ETag"] != first.headers["ETag"]


async def test_a_newer_version_of_the_course_does_not_change_the_plan(client, headers, school):
    await school.open()
    newer = msgspec.structs.replace(COURSE, version=4, lessons=COURSE.lessons[:1])
    await school.publish(newer)
    view = (await client.get(PATH, headers=headers())).json()
    assert (view["version"], len(view["lessons"])) == (3, 4)


async def test_a_course_is_completed_over_http(client, headers, school):
    await school.open()
    sent = [completed("intro", at=1), completed("loops", at=2), scored("exam", 0.8, at=3)]
    await results(client, headers(**TEACHER), *sent)
    [completion] = await school.log.read("north", types=["course_completed"])
    assert msgspec.json.decode(completion.data)["grade"] == 0.6
    view = (await client.get(PATH, headers=headers())).json()
    assert (view["final_grade"], view["completed_at"]) == (0.6, "2026-02-01T09:03:00Z")


async def test_the_routes_are_described(client, headers):
    schema = (await client.get("/schema/openapi.json", headers=headers())).json()
    described = schema["paths"]["/progress/enrollments/{enrollment}/reports"]["post"]
    assert "200" in described["responses"]
    assert {"Started", "Progressed", "Completed", "Scored"} <= set(schema["components"]["schemas"])
