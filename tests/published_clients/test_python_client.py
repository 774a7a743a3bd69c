"""The published Python client: what it sends, what it makes of answers, and when it asks again."""

import json
from collections.abc import Awaitable, Callable, MutableMapping
from datetime import UTC, datetime
from typing import Any, cast

import httpx2
import msgspec
import pytest
from litestar import Litestar
from tests.published_clients.conftest import QUICK

from milepost_client import ONCE, AnswerUnreadable, Milepost, NoAnswer, NotSettled, Problem
from milepost_client.problems import (
    IdempotencyKeyReused,
    MalformedRequest,
    NotAuthenticated,
    OfferingFull,
    UnknownOffering,
)
from milepost_client.structs import (
    ChangeOffering,
    Enroll,
    EnrollmentsPage,
    LessonBody,
    OpenOffering,
    PublishCourse,
    ReportLearning,
    Scored,
)

Message = MutableMapping[str, Any]
EARLY = datetime(2026, 1, 1, tzinfo=UTC)
Send = Callable[[Message], Awaitable[None]]
COURSE = PublishCourse(title="SQL", lessons=[LessonBody(id="select", title="SELECT")])


async def opened(milepost: Milepost, **terms: Any) -> None:
    await milepost.publish_course("sql-101", COURSE)
    await milepost.put_offering("spring", OpenOffering(course="sql-101", version=1, **terms))


async def test_commands_and_reads_are_typed(milepost: Milepost):
    published = await milepost.publish_course("sql-101", COURSE)
    assert (published.course, published.version) == ("sql-101", 1)
    offering = await milepost.put_offering("spring", OpenOffering(course="sql-101", version=1))
    enrolled = await milepost.enroll_learner("spring", Enroll(learner="ann"))
    assert (offering.pace, enrolled.state) == ("self_paced", "enrolled")


async def test_null_is_not_nothing_in_a_change(milepost: Milepost):
    closes = datetime(2099, 1, 1, tzinfo=UTC)
    await opened(milepost, seats=5, window_closes=closes)
    changed = await milepost.change_offering("spring", ChangeOffering(seats=6))
    assert changed.window_closes == closes
    changed = await milepost.change_offering("spring", ChangeOffering(window_closes=None))
    assert (changed.window_closes, changed.seats) == (None, 6)


async def test_an_id_may_hold_what_a_path_gives_a_meaning_to(milepost: Milepost):
    await milepost.publish_course("a%2Fb?c#d", COURSE)
    assert (await milepost.read_course("a%2Fb?c#d", version=1)).course == "a%2Fb?c#d"


async def test_a_refusal_is_raised_with_its_facts(milepost: Milepost):
    await opened(milepost, seats=1, waitlist=False)
    await milepost.enroll_learner("spring", Enroll(learner="ann"))
    with pytest.raises(OfferingFull) as full:
        await milepost.enroll_learner("spring", Enroll(learner="bob"))
    assert (full.value.status, full.value.name) == (409, "offering_full")
    assert (full.value.offering, full.value.seats) == ("spring", 1)
    assert full.value.facts == {"offering": "spring", "seats": 1}
    with pytest.raises(UnknownOffering):
        await milepost.get_offering("autumn")
    with pytest.raises(MalformedRequest, match="seats"):
        await milepost.put_offering("summer", OpenOffering(course="sql-101", seats=0))


async def test_a_repeated_key_is_one_command(milepost: Milepost):
    await opened(milepost)
    once = await milepost.enroll_learner("spring", Enroll(learner="ann"), idempotency_key="k")
    twice = await milepost.enroll_learner("spring", Enroll(learner="ann"), idempotency_key="k")
    assert once == twice
    with pytest.raises(IdempotencyKeyReused):
        await milepost.enroll_learner("spring", Enroll(learner="bob"), idempotency_key="k")


class Unsteady:
    """Before the application: fails as told, for each request anew, and notes what it heard."""

    def __init__(self, app: Litestar, *failures: Callable[[Send], Awaitable[None]]) -> None:
        self.app = app
        self.failures = list(failures)
        self.heard: list[dict[str, str]] = []

    async def __call__(self, scope: Any, receive: Any, send: Send) -> None:
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        self.heard.append({"path": scope["path"], **headers})
        if self.failures:
            await self.failures.pop(0)(send)
            return
        await self.app(scope, receive, cast("Any", send))


def answers(status: int, body: bytes, **headers: str) -> Callable[[Send], Awaitable[None]]:
    async def answer(send: Send) -> None:
        sent = [(n.replace("_", "-").encode(), v.encode()) for n, v in headers.items()]
        await send({"type": "http.response.start", "status": status, "headers": sent})
        await send({"type": "http.response.body", "body": body})

    return answer


async def breaks(_: Send) -> None:
    raise httpx2.ReadError("the connection broke")


def problem(name: str) -> bytes:
    return json.dumps({"type": f"urn:milepost:problem:{name}", "title": name}).encode()


BUSY = answers(503, problem("unavailable"), retry_after="0")


def client(app: Unsteady, token: Any, **options: Any) -> Milepost:
    transport = httpx2.ASGITransport(cast("Any", app))
    return Milepost("http://milepost", token, transport=transport, **{"retries": QUICK, **options})


async def test_what_passes_is_asked_again_with_the_same_key(app: Litestar, token: str):
    limited = answers(429, problem("too_many_requests"))
    before = Unsteady(app, BUSY, breaks, limited, answers(502, b"<h1>Bad gateway</h1>"))
    async with client(before, token) as milepost:
        assert (await milepost.publish_course("sql-101", COURSE)).version == 1
    assert len(before.heard) == 5
    assert len({one["idempotency-key"] for one in before.heard}) == 1


async def test_repeats_have_an_end(app: Litestar, token: str):
    before = Unsteady(app, *[breaks] * 20)
    async with client(before, token) as milepost:
        with pytest.raises(NoAnswer, match="the connection broke"):
            await milepost.get_offering("spring")
    assert len(before.heard) == QUICK.attempts


async def test_a_long_pause_is_left_to_the_caller(app: Litestar, token: str):
    before = Unsteady(app, answers(503, problem("vault_locked"), retry_after="3600"))
    async with client(before, token) as milepost:
        with pytest.raises(Problem, match="vault_locked") as refused:
            await milepost.get_offering("spring")
    assert (refused.value.retry_after, len(before.heard)) == (3600, 1)


async def test_what_will_not_pass_is_asked_once(app: Litestar, token: str):
    before = Unsteady(app, answers(500, problem("unexpected")))
    async with client(before, token) as milepost:
        with pytest.raises(Problem, match="unexpected"):
            await milepost.publish_course("sql-101", COURSE)
    async with client(Unsteady(app), "nonsense") as stranger:
        with pytest.raises(NotAuthenticated):
            await stranger.get_offering("spring")
    assert len(before.heard) == 1


async def test_a_read_carries_the_position_of_what_was_done(app: Litestar, token: str):
    shown = answers(200, b'{"position": 1, "as_of": null, "next": null, "enrollments": []}')
    before = Unsteady(app)
    async with client(before, token) as milepost:
        await milepost.publish_course("sql-101", COURSE)
        done = milepost.position
        before.failures = [shown, shown]
        await milepost.list_enrollments()
        milepost.position = 4_711
        await milepost.list_enrollments()
    carried = [one.get("milepost-position") for one in before.heard]
    assert done
    assert carried == [None, str(done), "4711"]


async def test_who_waits_hears_what_has_not_followed_yet(app: Litestar, token: str):
    body = b'{"position": 1, "as_of": null, "next": null, "enrollments": []}'
    told = {"milepost_settled": "true", "milepost_position": "9"}
    late = {"milepost_settled": "false", "milepost_waits_for": "policy/a, policy/b;parked"}
    before = Unsteady(app, answers(200, body, **told), answers(200, body, **late))
    async with client(before, token) as milepost:
        await milepost.settled(3).list_enrollments()
        assert milepost.position == 9
        with pytest.raises(NotSettled, match="waits for policy/a, policy/b") as late_answer:
            await milepost.settled(3).list_enrollments()
    assert (late_answer.value.waits_for, late_answer.value.parked) == (["policy/a"], ["policy/b"])
    assert isinstance(late_answer.value.answer, EnrollmentsPage)
    assert [one.get("prefer") for one in before.heard] == ["wait=3", "wait=3"]


async def test_pages_are_read_to_the_end(app: Litestar, token: str):
    page: dict[str, Any] = {"position": 1, "as_of": None, "enrollments": []}
    pages = [answers(200, json.dumps({**page, "next": then}).encode()) for then in ("b", "c", None)]
    before = Unsteady(app, *pages, pages[0], pages[0])
    async with client(before, token) as milepost:
        assert [row async for row in milepost.all_enrollments(learner="ann")] == []
        assert len(before.heard) == 3
        with pytest.raises(AnswerUnreadable, match="leads to itself"):
            _ = [row async for row in milepost.all_enrollments()]


async def test_a_newer_server_may_say_more(app: Litestar, token: str):
    said = {"enrollment": "e", "offering": "o", "learner": "l", "mode": "m", "state": "frozen"}
    before = Unsteady(
        app,
        answers(200, json.dumps({**said, "place": None, "also": 1}).encode()),
        answers(200, b"{"),
    )
    async with client(before, token, retries=ONCE) as milepost:
        enrolled = await milepost.enroll_learner("spring", Enroll(learner="ann"))
        assert str(enrolled.state) == "frozen"
        with pytest.raises(AnswerUnreadable):
            await milepost.enroll_learner("spring", Enroll(learner="ann"))


async def test_a_token_is_asked_for_each_time(app: Litestar, token: str):
    given = iter([token, "nonsense", token])

    async def fresh() -> str:
        return next(given)

    async with client(Unsteady(app), fresh) as milepost:
        await milepost.publish_course("sql-101", COURSE)
        with pytest.raises(NotAuthenticated):
            await milepost.read_course("sql-101")
        assert (await milepost.read_course("sql-101")).course == "sql-101"


def test_a_variant_says_its_type():
    report = ReportLearning(reports=[Scored(id="1", lesson="x", score=0.9, occurred_at=EARLY)])
    assert b'"type":"scored"' in msgspec.json.encode(report)
