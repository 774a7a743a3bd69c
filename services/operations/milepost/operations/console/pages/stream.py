"""One stream: its events, its state at a version, and what changed between two."""

from collections.abc import Mapping, Sequence

import asyncpg
import msgspec

from milepost.operations.console.events.search import Events, Sought, search
from milepost.operations.console.events.states import Change, changes, last_version, states_at
from milepost.web.problems import Problem, RequestFault


class NotHere(RequestFault):
    """The log has no such stream, or no such position; there is nothing of this number."""

    def problem(self) -> Problem:
        return Problem(
            status=404,
            name="unknown_route",
            title="Unknown route",
            detail="There is nothing at this address.",
        )


class StreamPage(msgspec.Struct, frozen=True, kw_only=True):
    """`state` at `version`; None: nobody can tell. `changes` from `compared` to `version`."""

    stream: str
    last: int
    version: int
    compared: int
    state: Mapping[str, str] | None
    changes: Sequence[Change]
    events: Events


async def read_stream(
    pool: asyncpg.Pool,
    tenant: str,
    stream: str,
    *,
    version: int | None,
    compared: int | None,
    before: int | None,
) -> StreamPage:
    """Raises `NotHere`."""
    last = await last_version(pool, tenant, stream) if stream.isprintable() else 0
    if not last:
        raise NotHere(stream)
    at = min(max(version or last, 1), last)
    other = min(max(at - 1 if compared is None else compared, 0), last)
    earlier, state = await states_at(pool, tenant, stream, (other, at)) or (None, None)
    return StreamPage(
        stream=stream,
        last=last,
        version=at,
        compared=other,
        state=state,
        changes=changes(earlier or {}, state or {}),
        events=await search(pool, tenant, Sought(stream=stream, before=before)),
    )
