"""Sign-out reaches every process: what ended here is refused everywhere within five seconds.

A session is a signed token and stored nowhere; one that has ended is a row until it would have
ended by itself. Each process asks for the new rows every two seconds, whoever is signed in: no
request waits for the database because of it, but a process that starts asks before it serves.
"""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Final

import asyncpg
import structlog

from milepost.events.runtime.outages import UNAVAILABLE
from milepost.web.auth.session import SessionEnds, Sessions

ASK_SECONDS: Final = 2.0
BEGIN_SECONDS: Final = 10.0
# A row is seen late by as much as its transaction took.
OVERLAP: Final = timedelta(seconds=30)
MOST_AT_ONCE: Final = 10_000

_END: Final = """insert into sessions.ended (id, expires_at) values ($1, $2)
    on conflict do nothing"""
_CLEAN: Final = """delete from sessions.ended where id in (
    select id from sessions.ended where expires_at < now() - interval '1 minute' limit 100)"""
_SINCE: Final = """select id, expires_at, ended_at from sessions.ended
    where ended_at >= $1 and expires_at > now() order by ended_at limit $2"""

_log = structlog.get_logger()


class EndedSessions:
    """`run` keeps `sessions` of this process up to date."""

    def __init__(self, pool: asyncpg.Pool, sessions: Sessions) -> None:
        self._pool = pool
        self._sessions = sessions
        self._since = datetime.fromtimestamp(0, UTC)

    async def end(self, session: SessionEnds) -> None:
        """It is refused here at once, and elsewhere soon. Ending it twice is no fault."""
        ends = datetime.fromtimestamp(session.expires_at, UTC)
        await self._pool.execute(_END, session.id, ends)
        self._sessions.end(session)
        await self._pool.execute(_CLEAN)

    async def begin(self) -> None:
        """Ask before anything is served. A database that is away is asked by `run` later."""
        with suppress(*UNAVAILABLE, TimeoutError):
            await asyncio.wait_for(self.ask(), BEGIN_SECONDS)

    async def run(self) -> None:
        """Until it is canceled; a database that is away is asked again."""
        while True:
            try:
                await self.ask()
            except UNAVAILABLE as fault:
                _log.warning("ended_sessions_unknown", fault=repr(fault))
            await asyncio.sleep(ASK_SECONDS)

    async def ask(self) -> None:
        """All that ended since it was asked last."""
        while await self._page() == MOST_AT_ONCE:
            pass

    async def _page(self) -> int:
        rows = await self._pool.fetch(_SINCE, self._since, MOST_AT_ONCE)
        for row in rows:
            self._sessions.end(SessionEnds(row["id"], row["expires_at"].timestamp()))
        if rows:
            latest = rows[-1]["ended_at"]
            self._since = latest if len(rows) == MOST_AT_ONCE else latest - OVERLAP
        return len(rows)
