"""How far an operator's word reaches: a token is of one school, an installation may have many.

What is a school's own, its operators see and do. What all schools share (which generation is shown,
what the doctor says of servers) is theirs only while no other school is there; else it takes the
machine: `milepost projections`, `milepost doctor`.
"""

from typing import Final

import asyncpg

from milepost.events.projections.tables import Connection

ALONE: Final = "select not exists (select from log.heads where head > 0 and tenant <> $1)"


async def is_alone(connection: "Connection | asyncpg.Pool", tenant: str) -> bool:
    """Whether no other school has any events here."""
    return bool(await connection.fetchval(ALONE, tenant))
