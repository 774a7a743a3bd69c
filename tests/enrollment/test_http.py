import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from tests.clients import PLAN
from tests.enrollment.given import id_of

KEY = "one-and-the-same"


def hours_from_now(hours):
    return (datetime.now(UTC) + timedelta(hours=hours)).isoformat()


def problem(response, status, name):
    assert response.status_code == status, response.text
    assert response.headers["content-type"].startswith("application/problem+json")
    assert response.json()["type"] == f"urn:milepost:problem:{name}"
    return response.json()


async def test_a_course_is_drafted_published_read_and_retired(school):
    drafted = await school.put("/enrollment/courses/DATA-101", {"title": "Data"})
    assert (drafted.status_code, drafted.json()["version"]) == (200, 0)
    published = await school.publish()
    assert (published.status_code, published.json()["version"]) == (201, 1)
    assert published.headers["milepost-position"] == "2"
    course = (await school.get("/enrollment/courses/DATA-101", by="learner")).json()
    assert course["plan"]["lessons"][1]["weight"] == 1.0
    assert course["plan"]["lessons"][0]["move_on"] == "Completed"
    retired = await school.post("/enrollment/courses/DATA-101/retire")
    assert retired.json() == {"course": "DATA-101", "version": 1, "retired": True}
    problem(
        await school.publish(),
        409,
        "already_retired",
    )
    assert await school.happened() == ["course_drafted", "course_published", "course_retired"]


async def test_what_is_created_is_found_at_its_location(school):
    answers = [
        await school.publish(),
        await school.put("/enrollment/offerings/spring", {"course": "DATA-101", "version": 1}),
        await school.enroll("ana", "spring"),
    ]
    for created in answers:
        assert created.status_code == 201
        assert (await school.get(created.headers["Location"])).status_code == 200
    again = await school.publish()
    assert (again.status_code, "Location" in again.headers) == (200, False)


async def test_the_same_plan_is_not_published_twice_and_a_new_one_is_the_next_version(school):
    await school.publish()
    again = await school.publish()
    assert (again.status_code, again.json()["version"]) == (200, 1)
    changed = await school.post(
        "/enrollment/courses/DATA-101/versions", {**PLAN, "title": "Data II"}
    )
    assert (changed.status_code, changed.json()["version"]) == (201, 2)
    first = (await school.get("/enrollment/courses/DATA-101?version=1")).json()
    assert (first["title"], first["plan"]["title"], first["latest_version"]) == (
        "Data II",
        "Data",
        2,
    )
    for number in (3, 0):
        missing = await school.get(f"/enrollment/courses/DATA-101?version={number}")
        assert problem(missing, 404, "unknown_course_version")["latest"] == 2


async def test_a_plan_without_sense_is_refused_with_all_its_faults(school):
    lessons = [
        {"id": "a", "title": "A", "weight": -1},
        {"id": "a", "title": "B", "prerequisites": ["z"]},
    ]
    refused = await school.post(
        "/enrollment/courses/X/versions", {"title": "X", "lessons": lessons}
    )
    assert problem(refused, 422, "plan_invalid")["faults"] == [
        {"path": "$.lessons[0].weight", "condition": "negative"},
        {"path": "$.lessons[1].id", "condition": "duplicate"},
        {"path": "$.lessons[1].prerequisites[0]", "condition": "unknown_lesson"},
    ]
    assert await school.happened() == []


async def test_an_offering_is_opened_once_read_and_closed(school):
    await school.open(seats=2)
    again = await school.put("/enrollment/offerings/spring", {"course": "DATA-101", "seats": 2})
    assert again.status_code == 200
    other = await school.put("/enrollment/offerings/spring", {"course": "DATA-101", "seats": 3})
    problem(other, 409, "offering_already_open")
    await school.enroll("ana")
    offering = (await school.get("/enrollment/offerings/spring", by="instructor")).json()
    assert (offering["seats"], offering["seats_taken"], offering["waiting"]) == (2, 1, 0)
    closed = await school.post("/enrollment/offerings/spring/close")
    assert closed.json()["closed_at"] is not None
    problem(await school.enroll("ben"), 409, "offering_already_closed")


async def test_an_offering_needs_a_published_version(school):
    unknown = await school.put("/enrollment/offerings/spring", {"course": "DATA-101"})
    problem(unknown, 404, "unknown_course")
    await school.publish()
    later = await school.put("/enrollment/offerings/spring", {"course": "DATA-101", "version": 2})
    problem(later, 404, "unknown_course_version")


async def test_seats_are_taken_then_one_waits_and_a_withdrawal_passes_the_seat_on(school):
    await school.open(seats=1)
    first = await school.enroll("ana")
    assert first.status_code == 201
    assert first.json() == {
        "enrollment": id_of("ana"),
        "offering": "spring",
        "learner": "ana",
        "mode": "audit",
        "state": "enrolled",
        "place": None,
    }
    await school.enroll("ben", facts={"mode": "verified"})
    third = (await school.enroll("cleo")).json()
    assert (third["state"], third["place"]) == ("waitlisted", 2)

    left = await school.withdraw(id_of("ana"))
    assert (left.status_code, left.json()["state"]) == (200, "withdrawn")
    await school.policies_hear()
    await school.policies_hear()
    second = (await school.get(f"/enrollment/enrollments/{id_of('ben')}")).json()
    assert (second["state"], second["mode"], second["place"]) == ("enrolled", "verified", None)
    assert [one["event"] for one in second["history"]] == ["learner_waitlisted", "learner_enrolled"]
    third = (await school.get(f"/enrollment/enrollments/{id_of('cleo')}")).json()
    assert (third["state"], third["place"]) == ("waitlisted", 1)


async def test_the_history_tells_when_it_happened_and_when_it_was_recorded(school):
    await school.open()
    await school.enroll("ana", facts={"occurred_at": "2026-01-05T09:00:00+01:00"})
    await school.withdraw(id_of("ana"), facts={"occurred_at": "2026-02-05T09:00:00Z"})
    seen = (await school.get(f"/enrollment/enrollments/{id_of('ana')}")).json()
    assert (seen["state"], seen["withdrawal_reason"]) == ("withdrawn", "no_time")
    assert [one["occurred_at"] for one in seen["history"]] == [
        "2026-01-05T08:00:00Z",
        "2026-02-05T09:00:00Z",
    ]
    assert all(one["recorded_at"] > one["occurred_at"] for one in seen["history"])
    problem(await school.withdraw(id_of("ana")), 409, "already_withdrawn")
    again = await school.enroll("ana")
    assert (again.status_code, again.json()["state"]) == (201, "enrolled")


async def test_the_window_is_judged_when_it_happened(school):
    await school.open(window_opens="2026-01-10T00:00:00Z", window_closes="2026-01-20T00:00:00Z")
    early = await school.enroll("ana", facts={"occurred_at": "2026-01-09T23:59:59Z"})
    problem(early, 409, "window_not_open")
    late = await school.enroll("ana", facts={"occurred_at": "2026-01-20T00:00:00Z"})
    assert problem(late, 409, "window_closed")["closed_at"] == "2026-01-20T00:00:00Z"
    fine = await school.enroll("ana", facts={"occurred_at": "2026-01-19T23:59:59Z"})
    assert fine.status_code == 201


async def test_without_a_waitlist_it_is_full(school):
    await school.open(seats=1, waitlist=False)
    await school.enroll("ana")
    assert problem(await school.enroll("ben"), 409, "offering_full")["seats"] == 1


async def test_enrolling_again_changes_nothing(school):
    await school.open(seats=1)
    await school.enroll("ana")
    before = await school.happened()
    again = await school.enroll("ana")
    assert (again.status_code, again.json()["state"]) == (200, "enrolled")
    assert await school.happened() == before


async def test_a_repeated_request_is_answered_as_the_first_one(school):
    await school.open()
    first = await school.enroll("ana", key=KEY)
    again = await school.enroll("ana", key=KEY)
    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["milepost-position"] == first.headers["milepost-position"]
    left = await school.withdraw(id_of("ana"), key=KEY)
    again = await school.withdraw(id_of("ana"), key=KEY)
    assert (again.status_code, again.json()) == (200, left.json())
    problem(await school.enroll("ben", key=KEY), 422, "idempotency_key_reused")


async def test_a_version_published_by_a_repeated_request_is_told_again(school):
    path = "/enrollment/courses/DATA-101/versions"
    await school.post(path, PLAN, key=KEY)
    await school.post(path, {**PLAN, "title": "Data II"})
    again = await school.post(path, PLAN, key=KEY)
    assert (again.status_code, again.json()["version"]) == (201, 1)


async def test_fifty_at_once_take_ten_seats_and_the_rest_wait_in_order(school):
    await school.open(seats=10)
    learners = [f"learner-{number}" for number in range(50)]
    answers = await asyncio.gather(*(school.enroll(learner) for learner in learners))
    states = [answer.json()["state"] for answer in answers]
    assert (states.count("enrolled"), states.count("waitlisted")) == (10, 40)
    joined = [
        recorded.data
        for recorded in await school.transactor.log.read_stream(school.tenant, "offering-spring")
        if recorded.type == "waitlist_joined"
    ]
    places = {answer.json()["learner"]: answer.json()["place"] for answer in answers}
    waiting = sorted((place, name) for name, place in places.items() if place)
    assert len(joined) == 40
    for data, (_, name) in zip(joined, waiting, strict=True):
        assert f'"{name}"'.encode() in data


async def test_a_reader_who_has_the_latest_is_told_so(school):
    await school.open(seats=1)
    await school.enroll("ana")
    await school.enroll("ben")
    for path in (
        "/enrollment/courses/DATA-101",
        "/enrollment/offerings/spring",
        f"/enrollment/enrollments/{id_of('ben')}",
    ):
        first = await school.get(path)
        again = await school.get(path, etag=f'"x", W/{first.headers["etag"]}')
        assert (again.status_code, again.content) == (304, b"")
    waiting = (await school.get(f"/enrollment/enrollments/{id_of('ben')}")).headers["etag"]
    await school.enroll("cleo")
    later = await school.get(f"/enrollment/enrollments/{id_of('ben')}", etag=waiting)
    assert later.status_code == 200


@pytest.mark.parametrize("role", ["learner", "instructor", "issuer"])
async def test_only_who_keeps_the_catalog_changes_it(school, role):
    for method, path, body in (
        ("PUT", "/enrollment/courses/X", {"title": "X"}),
        ("POST", "/enrollment/courses/X/versions", PLAN),
        ("POST", "/enrollment/courses/X/retire", {}),
        ("PUT", "/enrollment/offerings/x", {"course": "X"}),
        ("POST", "/enrollment/offerings/x/close", {}),
    ):
        problem(await school.ask(method, path, body, by=role), 403, "role_missing")


async def test_a_clock_that_is_a_little_ahead_keeps_nobody_from_leaving(school):
    await school.open()
    ahead = (datetime.now(UTC) + timedelta(seconds=240)).isoformat()
    assert (await school.enroll("ana", facts={"occurred_at": ahead})).status_code == 201
    left = await school.withdraw(id_of("ana"))
    assert (left.status_code, left.json()["state"]) == (200, "withdrawn")
    back = await school.enroll("ana")
    assert (back.status_code, back.json()["state"]) == (201, "enrolled")


async def test_learners_enroll_read_and_withdraw_themselves_only(school):
    await school.open()
    ana = {"by": "learner", "subject": "ana"}
    ben = {"by": "learner", "subject": "ben"}
    own = f"/enrollment/enrollments/{id_of('ana')}"
    problem(await school.enroll("ana", **ben), 403, "not_your_own")
    assert (await school.enroll("ana", **ana)).status_code == 201
    assert (await school.get(own, **ana)).status_code == 200
    hidden = problem(await school.get(own, **ben), 404, "unknown_enrollment")
    assert "ana" not in str(hidden)
    problem(await school.withdraw(id_of("ana"), **ben), 404, "unknown_enrollment")
    assert (await school.get(own, by="operator")).status_code == 200
    assert (await school.withdraw(id_of("ana"), **ana)).status_code == 200


async def test_learners_do_not_say_that_it_happened_long_ago(school):
    await school.open(window_closes=hours_from_now(-1))
    ana = {"by": "learner", "subject": "ana", "facts": {"occurred_at": hours_from_now(-2)}}
    problem(await school.enroll("ana", **ana), 403, "may_not_backdate")
    assert (await school.enroll("ana", **{**ana, "by": "service"})).status_code == 201
    problem(await school.withdraw(id_of("ana"), **ana), 403, "may_not_backdate")


async def test_another_tenant_does_not_exist(school):
    await school.open()
    await school.enroll("ana")
    elsewhere = {"tenant": "elsewhere"}
    problem(await school.get("/enrollment/courses/DATA-101", **elsewhere), 404, "unknown_course")
    problem(
        await school.get("/enrollment/offerings/spring", **elsewhere),
        404,
        "unknown_offering",
    )
    own = f"/enrollment/enrollments/{id_of('ana')}"
    problem(await school.get(own, **elsewhere), 404, "unknown_enrollment")
    problem(await school.enroll("ana", **elsewhere), 404, "unknown_offering")
    problem(await school.withdraw(id_of("ana"), **elsewhere), 404, "unknown_enrollment")
    assert await school.happened("elsewhere") == []


@pytest.mark.parametrize(
    ("method", "path", "body", "fault"),
    [
        ("POST", "/enrollment/offerings/spring/enrollments", {}, "$"),
        ("POST", "/enrollment/offerings/spring/enrollments", {"learner": 5}, "$.learner"),
        ("POST", "/enrollment/offerings/spring/enrollments", {"learner": "a b"}, "$.learner"),
        ("POST", "/enrollment/offerings/spring/enrollments", {"learner": "ana\n"}, "$.learner"),
        ("POST", "/enrollment/offerings/spring/enrollments", {"learner": "a" * 129}, "$.learner"),
        (
            "POST",
            "/enrollment/offerings/spring/enrollments",
            {"learner": "ana", "mode": "vip"},
            "$.mode",
        ),
        (
            "POST",
            "/enrollment/offerings/spring/enrollments",
            {"learner": "ana", "occurred_at": "2026-01-01T00:00:00"},
            "$.occurred_at",
        ),
        ("POST", "/enrollment/offerings/spring/enrollments", {"learner": "ana", "seat": 1}, "$"),
        ("POST", "/enrollment/enrollments/x/withdraw", {"reason": "I had no time"}, "$.reason"),
        ("PUT", "/enrollment/offerings/autumn", {"course": "DATA-101", "seats": 0}, "$.seats"),
        ("PUT", "/enrollment/offerings/autumn", {"course": "DATA-101", "seats": "5"}, "$.seats"),
        ("PUT", "/enrollment/offerings/autumn", {"course": "../x"}, "$.course"),
        ("PUT", "/enrollment/courses/X", {"title": ""}, "$.title"),
        ("POST", "/enrollment/courses/X/versions", {"title": "X", "lessons": []}, "$.lessons"),
        (
            "POST",
            "/enrollment/courses/X/versions",
            {"title": "X", "lessons": [{"id": "a", "title": "A", "wieght": 1}]},
            "$.lessons[0]",
        ),
    ],
)
async def test_bad_input_is_refused_with_its_path_and_changes_nothing(
    school, method, path, body, fault
):
    await school.open()
    before = await school.happened()
    assert problem(await school.ask(method, path, body), 400, "malformed_request")["path"] == fault
    assert await school.happened() == before


@pytest.mark.parametrize(
    "path",
    [
        "/enrollment/courses/a%20b",
        "/enrollment/offerings/x%0A",
        f"/enrollment/offerings/{'x' * 129}",
    ],
)
async def test_an_id_that_cannot_be_is_refused(school, path):
    problem(await school.get(path), 400, "malformed_request")


async def test_the_future_has_not_happened_yet(school):
    await school.open()
    body = {"occurred_at": hours_from_now(1)}
    problem(await school.enroll("ana", facts=body), 422, "occurred_in_future")
    problem(
        await school.post("/enrollment/offerings/spring/close", body),
        422,
        "occurred_in_future",
    )


async def test_the_service_describes_itself(school):
    schema = (await school.connection.get("/schema/openapi.json")).json()
    enroll = schema["paths"]["/enrollment/offerings/{offering}/enrollments"]["post"]
    refused = enroll["responses"]["409"]["content"]["application/problem+json"]["examples"]
    assert refused["offering_full"]["value"]["seats"] == 50
    body = schema["components"]["schemas"]["Enroll"]
    assert body["properties"]["learner"]["examples"] == ["learner-4711"]
