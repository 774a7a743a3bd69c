"""A database in which no projector has run; nothing else is asked of it."""

from typing import Any

import asyncpg


class NoReadModels:
    async def fetch(self, query: str, *_: object) -> list[Any]:
        raise asyncpg.UndefinedTableError(query)


NO_READ_MODELS: Any = NoReadModels()
