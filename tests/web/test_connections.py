"""Connections that cost nothing to open: who says nothing, or half, is hung up on, and told why."""

import asyncio
import socket
from contextlib import AsyncExitStack, suppress
from typing import Any

import pytest
from litestar import Request, post
from tests.attack.sockets import closed, connections, head
from tests.eventually import eventually
from tests.web.test_server import empty, plain, served

from milepost.events.runtime.cancellation import cancel_and_wait
from milepost.web import listener
from milepost.web.admission import LIMITS, Limits
from milepost.web.listener import UNREAD_BYTES, allowed_connections, listen, turn_away_overflow

SHORT = Limits(head_seconds=1, body_seconds=1, stalled_seconds=1)
POST = ("POST", "/notes/a", "content-type: application/json", "content-length: 1000")


def address(client):
    return str(client.base_url)


async def everything(connection):
    """What comes until the server hangs up."""
    return await asyncio.wait_for(connection.reader.read(), 20)


@pytest.mark.parametrize(
    "first",
    [b"", b"P", head(*POST, end=False), head("GET", "/"), b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
    ids=["nothing", "a byte", "half a head", "no second request", "HTTP/2"],
)
async def test_whoever_says_nothing_more_is_hung_up_on(first):
    async with (
        served(plain(empty), limits=SHORT) as (client, _),
        connections(address(client), 3, first) as opened,
    ):
        assert await closed(opened, within=20) == 3


async def test_half_a_body_is_answered_with_408(app, headers, log):
    token = f"authorization: {headers()['Authorization']}"
    first = head(*POST, token) + b'{"lines":'
    async with (
        served(app, limits=SHORT) as (client, _),
        connections(address(client), 1, first) as (connection,),
    ):
        answer = await everything(connection)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"urn:milepost:problem:body_too_slow" in answer
    assert await log.heads() == {}


async def test_a_body_in_drops_is_not_waited_for(app, headers):
    token = f"authorization: {headers()['Authorization']}"
    async with (
        served(app, limits=SHORT) as (client, _),
        connections(address(client), 1, head(*POST, token)) as (connection,),
    ):
        answered = asyncio.create_task(everything(connection))
        drops = 0
        while not answered.done() and drops < 900:
            connection.writer.write(b"[")
            drops += 1
            await asyncio.sleep(0.02)
        assert (await answered).startswith(b"HTTP/1.1 408 ")


async def test_a_body_that_keeps_coming_may_take_longer():
    """A second more for each 4 KiB."""

    @post("/")
    async def size(request: Request[Any, Any, Any]) -> str:
        return str(len(await request.body()))

    async def slowly():
        for _ in range(12):
            yield b"x" * 4096
            await asyncio.sleep(0.2)

    async with served(plain(empty, size), limits=SHORT) as (client, _):
        assert (await client.post("/", content=slowly())).text == str(12 * 4096)


async def test_half_a_body_holds_no_place():
    @post("/")
    async def size(request: Request[Any, Any, Any]) -> str:
        return str(len(await request.body()))

    limits = Limits(requests=1)
    async with (
        served(plain(empty, size), limits=limits) as (client, _),
        connections(address(client), 20, head("POST", "/", "content-length: 9")),
    ):
        await asyncio.sleep(0.3)
        assert (await client.post("/", content=b"whole")).text == "5"


async def test_too_many_requests_at_once_are_told_to_come_again(held, arrived, goes_on):
    async with served(plain(empty, held), limits=Limits(requests=1)) as (client, _):
        asked = asyncio.create_task(client.get("/held"))
        await arrived.wait()
        refused = await client.get("/")
        goes_on.set()
        assert (await asked).text == "done"
        assert (await client.get("/")).status_code == 200
    assert refused.status_code == 503
    assert int(refused.headers["Retry-After"]) > 0
    assert refused.json()["type"] == "urn:milepost:problem:unavailable"


async def test_too_many_connections_are_told_to_come_again():
    ask = head("GET", "/")
    async with served(plain(empty), limits=Limits(connections=10)) as (client, _):
        async with (
            connections(address(client), 50),
            connections(address(client), 5, ask) as more,
        ):
            answers = [await everything(one) for one in more]
        assert (await client.get("/")).status_code == 200
    for answer in answers:
        assert answer.startswith(b"HTTP/1.1 503 ")
        assert b"retry-after: " in answer
        assert b"urn:milepost:problem:unavailable" in answer


@pytest.mark.parametrize(("allowed", "answered"), [(10_000, False), (1, True)])
async def test_a_server_that_is_late_to_accept_is_not_full(allowed, answered, monkeypatch):
    looks = 0

    def somebody_waits(listening):
        nonlocal looks
        looks += 1
        return waits(listening)

    waits = listener._somebody_waits
    monkeypatch.setattr(listener, "_somebody_waits", somebody_waits)
    monkeypatch.setattr(listener, "LOOK_SECONDS", 0.001)
    monkeypatch.setattr(listener, "STUCK_LOOKS", 10_000)
    with (
        listen("127.0.0.1", 0, LIMITS) as listening,
        socket.create_connection(listening.getsockname()) as client,
    ):
        turning_away = asyncio.create_task(turn_away_overflow(listening, allowed))
        await eventually(lambda: looks > 2 * listener.FULL_LOOKS)
        await cancel_and_wait(turning_away)
        assert waits(listening) is not answered  # who was turned away waits no more
        client.settimeout(5)
        assert not answered or client.recv(64).startswith(b"HTTP/1.1 503 ")


async def test_a_reader_that_does_not_read_is_hung_up_on():
    @post("/")
    async def much() -> bytes:
        return b"x" * 30_000_000

    first = head("POST", "/", "content-length: 0")
    async with (
        served(plain(empty, much), limits=SHORT) as (client, _),
        connections(address(client), 1, first) as (connection,),
    ):
        await asyncio.sleep(4)  # the reader's own buffer is full, and nothing empties it
        with suppress(ConnectionError):
            assert len(await everything(connection)) < 30_000_000


def test_of_what_nobody_reads_the_system_takes_little():
    with listen("127.0.0.1", 0, LIMITS) as listener, socket.socket() as reader:
        reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
        reader.connect(listener.getsockname())
        taken, (writer, _) = 0, listener.accept()
        with writer, suppress(BlockingIOError):
            writer.setblocking(False)
            while taken < 100 * UNREAD_BYTES:
                taken += writer.send(bytes(65_536))
        assert taken < 6 * UNREAD_BYTES


@pytest.mark.parametrize("first", [b"", head(*POST), head("GET", "/")])
async def test_connections_that_do_nothing_do_not_keep_it_from_stopping(first):
    async with AsyncExitStack() as stack:
        async with served(plain(empty), shutdown_seconds=30) as (client, _):
            await stack.enter_async_context(connections(address(client), 20, first))
            await asyncio.sleep(0.3)
            began = asyncio.get_running_loop().time()
        assert asyncio.get_running_loop().time() - began < 20


def test_a_process_takes_no_more_connections_than_it_may_have_files():
    assert allowed_connections(10) == 10
    assert allowed_connections(10**9) < 10**9
