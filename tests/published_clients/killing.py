"""`python killing.py PROGRAM DATABASE EFFECTS`: killed before its first statement, its second, ….

After each death the program runs again, to the end of the log. Then so many effects must be there,
each once. `DATABASE` is a Postgres, or `sqlite`. Forks: what is imported need not be again.
"""

import ast
import asyncio
import os
import signal
import sqlite3
import sys
from collections import Counter
from itertools import count
from pathlib import Path
from types import CodeType
from typing import Any

import asyncpg
import httpx2

from milepost_client import Milepost

EFFECTS = "select event from congratulations"
TABLES = ("place", "congratulations")


class Steps(ast.NodeTransformer):
    """A call before each statement of a function."""

    def generic_visit(self, node: ast.AST) -> ast.AST:
        super().generic_visit(node)
        for field in ("body", "orelse", "handlers", "finalbody"):
            found = getattr(node, field, None)
            if isinstance(found, list) and not isinstance(node, ast.Module | ast.Try):
                setattr(node, field, [one for old in found for one in (STEP, old)])
        return node


STEP = ast.parse("step()").body[0]


def compiled(program: str) -> CodeType:
    tree = Steps().visit(ast.parse(Path(program).read_text("utf-8")))
    return compile(ast.fix_missing_locations(tree), program, "exec")


def run(code: CodeType, killed_at: int | None) -> bool:
    """Whether it came to its end; else it was killed before its so manieth statement."""
    child = os.fork()
    if not child:
        steps = count(1)

        def step() -> None:
            if next(steps) == killed_at:
                os.kill(os.getpid(), signal.SIGKILL)

        # Whom to trust is read anew from the system by each client: a fifth of a second.
        plain = httpx2.AsyncHTTPTransport(verify=False)
        default(Milepost.__init__, transport=plain)
        exec(code, {"__name__": "__main__", "step": step})
        os._exit(0)
    _, status = os.waitpid(child, 0)
    ended = os.waitstatus_to_exitcode(status)
    assert ended in ((0, -signal.SIGKILL) if killed_at else (0,)), f"it ended with {ended}"
    return ended == 0


def default(method: Any, **values: object) -> None:
    """What the program has no need to say."""
    method.__kwdefaults__.update(values)


class Sqlite:
    place = Path("congratulations.db")

    def forget(self) -> None:
        for path in Path().glob(f"{self.place}*"):
            path.unlink()

    def effects(self) -> list[str]:
        with sqlite3.connect(self.place) as database:
            return [event for (event,) in database.execute(EFFECTS)]


class Postgres:
    def __init__(self, address: str) -> None:
        self.address = address

    def forget(self) -> None:
        self._asked(*(f"drop table if exists {table}" for table in TABLES))

    def effects(self) -> list[str]:
        return [event for (event,) in self._asked(EFFECTS)]

    def _asked(self, *statements: str) -> list[Any]:
        async def ask() -> list[Any]:
            connection = await asyncpg.connect(self.address)
            try:
                return [row for one in statements for row in await connection.fetch(one)]
            finally:
                await connection.close()

        return asyncio.run(ask())


def main(program: str, where: str, wanted: int) -> None:
    database, code = Sqlite() if where == "sqlite" else Postgres(where), compiled(program)
    default(Milepost.feed, wait_seconds=0)  # it ends where the log does
    for step in count(1):
        database.forget()
        ended = run(code, step)
        if not ended:
            run(code, None)
        found = Counter(database.effects())
        assert len(found) == wanted, f"killed at step {step}: {len(found)} of {wanted}"
        assert set(found.values()) == {1}, f"killed at step {step}: {found}"
        if ended:
            print(step - 1)
            return


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
