"""Probes and metrics on a listener of their own: they answer while the main one cannot."""

import asyncio
import time
from contextlib import asynccontextmanager

import pytest
from prometheus_client import CollectorRegistry, Gauge
from tests.attack.sockets import connections
from tests.clients import ConnectError, fetch
from tests.eventually import eventually
from tests.web.test_server import empty, plain, served

from milepost.events.runtime.cancellation import cancel_and_wait
from milepost.operations.local.embedded import free_port
from milepost.web.admission import Limits
from milepost.web.listener import AddressTaken
from milepost.web.probes import STILL_SECONDS, serve_probes
from milepost.web.telemetry.loop_lag import LoopWatch


class Still(LoopWatch):
    """Of a loop that has stood still."""

    def still_seconds(self):
        return STILL_SECONDS + 1


def asks(address, path):
    return asyncio.to_thread(fetch, f"{address}{path}", timeout=10)


@asynccontextmanager
async def probed(watch=None, **ready):
    registry, port, stop = CollectorRegistry(), free_port(0), asyncio.Event()
    Gauge("something", "measured", registry=registry).set(7)
    watch = watch or LoopWatch()
    watching = asyncio.create_task(watch.run())
    serving = asyncio.create_task(
        serve_probes("127.0.0.1", port, stop, watch=watch, ready=ready, registry=registry)
    )
    address = f"http://127.0.0.1:{port}"

    async def answers():
        try:
            return await asks(address, "/health/live")
        except ConnectError:
            return None

    try:
        await eventually(answers)
        yield address
    finally:
        stop.set()
        await serving
        await cancel_and_wait(watching)


async def passes():
    return True


async def test_they_say_what_the_main_listener_says():
    loop, asked = asyncio.get_running_loop(), []

    async def database():
        asked.append(asyncio.get_running_loop())
        return len(asked) > 1

    async with probed(database=database) as address:
        assert (await asks(address, "/health/live")).json() == {"alive": True}
        refused = await asks(address, "/health/ready")
        assert (refused.status_code, refused.json()["failed"]) == (503, ["database"])
        assert (await asks(address, "/health/ready")).status_code == 200
        assert "something 7.0" in (await asks(address, "/metrics")).text
    assert set(asked) == {loop}, "a pool is asked on the loop that it belongs to"


async def test_they_answer_while_the_main_listener_is_full():
    async with (
        served(plain(empty), limits=Limits(connections=5)) as (client, _),
        probed(database=passes) as address,
        connections(str(client.base_url), 50),
    ):
        assert (await asks(address, "/health/ready")).status_code == 200


async def test_they_answer_while_the_loop_is_held():
    async with probed(database=passes) as address:
        live, ready, metrics = (
            asyncio.ensure_future(asks(address, path))
            for path in ("/health/live", "/health/ready", "/metrics")
        )
        await asyncio.sleep(0)
        time.sleep(4)  # noqa: ASYNC251 - it is held
        assert (await live).status_code == 200
        assert (await metrics).status_code == 200
        assert (await ready).status_code == 503, "the database's pool belongs to the held loop"


async def test_a_loop_that_stands_still_is_not_alive():
    async with probed(watch=Still()) as address:
        answer = await asks(address, "/health/live")
    assert (answer.status_code, answer.json()) == (503, {"alive": False})


async def test_a_port_that_is_taken_is_named():
    async with probed() as address:
        port = int(address.rpartition(":")[2])
        with pytest.raises(AddressTaken, match=f"port {port}"):
            await serve_probes(
                "127.0.0.1", port, asyncio.Event(),
                watch=LoopWatch(), ready={}, registry=CollectorRegistry(),
            )  # fmt: skip
