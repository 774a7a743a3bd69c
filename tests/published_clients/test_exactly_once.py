"""The how-to's programs, as printed, killed between any two steps: each effect is there, once."""

import asyncio
import os
import signal
import sqlite3
import sys
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from itertools import count
from pathlib import Path

import pytest
from tests.docs.pages import DOCS, write_files
from tests.published_clients.node import node
from tests.subscriptions.feed.feed_school import FeedSchool

from milepost.events.store.memory import MemoryLog

__all__ = ["node"]  # a fixture
HERE = Path(__file__).parent
AWARDS = 3


@pytest.fixture
async def env(tmp_path: Path) -> AsyncIterator[Mapping[str, str]]:
    """Of a program in `tmp_path`, where something has been earned and more has happened since."""
    write_files(DOCS / "how-to/exactly-once.md", tmp_path)
    school = FeedSchool(MemoryLog(), tmp_path / "milepost")
    for number in range(AWARDS):
        award = {"credential": f"c-{number}", "learner": f"l-{number}", "achievement": "sql"}
        await school.happens(f"record-l-{number}", "credential_awarded", **award)
        await school.happens(f"course-{number}", "course_published", course=f"{number}")
    async with school.served() as client:
        yield {
            **os.environ,
            "MILEPOST_HTTP": str(client.base_url).rstrip("/"),
            "MILEPOST_TOKEN": school.headers()["Authorization"].removeprefix("Bearer "),
            "PYTHONPATH": str(DOCS.parent / "deploy/clients/python"),
        }


async def done(env: Mapping[str, str], place: Path, *command: str | Path) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=place,
        env=env,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await asyncio.wait_for(process.communicate(), 240)
    assert process.returncode is not None
    return process.returncode, output.decode()


async def killed(env: Mapping[str, str], program: Path, database: str = "sqlite") -> str:
    """Before how many statements it was; or what was wrong then."""
    command = (sys.executable, HERE / "killing.py", program, database, str(AWARDS))
    _, output = await done(env, program.parent, *command)
    return output.splitlines()[-1]


@pytest.mark.servers
async def test_python_and_sqlite(env: Mapping[str, str], tmp_path: Path):
    assert int(await killed(env, tmp_path / "congratulate_sqlite.py")) > 15


@pytest.mark.slow
@pytest.mark.servers
async def test_without_a_transaction_it_is_noticed(env: Mapping[str, str], tmp_path: Path):
    program = tmp_path / "congratulate_sqlite.py"
    begins = 'database.execute("begin immediate")'
    assert begins in program.read_text("utf-8")
    program.write_text(program.read_text("utf-8").replace(begins, "pass"), "utf-8")
    assert f"0 of {AWARDS}" in await killed(env, program)


@pytest.mark.slow
async def test_python_and_postgres(env: Mapping[str, str], tmp_path: Path, postgres: str):
    program = tmp_path / "congratulate_postgres.py"
    assert int(await killed({**env, "DATABASE": postgres}, program, postgres)) > 15


async def test_typescript(env: Mapping[str, str], tmp_path: Path, node: Path):
    database = tmp_path / "congratulations.db"
    command = (node, "--import", HERE / "killing.mjs", "congratulate.ts")
    for step in count(1):
        database.unlink(missing_ok=True)
        code, output = await done({**env, "KILLED_AT": str(step)}, tmp_path, *command)
        assert code in (0, -signal.SIGKILL), output
        if code:
            assert (await done(env, tmp_path, *command))[0] == 0
        with sqlite3.connect(database) as connection:
            found = Counter(connection.execute("select event from congratulations"))
        assert list(found.values()) == [1] * AWARDS, f"killed at step {step}"
        if not code:
            break
    assert step > 10
