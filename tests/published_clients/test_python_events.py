"""The Python client's feed and stream, at a server over a real socket."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.published_clients.conftest import QUICK
from tests.subscriptions.feed.feed_school import FeedSchool

from milepost.events.store.memory import MemoryLog
from milepost.operations.local.embedded import free_port
from milepost.web.server import serve
from milepost_client import AnswerUnreadable, EventFilter, Milepost, NoAnswer, Problem, Retries
from milepost_client.event_data import CredentialAwarded, LearnerEnrolled
from milepost_client.problems import BeyondTheLog
from milepost_client.server_sent import Message, messages

ENROLLED: Mapping[str, Any] = {
    "enrollment": "e",
    "learner": "ann",
    "offering": "spring",
    "course": "sql",
    "version": 1,
}
LEARNERS = EventFilter(types=["learner_enrolled"])
PATIENT = Retries(attempts=30, first_pause_seconds=0.01, longest_pause_seconds=0.2)


@pytest.fixture
async def school(tmp_path: Path) -> FeedSchool:
    school = FeedSchool(MemoryLog(), tmp_path)
    await school.happens("offering-spring", "offering_opened", offering="spring", course="sql")
    for number in range(2, 6):
        await school.happens(f"enrollment-e-{number}", "learner_enrolled", **ENROLLED)
    return school


@asynccontextmanager
async def served(school: FeedSchool, port: int) -> AsyncIterator[Milepost]:
    """Ends as a process does: those who follow are sent away, then nobody listens."""
    stop = asyncio.Event()
    serving = asyncio.create_task(serve(school.app, "127.0.0.1", port, stop))
    try:
        async with school.followed(), client_of(school, port) as client:
            yield client
    finally:
        stop.set()
        await serving


def client_of(school: FeedSchool, port: int, retries: Retries = PATIENT) -> Milepost:
    token = school.headers()["Authorization"].removeprefix("Bearer ")
    return Milepost(f"http://127.0.0.1:{port}", token, retries=retries)


@pytest.fixture
async def milepost(school: FeedSchool) -> AsyncIterator[Milepost]:
    async with served(school, free_port(0)) as client:
        yield client


async def test_the_feed_ends_at_the_end_of_the_log_where_nobody_waits(milepost: Milepost):
    pages = [page async for page in milepost.feed(LEARNERS, limit=3, wait_seconds=0)]
    assert [[event.position for event in page.events] for page in pages] == [[2, 3, 4], [5]]
    assert (pages[-1].position, pages[-1].head) == (5, 5)
    first = pages[0].events[0]
    assert (first.name, first.tenant) == ("learner_enrolled", "north")
    assert first.data == {"type": "learner_enrolled", **ENROLLED}
    assert first.read(LearnerEnrolled).learner == "ann"
    with pytest.raises(AnswerUnreadable, match="learner_enrolled as CredentialAwarded"):
        first.read(CredentialAwarded)
    about = EventFilter(offerings=["spring"], learners=["bob"])
    assert [page.events async for page in milepost.feed(about, wait_seconds=0)] == [[]]


async def test_a_long_poll_hears_what_happens(school: FeedSchool, milepost: Milepost):
    async with aclosing(milepost.feed(LEARNERS, after=5)) as pages:
        asked = asyncio.ensure_future(anext(pages))
        await school.happens("enrollment-e-6", "learner_enrolled", **ENROLLED)
        while not (page := await asked).events:
            asked = asyncio.ensure_future(anext(pages))
    assert ([event.position for event in page.events], page.position) == ([6], 6)


async def test_a_stream_follows_over_the_end_of_its_server(school: FeedSchool, tmp_path: Path):
    port, found = free_port(0), []
    async with (
        client_of(school, port) as client,
        aclosing(client.stream(LEARNERS, after=3)) as told,
    ):
        async with served(school, port):
            found += [(await anext(told)).position, (await anext(told)).position]
            await school.happens("enrollment-e-6", "learner_enrolled", **ENROLLED)
            found.append((await anext(told)).position)
        again = asyncio.ensure_future(anext(told))
        await school.happens("enrollment-e-7", "learner_enrolled", **ENROLLED)
        async with served(FeedSchool(school.log, tmp_path), port):
            found.append((await again).position)
    assert found == [4, 5, 6, 7]


async def test_what_will_not_pass_is_raised(school: FeedSchool, milepost: Milepost):
    with pytest.raises(BeyondTheLog):
        await anext(milepost.feed(after=99))
    with pytest.raises(Problem, match="beyond_the_log"):
        await anext(milepost.stream(after=99))
    async with client_of(school, free_port(0), QUICK) as nowhere:
        with pytest.raises(NoAnswer):
            await anext(nowhere.stream())


async def lines(*text: str) -> AsyncIterator[str]:
    for line in text:
        yield line


async def test_server_sent_events_are_read_as_the_standard_says():
    told = lines(
        "retry: 5", ": hello", "id: 4", "", "data:a", "data: b", "event: x", "", "data", ""
    )
    assert [message async for message in messages(told)] == [
        Message("message", "", "4"),
        Message("x", "a\nb", "4"),
        Message("message", "", "4"),
    ]
    assert [message async for message in messages(lines("id: 5", "data: not whole"))] == []
