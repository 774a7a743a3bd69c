"""Processes that write at once, some killed under way: the log is sound and keeps its word."""

import asyncio
import json
import os
import sys
from collections import defaultdict
from pathlib import Path

import pytest
from tests.events.soundness import unsound
from tests.eventually import eventually
from tests.faults.writing import Planned, plan

from milepost.events.store.postgres import PostgresLog

pytestmark = pytest.mark.faults

ROOT = Path(__file__).parents[2]
EVENTS = """select metadata->>'command' as command, array_agg(position order by position) as at,
        array_agg(stream order by position) as streams
    from log.events where tenant = $1 group by 1"""
COMMANDS = "select command_id, first, last from log.commands where tenant = $1"


class Writing:
    """A writer process, and what it was told, command by command."""

    def __init__(self, writer: str, count: int, told: dict[str, set[tuple[int, ...]]]) -> None:
        self.writer = writer
        self.count = count
        self.told = told

    async def start(self, dsn: str, tenant: str) -> None:
        self.process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.faults.writing", dsn, tenant, self.writer, str(self.count),
            stdout=asyncio.subprocess.PIPE, cwd=ROOT, env=os.environ,
        )  # fmt: skip
        self.heard = 0
        self.listening = asyncio.create_task(self._listen())

    async def _listen(self) -> None:
        assert self.process.stdout is not None
        async for line in self.process.stdout:
            if line.endswith(b"\n"):
                name, *positions = line.decode().split()
                self.told[name].add(tuple(map(int, positions)))
                self.heard += 1

    async def kill_after(self, commands: int) -> None:
        await eventually(lambda: self.heard >= commands or self.listening.done(), 120)
        assert self.process.returncode is None, "it was done before it was killed"
        self.end()
        await self.ended()

    def end(self) -> None:
        if self.process.returncode is None:
            self.process.kill()

    async def ended(self) -> int:
        await self.listening
        return await self.process.wait()


async def play(postgres, pool, tenant, count, kills):
    """Four writers; the second is killed again and again and comes back, the third does not."""
    told: dict[str, set[tuple[int, ...]]] = defaultdict(set)
    writers = [Writing(f"writer-{number}", count, told) for number in range(4)]
    try:
        ended = await run(postgres, tenant, writers, kills)
    finally:
        for writer in writers:
            writer.end()
    assert ended == [0, 0, 0]
    planned = {str(p.name): p for writer in writers for p in plan(writer.writer, count)}
    finished = {str(p.name) for number in (0, 1, 3) for p in plan(f"writer-{number}", count)}
    assert finished <= set(told)
    await expect_kept_word(pool, tenant, told, planned)
    assert await unsound(pool, tenant) == []


async def run(postgres, tenant, writers, kills):
    for writer in writers:
        await writer.start(postgres, tenant)
    count = writers[0].count
    third = asyncio.create_task(writers[2].kill_after(count // 3))
    for kill in range(kills):
        await writers[1].kill_after(count // 3 + kill)
        await writers[1].start(postgres, tenant)
    await third
    return [await writers[number].ended() for number in (0, 1, 3)]


async def expect_kept_word(
    pool, tenant, told: dict[str, set[tuple[int, ...]]], planned: dict[str, Planned]
) -> None:
    commands = {
        str(row["command_id"]): tuple(range(row["first"], row["last"] + 1))
        for row in await pool.fetch(COMMANDS, tenant)
    }
    events = {row["command"]: row for row in await pool.fetch(EVENTS, tenant)}
    assert events.keys() == commands.keys()
    for name, positions in told.items():
        assert positions == {commands[name]}, "what was told is what is there, every time"
    for name, row in events.items():
        assert tuple(row["at"]) == commands[name], "once, and in one piece"
        streams = [f"visits-{stream}" for stream in planned[name].streams]
        assert row["streams"] == streams, "whole"
    head = (await PostgresLog(pool).heads())[tenant]
    print(json.dumps({"head": head, "commands": len(commands), "told": len(told)}))


async def test_four_processes_write_at_once_and_two_are_killed(postgres, pool, tenant):
    await play(postgres, pool, tenant, count=400, kills=1)


@pytest.mark.slow
async def test_four_processes_write_for_long_and_are_killed_again_and_again(postgres, pool, tenant):
    await play(postgres, pool, tenant, count=1500, kills=4)
