"""A front end enrolls a learner and reports the first lesson in the same breath."""

import asyncio
from datetime import UTC, datetime

import httpx2
from tests.journeys.school import School

COURSE = {
    "title": "Haste",
    "lessons": [{"id": "one", "title": "One"}, {"id": "two", "title": "Two"}],
}


async def enroll_and_report(client: httpx2.AsyncClient, learner: str) -> tuple[int, int, str]:
    enrolled = await client.post(
        "/enrollment/offerings/haste-1/enrollments", json={"learner": learner}
    )
    report = {
        "type": "started",
        "id": "first",
        "lesson": "one",
        "occurred_at": datetime.now(UTC).isoformat(),
    }
    reported = await client.post(
        f"/progress/enrollments/{enrolled.json()['enrollment']}/reports", json={"reports": [report]}
    )
    return enrolled.status_code, reported.status_code, reported.text


async def test_two_hundred_times_and_never_refused(school: School, tenant: str):
    async with school.client("registrar", tenant=tenant) as client:
        published = await client.post("/enrollment/courses/haste/versions", json=COURSE)
        opened = await client.put(
            "/enrollment/offerings/haste-1", json={"course": "haste", "version": 1}
        )
        assert (published.status_code, opened.status_code) == (201, 201)
        answers = []
        for batch in range(20):
            learners = [f"learner-{batch}-{n}" for n in range(10)]
            answers += await asyncio.gather(*(enroll_and_report(client, who) for who in learners))
    assert len(answers) == 200
    for enrolled, reported, text in answers:
        assert (enrolled, reported) == (201, 200), text
        assert "accepted" in text
