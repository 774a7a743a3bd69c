"""A page shows what its reader has just written: it waits for that, and not for long.

    form ── command ──> Milepost-Position ── cookie, some seconds ──> the page that follows

`forms.js` keeps the position. Who has no cookie waits for nothing; after `WAIT_SECONDS` the page is
shown as it is, says so, and loads itself anew for as long as the cookie lives.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import asyncpg

from milepost.dashboards.queries.consistent_read import shows
from milepost.events.projections.read_model import ReadModel
from milepost.pages.shell import BEHIND, PageRequest

COOKIE: Final = "milepost-seen"
DIGITS: Final = 18
WAIT_SECONDS: Final = 3.0


def own_writes(
    pool: asyncpg.Pool, models: Sequence[ReadModel]
) -> Callable[[PageRequest], Awaitable[None]]:
    """For a router's `before_request`."""

    async def wait(request: PageRequest) -> None:
        text = request.cookies.get(COOKIE, "")
        if text.isascii() and text.isdigit() and len(text) <= DIGITS:
            shown = await shows(pool, request.user.tenant, models, int(text), WAIT_SECONDS)
            request.scope["state"][BEHIND] = not shown

    return wait
