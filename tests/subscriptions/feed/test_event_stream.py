"""`GET /events/stream`: follows from any position, and ends when it should."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.clients import AsyncClient
from tests.eventually import eventually
from tests.subscriptions.feed.feed_school import FeedSchool

from milepost.events.store.memory import MemoryLog
from milepost.subscriptions.feed import event_stream, follower, tail
from milepost.subscriptions.feed.log_pages import LogPages
from milepost.subscriptions.feed.subscriber import Found
from milepost.web.answers import event_sender

ENROLLED = {"learner": "ann", "offering": "spring", "course": "sql"}


@pytest.fixture
async def school(tmp_path: Path) -> FeedSchool:
    school = FeedSchool(MemoryLog(), tmp_path)
    await school.happens("offering-spring", "offering_opened", offering="spring", course="sql")
    for number in range(2, 11):
        await school.happens(f"enrollment-e-{number}", "learner_enrolled", **ENROLLED)
    return school


@pytest.fixture
async def client(school: FeedSchool) -> AsyncIterator[AsyncClient]:
    async with school.served() as client:
        yield client


class Heard:
    """What came so far, as a reader of event streams takes it."""

    def __init__(self) -> None:
        self.positions: list[int] = []
        self.comments: list[str] = []
        self.last_id = ""
        self.ended = False

    def hear(self, block: str) -> None:
        fields = [line.partition(": ") for line in block.splitlines()]
        self.comments += [value for name, _, value in fields if not name.strip(":")]
        told = {name: value for name, _, value in fields}
        self.last_id = told.get("id", self.last_id)
        if "data" in told:
            event = msgspec.json.decode(told["data"])
            assert event["position"] == told["id"]
            assert event["type"] == f"milepost.{told['event']}"
            self.positions.append(int(told["id"]))

    def read(self, text: str) -> str:
        *blocks, rest = text.split("\n\n")
        for block in blocks:
            self.hear(block)
        return rest


@asynccontextmanager
async def stream(
    client: AsyncClient, school: FeedSchool, query: str = "", **headers: str
) -> AsyncIterator[Heard]:
    heard = Heard()
    asked = school.headers() | {name.replace("_", "-"): one for name, one in headers.items()}

    async def listen() -> None:
        async with client.stream("GET", f"/events/stream{query}", headers=asked) as answer:
            assert answer.status_code == 200, await answer.aread()
            assert answer.headers["content-type"] == "text/event-stream"
            assert "content-encoding" not in answer.headers  # it would be held back
            text = ""
            async for more in answer.aiter_text():
                text = heard.read(text + more)
        heard.ended = True

    listening = asyncio.create_task(listen())
    try:
        await eventually(lambda: heard.comments or listening.done())
        yield heard
    finally:
        listening.cancel()
        await asyncio.wait({listening})
        if not listening.cancelled() and (error := listening.exception()):
            raise error


@pytest.mark.parametrize(
    ("query", "headers", "first"),
    [
        ("", {}, 11),
        ("?after=0", {}, 1),
        ("?after=7&offering=spring", {}, 8),
        ("?after=2", {"Last_Event_ID": "9"}, 10),
        ("?since=2020-01-01T00:00:00Z&type=learner_enrolled", {}, 2),
    ],
)
async def test_it_begins_where_it_is_told_and_goes_on(
    school: FeedSchool, client: AsyncClient, query: str, headers: dict[str, str], first: int
):
    async with stream(client, school, query, **headers) as heard:
        await school.happens("course-r", "course_published", course="r")
        await school.happens("enrollment-e-12", "learner_enrolled", **ENROLLED)
        await eventually(lambda: 12 in heard.positions)
    expected = [
        one for one in range(first, 13) if one != 11 or query in ("", "?after=0", "?after=2")
    ]
    assert heard.positions == expected


@pytest.mark.parametrize(
    ("query", "last", "status"),
    [("?after=99", "", 422), ("", "99", 422), ("", "latest", 400), ("?type=nothing", "", 400)],
)
async def test_what_makes_no_sense_is_told_before_it_begins(
    school: FeedSchool, client: AsyncClient, query: str, last: str, status: int
):
    headers = school.headers() | ({"Last-Event-ID": last} if last else {})
    answer = await client.get(f"/events/stream{query}", headers=headers)
    assert (answer.status_code, "urn:milepost:problem:" in answer.text) == (status, True)


async def test_silence_is_broken_and_tells_how_far_the_log_is(
    school: FeedSchool, client: AsyncClient, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(event_stream, "KEEP_ALIVE_SECONDS", 0.05)
    async with stream(client, school, "?type=credential_awarded") as heard:
        await school.happens("course-r", "course_published", course="r")
        await eventually(lambda: heard.last_id == "11")
    assert (heard.positions, heard.comments[-1]) == ([], "nothing new")


async def test_it_ends_with_the_process(school: FeedSchool):
    async with school.served() as client, stream(client, school, "?after=8") as heard:
        await eventually(lambda: heard.positions == [9, 10])
        began = time.monotonic()
        await school.stops()
        await eventually(lambda: heard.ended)
        assert time.monotonic() - began < school.settings.shutdown_seconds
    assert heard.comments[-1] == "this process ends: come back"


async def test_it_ends_with_the_token(
    school: FeedSchool, client: AsyncClient, monkeypatch: pytest.MonkeyPatch
):
    async with stream(client, school) as heard:
        monkeypatch.setattr(time, "time", lambda: 1e12)
        await school.happens("course-r", "course_published", course="r")
        await eventually(lambda: heard.ended)
    assert heard.comments[-1].startswith("the token has expired")


async def test_who_no_longer_teaches_is_told_no_more(school: FeedSchool, client: AsyncClient):
    teaches = {"offering": "spring", "instructor": "ines"}
    await school.happens("instructors-spring", "instructor_assigned", **teaches)
    ines = school.headers("instructor", subject="ines")
    async with stream(client, school, Authorization=ines["Authorization"]) as heard:
        await school.happens("enrollment-e-12", "learner_enrolled", **ENROLLED)
        await eventually(lambda: heard.positions == [12])
        await school.happens("instructors-spring", "instructor_removed", **teaches)
        await school.happens("enrollment-e-14", "learner_enrolled", **ENROLLED)
        # Also behind what the window still has of before.
        async with (
            stream(client, school, "?after=10", **ines) as again,
            stream(client, school, "?after=10") as all_of_it,
        ):
            await eventually(lambda: all_of_it.positions == [12, 14])
            await school.happens("enrollment-e-15", "learner_enrolled", **ENROLLED)
            await eventually(lambda: all_of_it.positions == [12, 14, 15])
        assert again.positions == []
    assert heard.positions == [12]


async def test_a_caller_has_so_many_and_who_leaves_makes_room(
    school: FeedSchool, client: AsyncClient
):
    school.feed_open._of_caller = 2
    async with stream(client, school), stream(client, school):
        refused = await client.get("/events/stream", headers=school.headers())
        assert refused.status_code == 429
        assert refused.json()["type"] == "urn:milepost:problem:too_many_streams"
        other = school.headers(subject="other")
        assert (await client.get("/events?wait=1&after=10", headers=other)).status_code == 200
    await eventually(lambda: not school.feed_open._open)


async def test_who_reads_nothing_costs_little_and_is_hung_up_on(
    school: FeedSchool, client: AsyncClient, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(event_sender, "STALLED_SECONDS", 0.5)
    for number in range(100):
        large = ["course_published"] * 10
        await school.happens(f"course-{number}", *large, course="r", title="x" * 20_000)
    read: list[int] = []
    page = LogPages.page

    async def counted(*asked: Any) -> Found:
        found = await page(*asked)
        read.append(len(found.events))
        return found

    monkeypatch.setattr(LogPages, "page", counted)
    _, writer = await asyncio.open_connection("127.0.0.1", client.base_url.port)
    writer.transport.pause_reading()  # type: ignore[attr-defined]
    token = school.headers()["Authorization"]
    asked = f"GET /events/stream?after=0 HTTP/1.1\r\nhost: a\r\nauthorization: {token}\r\n\r\n"
    writer.write(asked.encode())
    await eventually(lambda: read and not school.feed_open._open)
    writer.close()
    assert sum(read) < 500  # of a thousand; what the system's buffers hold, and a page


async def test_who_is_far_behind_catches_up_and_misses_nothing(
    school: FeedSchool, client: AsyncClient, monkeypatch: pytest.MonkeyPatch
):
    """The window holds next to nothing, while one goes on: all read the log now and then."""
    monkeypatch.setattr(tail, "WINDOW_BYTES", 3_000)
    monkeypatch.setattr(tail, "CHUNK_EVENTS", 3)
    monkeypatch.setattr(follower, "MAX_EVENTS", 4)

    async def write() -> None:
        for number in range(11, 301):
            await school.happens(f"enrollment-e-{number}", "learner_enrolled", **ENROLLED)
            if number % 20 == 0:
                await asyncio.sleep(0.01)

    writing = asyncio.create_task(write())
    async with (
        stream(client, school, "?after=0") as first,
        stream(client, school, "?after=0&learner=ann") as second,
        stream(client, school, "?after=5&type=learner_enrolled") as third,
    ):
        await writing
        await eventually(lambda: all(one.positions[-1:] == [300] for one in (first, second, third)))
    assert first.positions == [*range(1, 301)]
    assert second.positions == [*range(2, 301)]
    assert third.positions == [*range(6, 301)]


async def test_many_who_follow_ask_the_log_no_more_than_one(
    school: FeedSchool, client: AsyncClient, monkeypatch: pytest.MonkeyPatch
):
    school.feed_open._of_caller = 1_000
    reads = 0
    read = MemoryLog.read

    async def counted(*asked, **named):
        nonlocal reads
        reads += 1
        return await read(*asked, **named)

    async with stream(client, school) as one:
        await school.happens("course-a", "course_published", course="a")
        await eventually(lambda: one.positions == [11])
        monkeypatch.setattr(MemoryLog, "read", counted)
        async with stream(client, school) as two, stream(client, school) as three:
            for count in range(1, 9):
                await school.happens("course-r", "course_published", course="r")
                await eventually(lambda: len(two.positions) == len(three.positions) == count)  # noqa: B023 - at once
    assert len(one.positions) == 9
    assert reads == 8
