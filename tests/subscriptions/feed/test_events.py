"""`GET /events`: from any position, in bounded answers, nothing missed and nothing twice."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.clients import AsyncClient, connection_to
from tests.subscriptions.feed.feed_school import NDJSON, FeedSchool, positions

from milepost.events.store.memory import MemoryLog

ANN = {"enrollment": "e-ann", "learner": "ann", "offering": "spring", "course": "sql"}


@pytest.fixture
async def school(tmp_path: Path) -> FeedSchool:
    """Positions: 1 opened, 2 enrolled, 3 not published, 4 completed, 5 awarded."""
    school = FeedSchool(MemoryLog(), tmp_path)
    await school.happens("offering-spring", "offering_opened", offering="spring", course="sql")
    await school.happens("enrollment-e-ann", "learner_enrolled", **ANN)
    await school.happens("progress-e-ann", "lesson_progressed", "lesson_completed", lesson="a")
    await school.happens(
        "record-ann",
        "credential_awarded",
        credential="c-1",
        learner="ann",
        achievement="badge",
        evidence=[{"course": "sql", "offering": "spring"}],
        awarded_by="ines",
    )
    return school


@pytest.fixture
async def client(school: FeedSchool) -> AsyncIterator[AsyncClient]:
    async with school.asked() as client:
        yield client


async def test_events_come_as_cloud_events_in_both_forms(school: FeedSchool, client: AsyncClient):
    batch = await client.get("/events", headers=school.headers())
    assert positions(batch) == [1, 2, 4, 5]
    lines = await client.get("/events", headers=school.headers() | NDJSON)
    assert positions(lines) == [1, 2, 4, 5]
    assert batch.headers["content-type"] == "application/cloudevents-batch+json"
    told = batch.json()[-1]
    assert told["type"] == "milepost.credential_awarded"
    assert told["data"]["awarded_by"] == "person"
    for answer in (batch, lines):
        assert answer.headers["Milepost-Position"] == "5"
        assert answer.headers["Milepost-Head"] == "5"


async def test_answers_lead_from_one_to_the_next(school: FeedSchool, client: AsyncClient):
    address, found = "/events?limit=1&course=sql&type=lesson_completed&type=seat_taken", []
    while not address.startswith("/events?after=5"):
        answer = await client.get(address, headers=school.headers())
        found += positions(answer)
        address = answer.headers["Link"].removeprefix("<").removesuffix('>; rel="next"')
    assert (found, "type=lesson_completed" in address) == ([4], True)


@pytest.mark.parametrize(
    ("asked", "found", "reached"),
    [
        ("after=2", [4, 5], 5),
        ("after=2&limit=1", [4], 4),
        ("after=5", [], 5),
        ("type=course_published", [], 5),
        ("learner=ann", [2, 4, 5], 5),
        ("learner=ben", [], 5),
        ("achievement=badge&achievement=other", [5], 5),
        ("offering=spring&type=credential_awarded&type=offering_opened", [1, 5], 5),
        ("since=2020-01-01T00:00:00Z", [1, 2, 4, 5], 5),
    ],
)
async def test_it_begins_and_picks_as_asked(
    school: FeedSchool, client: AsyncClient, asked: str, found: list[int], reached: int
):
    answer = await client.get(f"/events?{asked}", headers=school.headers())
    assert (positions(answer), answer.headers["Milepost-Position"]) == (found, str(reached))


@pytest.mark.parametrize(
    ("asked", "status", "says"),
    [
        ("type=credential_won", 400, "credential_awarded"),
        ("type=lesson_progressed", 400, "credential_awarded"),
        ("after=6", 422, "beyond_the_log"),
        ("after=-1", 400, "after"),
        ("after=1&since=2020-01-01T00:00:00Z", 400, "not both"),
        ("since=2020-01-01", 400, "UTC offset"),
        ("since=9999-01-01T00:00:00Z", 422, "since"),
        ("limit=10001", 400, "limit"),
        ("wait=31", 400, "wait"),
        ("course=", 400, "course"),
        ("cours=sql", 400, "cours"),
        ("&".join(f"learner=l-{number}" for number in range(101)), 400, "learner"),
    ],
)
async def test_what_makes_no_sense_is_told_so(
    school: FeedSchool, client: AsyncClient, asked: str, status: int, says: str
):
    answer = await client.get(f"/events?{asked}", headers=school.headers())
    assert (answer.status_code, says in answer.text) == (status, True), answer.text


async def test_since_begins_with_what_was_taken_at_that_time(
    school: FeedSchool, client: AsyncClient
):
    fourth = (await school.log.read("north", 3, 1))[0].recorded_at
    headers = school.headers()
    answer = await client.get("/events", params={"since": fourth.isoformat()}, headers=headers)
    log = {one.position: one for one in await school.log.read("north")}
    assert positions(answer) == [p for p in (1, 2, 4, 5) if log[p].recorded_at >= fourth]


@pytest.mark.parametrize(
    ("role", "subject", "found"),
    [
        ("auditor", "audra", [1, 2, 4, 5]),
        ("learner", "ann", [2, 4, 5]),
        ("learner", "ben", []),
        ("instructor", "ines", [1, 2, 4, 5]),
        ("instructor", "ivo", []),
    ],
)
async def test_each_is_told_what_is_theirs_to_see(
    school: FeedSchool, client: AsyncClient, role: str, subject: str, found: list[int]
):
    await school.happens(
        "instructors-spring", "instructor_assigned", offering="spring", instructor="ines"
    )
    answer = await client.get("/events", headers=school.headers(role, subject=subject))
    assert (positions(answer), answer.headers["Milepost-Position"]) == (found, "6")


async def test_another_school_has_a_log_of_its_own(school: FeedSchool, client: AsyncClient):
    south = school.headers(tenant="south")
    assert positions(await client.get("/events", headers=south)) == []
    await school.happens("course-r", "course_published", tenant="south", course="r")
    assert positions(await client.get("/events", headers=south)) == [1]
    assert (await client.get("/events?after=2", headers=south)).status_code == 422


async def test_without_a_role_nothing_is_told(school: FeedSchool, client: AsyncClient):
    assert (await client.get("/events", headers=school.headers("janitor"))).status_code == 403
    ben = school.headers("learner", subject="ben")
    assert (await client.get("/events?learner=ann", headers=ben)).status_code == 403
    assert (await client.get("/events/stream?learner=ann", headers=ben)).status_code == 403


async def test_who_waits_has_the_event_when_it_happens(school: FeedSchool, client: AsyncClient):
    asked = [
        asyncio.create_task(client.get(f"/events?wait=30&after=5&{what}", headers=headers))
        for what, headers in (
            ("", school.headers()),
            ("type=credential_revoked", school.headers()),
            ("", school.headers("learner", subject="ann")),
        )
    ]
    await asyncio.sleep(0.05)
    await school.happens("course-r", "course_published", course="r")
    named = {"credential": "c-1", "learner": "ann", "achievement": "badge"}
    await school.happens("record-ann", "credential_revoked", **named)
    first, *others = await asyncio.gather(*asked)
    assert positions(first)[0] == 6
    assert [positions(one) for one in others] == [[7], [7]]


async def test_who_waits_in_vain_is_told_how_far(school: FeedSchool, client: AsyncClient):
    asked = client.get("/events?wait=1&after=5&type=seat_taken", headers=school.headers())
    waiting = asyncio.create_task(asked)
    await asyncio.sleep(0.05)
    await school.happens("course-r", "course_published", course="r")
    answer = await waiting
    assert (positions(answer), answer.headers["Milepost-Position"]) == ([], "6")


async def test_a_process_that_ends_keeps_nobody_waiting(school: FeedSchool):
    async with connection_to(school.app) as client:
        asked = client.get("/events?wait=30&after=5", headers=school.headers())
        async with school.followed():
            waiting = asyncio.create_task(asked)
            await asyncio.sleep(0.05)
        answer = await asyncio.wait_for(waiting, 10)
    assert (positions(answer), answer.headers["Milepost-Position"]) == ([], "5")
