"""Milepost with a guard cut out of its source text."""

import importlib.resources
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg
from tests.events.scenarios import Ground

from milepost.events.commands.needs import EndlessNeeds
from milepost.events.log import Log

LOG_SQL = "store/sql/0001_log.sql"
TRANSACTING = (
    "commands/group_commit.py",
    "commands/state_cache.py",
    "commands/needs.py",
    "commands/transact.py",
)
Edits = tuple[tuple[str, str], ...]


class Guard(NamedTuple):
    """`cut` is (text, what stands there instead) in `file`; `scenario` then says `complaint`."""

    file: str
    guard: str
    cut: Edits
    scenario: Callable[[Ground], Awaitable[None]]
    complaint: str


def edited(file: str, edits: Edits) -> str:
    text = (importlib.resources.files("milepost.events") / file).read_text("utf-8")
    for old, new in edits:
        assert old in text, f"{file} has no {old!r}: the table of guards is out of date"
        text = text.replace(old, new)
    return text


@asynccontextmanager
async def scratch_database(postgres: str) -> AsyncIterator[str]:
    """The address of an empty database."""
    name = f"milepost_mutant_{uuid4().hex}"
    await _execute(postgres, f"create database {name}")
    yield urlunsplit(urlsplit(postgres)._replace(path=f"/{name}"))
    await _execute(postgres, f"drop database {name} with (force)")


async def break_log(dsn: str, edits: Edits) -> None:
    """Make this database's log anew, from the edited SQL."""
    await _execute(dsn, f"drop schema if exists log cascade; {edited(LOG_SQL, edits)}")


def broken_transactor(file: str, edits: Edits) -> Callable[[Log], Any]:
    """`Transactor` from these modules, one of which is edited."""
    edited_of = {name: _module(name, edits if name == file else ()) for name in TRANSACTING}
    writer, cache, needs, transact = edited_of.values()
    transact.__dict__.update(GroupCommit=writer.GroupCommit, StateCache=cache.StateCache)
    # What decisions of a test answer stays the class that the test has imported.
    needs.__dict__.update(EndlessNeeds=EndlessNeeds)
    transact.__dict__.update(meet=needs.meet)
    return transact.Transactor  # type: ignore[no-any-return]


def _module(file: str, edits: Edits) -> ModuleType:
    module = ModuleType(f"edited_{Path(file).stem}")
    exec(compile(edited(file, edits), file, "exec"), module.__dict__)
    return module


async def _execute(dsn: str, statements: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(statements)
    finally:
        await connection.close()
