"""How models are dealt out to processes; rebuilding in them is tried with the command."""

import asyncio
from multiprocessing import active_children
from pathlib import Path

import pytest
from tests.eventually import eventually

from milepost.events.store.postgres import connect_pool
from milepost.operations.rebuild_processes import dealt, rebuild_in_processes
from milepost.operations.rooms import read_models
from milepost.operations.terminal.errors import Trouble
from milepost.web.settings import Settings


@pytest.mark.parametrize("parts", [1, 2, 3, 99])
def test_each_model_is_rebuilt_by_one_process(parts: int):
    names = sorted(model.name for model in read_models())
    found = dealt(read_models(), parts)
    assert sorted(name for part in found for name in part) == names
    assert len(found) == min(parts, len(names))
    assert all(found)


def test_the_two_that_do_most_are_apart():
    first, second = dealt(read_models(), 2)
    assert ("offering_summary" in first) != ("offering_days" in first)
    assert second


async def test_one_that_is_killed_is_told_of_when_others_have_ended(postgres: str, tmp_path: Path):
    settings, others = Settings(data_dir=tmp_path, postgres=postgres), active_children()
    pool = await connect_pool(postgres, name="holds a rebuild", size=2)
    async with pool.acquire() as connection:
        for model in read_models():
            name = f"rebuild/{model.name}"
            await connection.execute("select pg_advisory_lock(hashtextextended($1, 0))", name)
        rebuilding = asyncio.create_task(rebuild_in_processes(settings, read_models(), 2))
        there = "select exists (select from pg_stat_activity where application_name = $1)"
        await eventually(lambda: pool.fetchval(there, "milepost projections"), 30)
        started = [one for one in active_children() if one not in others]
        max(started, key=lambda one: one.pid or 0).kill()
        await connection.execute("select pg_advisory_unlock_all()")
        with pytest.raises(Trouble, match="goes on"):
            await asyncio.wait_for(rebuilding, 30)
    assert len(started) == 2
    assert active_children() == others
    await pool.close()
