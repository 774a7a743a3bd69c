"""The event loop is watched: what holds it is measured, and said in the log."""

import asyncio
import time

import pytest
from structlog.testing import capture_logs
from tests.eventually import eventually
from tests.loop_lag import loop_free, loop_watched

from milepost.events.runtime.cancellation import cancel_and_wait
from milepost.web.telemetry.loop_lag import FOLD_SECONDS, LAG, LoopWatch


def held(seconds):
    """Work, not sleep: the loop's thread is busy."""
    until = time.process_time() + seconds
    while time.process_time() < until:
        pass


def held_longer_than(seconds):
    (metric,) = LAG.collect()
    buckets = {one.labels["le"]: one.value for one in metric.samples if "le" in one.labels}
    return buckets["+Inf"] - buckets[str(seconds)]


@pytest.fixture
async def watching():
    task = asyncio.create_task(LoopWatch().run())
    await asyncio.sleep(0.05)
    yield
    await cancel_and_wait(task)


@pytest.mark.usefixtures("watching")
async def test_a_held_loop_is_measured_and_said_once():
    before, began = held_longer_than(0.1), time.monotonic()
    with capture_logs() as lines:
        for _ in range(3):
            held(0.25)
            await asyncio.sleep(0.05)
        await eventually(lambda: sum(line["times"] for line in lines) >= 3)
    assert held_longer_than(0.1) >= before + 3
    assert {line["event"] for line in lines} == {"loop_held"}
    most = 1 + (time.monotonic() - began) // FOLD_SECONDS  # it may take long on a busy machine
    assert len(lines) <= most
    assert max(line["longest_ms"] for line in lines) >= 200


async def test_the_tests_own_watch_sees_a_held_loop():
    async def hold():
        async with loop_free():
            await asyncio.sleep(0.02)
            held(0.6)

    with pytest.raises(AssertionError, match="the loop was held"):
        await hold()


async def test_the_tests_own_watch_forgives_a_machine_that_stalls():
    async with loop_watched() as watched:
        await asyncio.sleep(0.02)
        time.sleep(0.2)  # noqa: ASYNC251 - as a machine would
    assert watched.longest_ms < 100
