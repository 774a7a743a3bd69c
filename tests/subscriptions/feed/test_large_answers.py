"""Large answers have a bounded room, and a slow reader holds its part of it and no more."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from tests.eventually import eventually
from tests.subscriptions.feed.feed_school import NDJSON, FeedSchool, positions

from milepost.events.runtime.outages import Overloaded
from milepost.events.store.memory import MemoryLog
from milepost.subscriptions.feed import large_answers
from milepost.subscriptions.feed.large_answers import AnswerRoom
from milepost.web.requests.quotas import leave_place

EVENTS, LIMIT = 1_000, 10_000


@pytest.fixture
async def school(tmp_path: Path) -> FeedSchool:
    school = FeedSchool(MemoryLog(), tmp_path)
    for number in range(EVENTS // 10):
        await school.happens(
            f"course-{number}", *["course_published"] * 10, course="r", title="x" * 20_000
        )
    return school


async def test_a_school_has_a_quarter_and_who_leaves_makes_room(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(large_answers, "WAIT_SECONDS", 0.05)
    room, first, second = AnswerRoom(400), dict[str, Any](), dict[str, Any]()
    await room.admit(first, "north", 60)
    with pytest.raises(Overloaded):
        await room.admit(second, "north", 60)
    await room.admit({}, "south", 100)
    await room.admit({}, "east", 100)
    await room.admit({}, "west", 100)
    with pytest.raises(Overloaded):
        await room.admit(second, "other", 60)
    monkeypatch.setattr(large_answers, "WAIT_SECONDS", 10)
    waiting = asyncio.create_task(room.admit(second, "north", 60))
    await asyncio.sleep(0)
    leave_place(first)
    await waiting


async def test_a_large_answer_ends_behind_the_event_that_fills_it(school: FeedSchool):
    async with school.served() as client:
        read: list[int] = []
        while len(read) < EVENTS:
            after = read[-1] if read else 0
            answer = await client.get(
                f"/events?limit={LIMIT}&after={after}", headers=school.headers() | NDJSON
            )
            assert len(answer.content) < large_answers.MAX_BYTES + 21_000
            read += positions(answer)
    assert read == [*range(1, EVENTS + 1)]


async def test_who_does_not_read_is_hung_up_on(school: FeedSchool, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(large_answers, "STALLED_SECONDS", 0.5)
    async with school.served() as client:
        _, writer = await asyncio.open_connection("127.0.0.1", client.base_url.port)
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        token = school.headers()["Authorization"]
        asked = f"GET /events?limit={LIMIT} HTTP/1.1\r\nhost: a\r\nauthorization: {token}\r\n\r\n"
        writer.write(asked.encode())
        await eventually(lambda: school.feed_room._of_tenant)
        await eventually(lambda: not school.feed_room._of_tenant)
        writer.close()
