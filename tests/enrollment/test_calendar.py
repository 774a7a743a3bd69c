"""Times that Postgres' driver would read back as infinite, or not at all, enter nowhere."""

import pytest
from tests.clients import PLAN, PROGRAM
from tests.enrollment.given import id_of

FILE = {"format": "milepost-course", "format_version": 1, "course": "OLD-1", "title": "Data"}
FIRST, BEFORE = "0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00"
LAST, AFTER = "9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59-14:00"
INFINITE = (FIRST, BEFORE, LAST, AFTER)
FINE = "2998-01-01T00:00:00Z"

SPRING, OFFERING = "/enrollment/offerings/spring", "/enrollment/offerings/autumn"
ANA = f"/enrollment/enrollments/{id_of('ana')}"
REASONED = ("withdraw", "decline", "suspend")
PLAIN = ("approve", "accept", "turn-down", "reinstate")
OCCURRED = (
    ("PUT", "/enrollment/courses/DATA-101", {"title": "Data"}),
    ("POST", "/enrollment/courses/DATA-101/versions", PLAN),
    ("POST", "/enrollment/courses/DATA-101/retire", {}),
    ("POST", "/enrollment/programs/data-analyst/versions", PROGRAM),
    ("POST", "/enrollment/programs/data-analyst/retire", {}),
    ("PUT", OFFERING, {"course": "DATA-101"}),
    ("PATCH", SPRING, {"seats": 5}),
    ("POST", f"{SPRING}/close", {}),
    ("POST", f"{SPRING}/cancel", {"reason": "no_room"}),
    ("POST", f"{SPRING}/invitations", {"email": "ben@example.org", "expires": FINE}),
    ("POST", "/enrollment/invitations/i-1/revoke", {}),
    ("POST", f"{SPRING}/enrollments", {"learner": "ben"}),
    ("POST", f"{SPRING}/enrollments/preview", {"learner": "ben"}),
    ("POST", f"{SPRING}/transfers", {"to": "autumn", "reason": "moved"}),
    *(("POST", f"{ANA}/{step}", {"reason": "moved"}) for step in REASONED),
    *(("POST", f"{ANA}/{step}", {}) for step in PLAIN),
    ("POST", f"{ANA}/mode", {"mode": "verified"}),
    ("POST", f"{ANA}/transfer", {"to": "autumn", "reason": "moved"}),
    ("POST", f"{ANA}/defer", {"to": "autumn", "reason": "moved"}),
)


def problem(response, status, name):
    assert response.status_code == status, response.text
    assert response.json()["type"] == f"urn:milepost:problem:{name}"
    return response.json()


@pytest.mark.parametrize(("method", "path", "body"), OCCURRED)
@pytest.mark.parametrize("at", [FIRST, BEFORE])
async def test_nothing_occurred_before_the_calendar(school, method, path, body, at):
    await school.open()
    await school.enroll("ana")
    before = await school.happened()
    answer = await school.ask(method, path, {**body, "occurred_at": at})
    assert problem(answer, 400, "malformed_request")["field"] == "occurred_at"
    assert await school.happened() == before


@pytest.mark.parametrize("at", INFINITE)
@pytest.mark.parametrize("field", ["window_opens", "window_closes", "starts", "ends"])
async def test_an_offering_has_no_times_outside_the_calendar(school, field, at):
    await school.open()
    answer = await school.put(OFFERING, {"course": "DATA-101", field: at})
    assert problem(answer, 400, "malformed_request")["field"] == field
    problem(await school.get(OFFERING), 404, "unknown_offering")


@pytest.mark.parametrize("at", INFINITE)
@pytest.mark.parametrize("field", ["window_opens", "window_closes", "ends"])
async def test_no_time_of_an_offering_is_changed_to_one_outside_the_calendar(school, field, at):
    await school.open()
    answer = await school.ask("PATCH", SPRING, {field: at})
    assert problem(answer, 400, "malformed_request")["field"] == field
    assert (await school.get(SPRING)).json()[field] is None


@pytest.mark.parametrize("at", INFINITE)
async def test_no_invitation_expires_outside_the_calendar(school, at):
    await school.open()
    before = await school.happened()
    body = {"email": "ben@example.org", "expires": at}
    answer = await school.post(f"{SPRING}/invitations", body)
    assert problem(answer, 400, "malformed_request")["field"] == "expires"
    assert await school.happened() == before


@pytest.mark.parametrize("at", INFINITE)
@pytest.mark.parametrize(
    "route", ["/enrollment/courses/OLD-1/import", "/enrollment/courses/OLD-1/import/validate"]
)
async def test_no_file_tells_of_times_outside_the_calendar(school, route, at):
    published = {**FILE, "versions": [{**PLAN, "version": 1, "published_at": at}]}
    answer = await school.post(route, published)
    said = problem(answer, 400, "malformed_request")
    assert said["path"] == "$.versions[0].published_at"
    answer = await school.post(route, {**FILE, "retired_at": at})
    assert problem(answer, 400, "malformed_request")["path"] == "$.retired_at"
    assert await school.happened() == []


async def test_the_first_and_the_last_day_of_the_calendar_are_kept(school):
    ends = {"starts": "0002-01-01T00:00:00Z", "ends": "9999-12-30T23:59:59.999999Z"}
    await school.open(**ends)
    kept = (await school.get(SPRING)).json()
    assert {name: kept[name] for name in ends} == ends


async def test_no_enrollment_expires_outside_the_calendar(school):
    await school.open(ends=FINE, expires_days=10)
    late = {"course": "DATA-101", "ends": "9999-12-21T00:00:00Z", "expires_days": 10}
    beyond = [{"path": "$.expires_days", "condition": "beyond_the_calendar"}]
    opened = await school.put(OFFERING, late)
    assert problem(opened, 422, "offering_invalid")["faults"] == beyond
    changed = await school.ask("PATCH", SPRING, {"ends": late["ends"]})
    assert problem(changed, 422, "offering_invalid")["faults"] == beyond
    fine = await school.ask("PATCH", SPRING, {"ends": "9999-12-20T23:59:59Z"})
    assert fine.status_code == 200
    assert (await school.enroll("ana")).status_code == 201
