import asyncio

import pytest
import structlog.testing

from milepost.events.runtime import cancellation
from milepost.events.runtime.cancellation import cancel_and_wait


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(cancellation, "ASK_AGAIN_SECONDS", 0.01)


async def deaf(times: int) -> None:
    """Lose so many cancellations."""
    while True:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            if not times:
                raise
            times -= 1


async def begun(times: int) -> "asyncio.Task[None]":
    task = asyncio.create_task(deaf(times))
    await asyncio.sleep(0)
    return task


@pytest.mark.parametrize("times", [0, 1, cancellation.ASKED_AT_MOST - 1])
async def test_who_loses_a_cancellation_is_asked_again(times: int):
    tasks = [await begun(times), await begun(0)]
    await cancel_and_wait(*tasks)
    assert all(task.cancelled() for task in tasks)


async def test_who_never_listens_is_left_and_told_of():
    task = await begun(cancellation.ASKED_AT_MOST)
    with structlog.testing.capture_logs() as told:
        await cancel_and_wait(task)
    assert [line["event"] for line in told] == ["task_does_not_end"]
    assert not task.done()
    task.cancel()
    await asyncio.wait([task])


async def test_whoever_ends_us_waits_until_these_have_ended():
    task = await begun(3)
    ender = asyncio.create_task(cancel_and_wait(task))
    await asyncio.sleep(0)
    ender.cancel()
    await asyncio.wait([ender])
    assert ender.cancelled()
    assert task.cancelled()


async def test_what_failed_before_is_not_raised():
    async def fails() -> None:
        raise ValueError

    task = asyncio.create_task(fails())
    await asyncio.wait([task])
    await cancel_and_wait(task)
    assert isinstance(task.exception(), ValueError)
