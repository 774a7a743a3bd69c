"""A front end enrolls a learner and reports the first lesson in the same breath."""

import asyncio
from datetime import UTC, datetime

from tests.clients import Client, Running

COURSE = {
    "title": "Haste",
    "lessons": [{"id": "one", "title": "One"}, {"id": "two", "title": "Two"}],
}


async def enroll_and_report(client: Client, learner: str) -> tuple[int, int, str]:
    enrolled = await client.enroll(learner, "haste-1")
    report = {
        "type": "started",
        "id": "first",
        "lesson": "one",
        "occurred_at": datetime.now(UTC).isoformat(),
    }
    reported = await client.report(enrolled.json()["enrollment"], report)
    return enrolled.status_code, reported.status_code, reported.text


async def test_two_hundred_times_and_never_refused(school: Running, tenant: str):
    async with school.client("registrar", tenant=tenant) as client:
        await client.open("haste-1", course="haste", plan=COURSE, version=1)
        answers = []
        for batch in range(20):
            learners = [f"learner-{batch}-{n}" for n in range(10)]
            answers += await asyncio.gather(*(enroll_and_report(client, who) for who in learners))
    assert len(answers) == 200
    for enrolled, reported, text in answers:
        assert (enrolled, reported) == (201, 200), text
        assert "accepted" in text
