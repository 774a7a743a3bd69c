"""What happens in the school while somebody is at a screen, and all the pages that they turn."""

from collections.abc import Sequence
from typing import Any

import asyncpg
from tests.clients import Client
from tests.dashboards.history import Entry, project, record


async def all_pages(
    desk: Client, path: str, rows: str, after: str | None = None, **query: Any
) -> list[Any]:
    found: list[Any] = []
    cursor = {} if after is None else {"cursor": after}
    while True:
        answer = (await desk.get(path, **query, **cursor)).json()
        found.append(answer[rows])
        if answer["next"] is None:
            return found
        cursor = {"cursor": answer["next"]}


async def happens(pool: asyncpg.Pool, tenant: str, *steps: Sequence[Entry]) -> int:
    position = await record(pool, tenant, [entry for step in steps for entry in step])
    await project(pool)
    return position
