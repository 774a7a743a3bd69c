"""Whatever is wrong with a request, the answer says what, and nothing changes."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.clients import Client, Response, Running
from tests.eventually import eventually

COURSE = {"title": "Solid", "lessons": [{"id": "one", "title": "One"}]}
ENROLL = "/enrollment/offerings/solid-1/enrollments"
UNKNOWN = "00000000-0000-5000-8000-000000000000"
FUTURE = (datetime.now(UTC) + timedelta(days=2)).isoformat()


@pytest.fixture
async def prepared(school: Running, tenant: str) -> str:
    async with school.client(tenant=tenant) as client:
        await client.open("solid-1", course="solid", plan=COURSE, version=1)
    return tenant


async def head(school: Running, tenant: str) -> int:
    async with school.client("operator", tenant=tenant) as client:
        return int((await client.get("/dashboards/operations")).json()["head"])


async def answers(client: Client, path: str) -> bool:
    return (await client.get(path)).status_code == 200


def problem(answer: Response, status: int, name: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    said = dict(answer.json())
    assert (said["type"], said["status"]) == (f"urn:milepost:problem:{name}", status)
    assert said["title"]
    assert said["detail"]
    return said


@pytest.mark.parametrize(
    ("path", "request_", "status", "name"),
    [
        (ENROLL, {"content": b'{"learner": '}, 400, "malformed_request"),
        (ENROLL, {"json": {"learner": 7}}, 400, "malformed_request"),
        (ENROLL, {"json": {"learner": "ann", "colour": "red"}}, 400, "malformed_request"),
        (ENROLL, {"json": {}}, 400, "malformed_request"),
        (ENROLL, {"json": ["ann"]}, 400, "malformed_request"),
        (ENROLL, {"json": {"learner": "ann", "occurred_at": "soon"}}, 400, "malformed_request"),
        (
            ENROLL,
            {"json": {"learner": "ann", "occurred_at": "2026-01-01T00:00:00"}},
            400,
            "malformed_request",
        ),
        (ENROLL, {"json": {"learner": "ann", "occurred_at": FUTURE}}, 422, "occurred_in_future"),
        (ENROLL, {"content": b"x" * 10_000_000}, 413, "body_too_large"),
        (
            "/enrollment/offerings/nowhere/enrollments",
            {"json": {"learner": "ann"}},
            404,
            "unknown_offering",
        ),
        (
            f"/enrollment/enrollments/{UNKNOWN}/withdraw",
            {"json": {"reason": "no_time"}},
            404,
            "unknown_enrollment",
        ),
        ("/enrollment/nothing/here", {"json": {}}, 404, "unknown_route"),
        (
            "/credentials/learners/ann/credentials/none/revoke",
            {"json": {"reason": "fraud"}},
            404,
            "not_held",
        ),
    ],
)
async def test_a_faulty_request_is_explained_and_changes_nothing(
    school: Running, prepared: str, path: str, request_: dict[str, Any], *, status: int, name: str
):
    before = await head(school, prepared)
    async with school.client(tenant=prepared) as client:
        headers = {"content-type": "application/json"}
        problem(await client.post(path, headers=headers, **request_), status, name)
    assert await head(school, prepared) == before


async def test_the_path_of_a_wrong_type_is_told(school: Running, prepared: str):
    async with school.client(tenant=prepared) as client:
        body = {"title": "Bad", "lessons": [{"id": "one", "title": "One", "weight": "heavy"}]}
        answer = await client.post("/enrollment/courses/bad/versions", json=body)
    assert problem(answer, 400, "malformed_request")["path"] == "$.lessons[0].weight"


async def test_another_schools_data_does_not_exist(school: Running, prepared: str):
    async with school.client(tenant=prepared) as client:
        enrolled = (await client.post(ENROLL, json={"learner": "ann"})).json()["enrollment"]
        opened = f"/progress/enrollments/{enrolled}"  # by policy, which writes an event
        await eventually(lambda: answers(client, opened))
    before = await head(school, prepared)
    async with school.client(tenant=f"{prepared}-other") as client:
        problem(await client.post(ENROLL, json={"learner": "bob"}), 404, "unknown_offering")
        path = f"/enrollment/enrollments/{enrolled}"
        problem(await client.get(path), 404, "unknown_enrollment")
        withdrawal = await client.post(f"{path}/withdraw", json={"reason": "no_time"})
        problem(withdrawal, 404, "unknown_enrollment")
    assert await head(school, prepared) == before


async def test_an_expired_token_is_not_accepted(school: Running, prepared: str):
    expired = school.headers(tenant=prepared, lifetime=-3600)
    async with school.connection(headers=expired) as connection:
        answer = await connection.post(ENROLL, json={"learner": "ann"})
    problem(answer, 401, "not_authenticated")
    assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_learners_speak_for_themselves_only(school: Running, prepared: str):
    async with school.client("learner", tenant=prepared, subject="bob") as client:
        answer = await client.post(ENROLL, json={"learner": "ann"})
    problem(answer, 403, "not_your_own")
