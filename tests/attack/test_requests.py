"""Requests that cost more to answer than to send."""

import asyncio
import json
from base64 import urlsafe_b64encode
from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from tests.attack.conftest import Undisturbed
from tests.attack.sockets import connections, head
from tests.clients import Client, Running, TransportError, fetch
from tests.eventually import eventually

LARGE = 14 * 1024 * 1024
CHUNKED_BYTES = 6 * 1024 * 1024
QUIZ = {"title": "Quiz", "lessons": [{"id": "quiz", "title": "Quiz", "kind": "quiz", "weight": 1}]}


async def test_the_openapi_document_asked_for_without_end(
    victim: Running, undisturbed: Undisturbed
):
    async def ask() -> None:
        async with victim.connection() as connection:
            for _ in range(100):
                await connection.get("/schema/openapi.json")

    async with undisturbed():
        await asyncio.gather(*(ask() for _ in range(4)))


async def test_large_bodies_of_nobody_in_particular(victim: Running, undisturbed: Undisturbed):
    """A token without any role: refused, before anything is decoded."""
    body = b'{"title":"x","lessons":[' + b'{"id":"a","title":"A"},' * (LARGE // 23) + b"{}]}"
    headers = {"Content-Type": "application/json", **victim.headers("learner", tenant="nowhere")}
    async with undisturbed(), victim.connection() as connection:

        async def send(course: str) -> int:
            path = f"/enrollment/courses/{course}/import"
            with suppress(TransportError):  # hung up on while it was still sending
                return (await connection.post(path, content=body, headers=headers)).status_code
            return 413

        for _ in range(3):
            assert set(await asyncio.gather(send("a"), send("b"))) <= {403, 413}


async def test_a_body_that_arrives_byte_by_byte(
    victim: Running, attacker: Client, undisturbed: Undisturbed
):
    token = f"authorization: {attacker.headers()['Authorization']}"
    first = head(
        *("POST", "/enrollment/courses/slow/import", token),
        *("content-type: application/json", "transfer-encoding: chunked"),
    )
    drop = b"1\r\n \r\n" * 65_536
    async with undisturbed(), connections(victim.http, 1, first) as (connection,):
        with suppress(ConnectionError, TimeoutError):  # it is refused before its end
            for _ in range(CHUNKED_BYTES // 65_536):
                connection.writer.write(drop)
                await asyncio.wait_for(connection.writer.drain(), 30)


@pytest.mark.parametrize(
    "body",
    [
        b'{"reports":' + b"[" * 400_000 + b"]" * 400_000 + b"}",
        b'{"reports":[' + b"{}," * 300_000 + b"{}]}",
        b'{"reports":[{"id":"' + b"\\u0000" * 150_000 + b'"}]}',
        b'{"' + b'a":1,"' * 150_000 + b'":1}',
        b'{"reports":' + b"9" * 900_000 + b"}",
    ],
    ids=["deep", "many", "escapes", "names", "digits"],
)
async def test_bodies_that_are_hard_to_read(
    attacker: Client, undisturbed: Undisturbed, body: bytes
):
    headers = {"Content-Type": "application/json"}
    path = "/progress/enrollments/0123456789abcdef/reports"
    async with undisturbed():
        for _ in range(10):
            answer = await attacker.post(path, content=body, headers=headers)
            assert answer.status_code in (400, 404, 413, 422, 429)


@pytest.mark.timeout(300)
async def test_thousands_of_attempts_dated_backwards(attacker: Client, undisturbed: Undisturbed):
    await attacker.open("endless", course="endless", plan=QUIZ)
    now = datetime.now(UTC)
    long_ago = {"occurred_at": (now - timedelta(days=2)).isoformat()}
    enrollment = (await attacker.enroll("ann", "endless", facts=long_ago)).json()["enrollment"]

    def scored(number: int) -> dict[str, object]:
        at = now - timedelta(milliseconds=number)
        return {
            "type": "scored",
            "id": str(number),
            "lesson": "quiz",
            "score": 0.1,
            "occurred_at": at.isoformat(),
        }

    async with undisturbed():
        for first in range(0, 30_000, 1_000):
            reports = [scored(number) for number in range(first, first + 1_000)]
            answer = await attacker.report(enrollment, *reports, subject="ann", by="learner")
            assert answer.status_code in (200, 409, 429), answer.text
        for _ in range(20):
            seen = await attacker.get(f"/progress/enrollments/{enrollment}")
            assert seen.status_code in (200, 429)


@pytest.mark.timeout(300)
async def test_thirty_thousand_reports_of_one_learner(attacker: Client, undisturbed: Undisturbed):
    """Of every kind and on many lessons, some of them unreadable; nobody else waits 100 ms."""
    lessons = [{"id": f"l-{n}", "title": "L", "kind": "quiz", "weight": 1} for n in range(200)]
    await attacker.open("busy", course="busy", plan={"title": "Busy", "lessons": lessons})
    began = datetime.now(UTC) - timedelta(days=2)
    facts = {"occurred_at": began.isoformat()}
    enrollment = (await attacker.enroll("ann", "busy", facts=facts)).json()["enrollment"]
    kinds: list[dict[str, object]] = [
        {"type": "progressed", "progress": 0.5, "seconds_spent": 5, "resume_at": "p"},
        {"type": "progressed", "clicks": 1},
        {"type": "completed"},
        {"type": "scored", "score": 0.7},
        {"type": "scored", "score": 1.05},
    ]

    def said(number: int) -> dict[str, object]:
        at = began + timedelta(seconds=number * 7919 % 150_000)
        lesson = f"l-{number * 31 % 200}"
        return {"id": str(number), "lesson": lesson, "occurred_at": at.isoformat(),
                **kinds[number % len(kinds)]}  # fmt: skip

    async def send(first: int) -> Counter[str]:
        reports = [said(number) for number in range(first, first + 1_000)]
        answer = await attacker.report(enrollment, *reports, subject="ann", by="learner")
        assert answer.status_code == 200, answer.text
        return Counter(one["outcome"] for one in answer.json()["results"])

    async with undisturbed(at_most_ms=100):
        for first in range(0, 30_000, 1_000):
            assert await send(first) == {"accepted": 800, "refused": 200}
        assert (await send(0))["duplicate"] > 0
        for _ in range(20):
            seen = await attacker.get(f"/progress/enrollments/{enrollment}")
            assert seen.status_code == 200, seen.text


async def test_a_flood_of_one_token(victim: Running, attacker: Client, undisturbed: Undisturbed):
    async def flood() -> set[int]:
        statuses = set()
        async with victim.connection() as connection:
            for _ in range(150):
                answer = await connection.get(
                    "/enrollment/courses/DATA-101", headers=attacker.headers()
                )
                statuses.add(answer.status_code)
        return statuses

    async with undisturbed():
        statuses = set().union(*await asyncio.gather(*(flood() for _ in range(16))))
    assert statuses <= {200, 429}


async def test_a_large_class_list_is_taken_in_beside_the_others(
    attacker: Client, undisturbed: Undisturbed
):
    rows = b"".join(b'{"learner":"l-%d","offering":"spring"}\n' % n for n in range(100_000))
    headers = {"Content-Type": "application/x-ndjson"}
    async with undisturbed():
        sent = await attacker.post("/enrollment/jobs", content=rows, headers=headers)
        assert sent.status_code == 202, sent.text
        await attacker.post(f"/enrollment/jobs/{sent.json()['job']}/cancel", {})


async def test_the_largest_course_beside_the_others(attacker: Client, undisturbed: Undisturbed):
    lessons = [{"id": f"l{n}", "title": "x" * 200} for n in range(2_000)]
    async with undisturbed():
        for number in range(5):
            plan = {"title": "Large", "lessons": lessons}
            answer = await attacker.publish(f"large-{number}", plan)
            assert answer.status_code in (201, 400, 413, 422, 429), answer.text


async def test_methods_and_paths_that_do_not_exist_leave_no_trace(victim: Running):
    async def ask(number: int) -> bytes:
        request = head(f"M{number}", f"/{number}/{number}", "connection: close")
        async with connections(victim.http, 1, request) as (connection,):
            return await connection.reader.read()

    def size() -> int:
        return len(fetch(f"{victim.http}/metrics").content)

    await ask(0)
    before = size()
    for number in range(1, 500):
        await ask(number)
    assert size() < before + 5_000


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "EdDSA", "crit": ["x"]},
        {"alg": "EdDSA", "crit": "x"},
        {"alg": "EdDSA", "kid": "\u0000"},
        {"alg": ["EdDSA"]},
        {"alg": "EdDSA", "b64": False},
        [],
        None,
    ],
    ids=json.dumps,
)
async def test_a_strange_token_is_no_fault_of_the_server(victim: Running, header: object):
    parts = (urlsafe_b64encode(json.dumps(part).encode()) for part in (header, {"sub": "a"}, "sig"))
    token = b".".join(part.rstrip(b"=") for part in parts).decode()
    async with victim.connection() as connection:
        answer = await connection.get(
            "/enrollment/courses/DATA-101", headers={"Authorization": f"Bearer {token}"}
        )
    assert answer.status_code == 401


async def test_the_policies_hear_of_it_all(attacker: Client):
    """After what the tests before did: still at work."""
    entered = await attacker.enroll("after")
    path = f"/progress/enrollments/{entered.json()['enrollment']}"

    async def opened() -> bool:
        return (await attacker.get(path)).status_code == 200

    assert await eventually(opened, within=10)
