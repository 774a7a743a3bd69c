"""Serving over real sockets: beginning, ending, and bodies too large to read."""

import asyncio
import socket
import threading
from contextlib import asynccontextmanager, suppress

import pytest
from granian.errors import FatalError
from litestar import Litestar, get
from litestar.response import Stream
from tests.clients import AsyncClient, ConnectError
from tests.eventually import eventually

from milepost.events.runtime.event_loop import run
from milepost.operations.local.embedded import free_port
from milepost.web.answers.head import HeadAsGet
from milepost.web.server import AddressTaken, require_free, serve


@asynccontextmanager
async def served(app, **options):
    port, stop = free_port(0), asyncio.Event()
    serving = asyncio.create_task(serve(app, "127.0.0.1", port, stop, **options))
    async with AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=20) as client:

        async def answers():
            with suppress(ConnectError):
                return await client.get("/")

        assert await eventually(answers) is not None
        try:
            yield client, stop
        finally:
            stop.set()
            await serving


@get("/")
async def empty() -> str:
    return ""


def plain(*handlers, **options):
    return Litestar([*handlers], openapi_config=None, logging_config=None, **options)


async def test_a_command_over_a_real_connection(app, headers):
    async with served(app) as (client, _):
        answer = await client.post("/notes/a", json={"lines": [{"score": 0.5}]}, headers=headers())
    assert (answer.status_code, answer.json()) == (201, {"scores": [0.5]})
    assert answer.headers["Milepost-Position"] == "1"


async def test_head_of_what_does_not_end_leaves_the_connection_for_more():
    async def without_end():
        while True:
            yield b"more"
            await asyncio.sleep(0)

    @get("/endless")
    async def endless() -> Stream:
        return Stream(without_end())

    endless_app = plain(empty, endless)
    endless_app.asgi_handler = HeadAsGet(endless_app.asgi_handler)
    async with served(endless_app) as (client, _):
        for _ in range(3):
            head = await client.head("/endless")
            assert (head.status_code, head.content) == (200, b"")
        assert (await client.get("/")).status_code == 200


async def test_to_look_whether_a_port_is_free_takes_nobody_in():
    port, ended = free_port(0), threading.Event()

    def connects():
        while not ended.is_set():
            with suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port)):
                return True
        return False

    connected = asyncio.create_task(asyncio.to_thread(connects))
    for _ in range(200):
        require_free("127.0.0.1", port)
        await asyncio.sleep(0)
    ended.set()
    assert not await connected


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="there is no IPv6 here")
def test_a_port_of_ipv4_is_none_of_ipv6():
    with socket.create_server(("0.0.0.0", 0)) as taken:
        port = taken.getsockname()[1]
        require_free("::", port)
        with pytest.raises(AddressTaken):
            require_free("0.0.0.0", port)


async def test_ten_megabytes_are_refused_whether_announced_or_not(app, headers, log):
    async def chunks():
        for _ in range(160):
            yield b"[" * 65536

    async with served(app) as (client, _):
        for body in (b"[" * 10_485_760, chunks()):
            answer = await client.post("/notes/a", content=body)
            assert answer.status_code == 401
        for body in (b"[" * 10_485_760, chunks()):
            answer = await client.post("/notes/a", content=body, headers=headers())
            assert answer.status_code == 413
            assert answer.json()["type"] == "urn:milepost:problem:body_too_large"
        alive = await client.get("/health/live")
    assert alive.status_code == 200
    assert await log.heads() == {}


async def test_a_client_that_asks_first_need_not_send_the_body(app, headers):
    async with served(app) as (client, _):
        reader, writer = await asyncio.open_connection("127.0.0.1", client.base_url.port)
        asked = headers(Host="localhost", Expect="100-continue", **{"Content-Length": "10485760"})
        lines = [f"{name}: {value}" for name, value in asked.items()]
        writer.write("\r\n".join(["POST /notes/a HTTP/1.1", *lines, "", ""]).encode())
        status = await asyncio.wait_for(reader.readline(), 3)
        writer.close()
    assert b"413" in status


async def test_requests_under_way_are_finished_before_it_stops(held, arrived, goes_on):
    async with served(plain(held)) as (client, stop):
        asked = asyncio.create_task(client.get("/held"))
        await arrived.wait()
        stop.set()
        await eventually(lambda: closed(client.base_url.port))
        assert not asked.done()
        goes_on.set()
        assert (await asked).text == "done"


async def closed(port):
    """Nobody new is let in."""
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return True
    writer.close()
    return False


async def test_it_does_not_wait_for_ever(held, arrived):
    loop = asyncio.get_running_loop()
    async with served(plain(held), shutdown_seconds=0.5) as (client, stop):
        asked = asyncio.create_task(client.get("/held"))
        await arrived.wait()
        stop.set()
        began = loop.time()
    assert loop.time() - began < 3
    asked.cancel()


async def test_what_is_to_be_closed_is_closed():
    closed = []

    async def close() -> None:
        closed.append(True)

    async with served(plain(empty, on_shutdown=[close])):
        pass
    assert closed == [True]


async def test_a_port_that_is_taken_is_named():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(AddressTaken, match=f"port {port}: Address already in use"):
            await serve(plain(empty), "127.0.0.1", port, asyncio.Event())


async def test_a_second_server_does_not_share_the_port_of_the_first():
    async with served(plain(empty)) as (client, _):
        with pytest.raises(AddressTaken):
            await serve(plain(empty), "127.0.0.1", client.base_url.port, asyncio.Event())


async def test_an_app_that_does_not_start_is_not_served():
    async def fail() -> None:
        raise RuntimeError("no database")

    with pytest.raises(FatalError):
        await serve(plain(empty, on_startup=[fail]), "127.0.0.1", free_port(0), asyncio.Event())


def test_the_loop_is_a_fast_one():
    async def loop_of():
        return type(asyncio.get_running_loop()).__module__

    assert run(loop_of()) == "uvloop"
