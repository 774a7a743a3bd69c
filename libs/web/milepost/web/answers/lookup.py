"""Many of a kind in one read: each is answered by itself, as it would be alone.

    GET /progress/enrollments?enrollment=a&enrollment=b
    {"results": [{"id": "a", "found": {…}}, {"id": "b", "problem": {…, "status": 404}}]}

They come in the order in which they were asked for, each once. A few are read at a time, and
between two the loop is free for others.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Any, Final, TypeAlias, TypeVar

import msgspec
from litestar.params import QueryParameter
from msgspec import Meta

from milepost.contracts.ids import KEY
from milepost.events.event import Refused
from milepost.web.problems import RequestFault, members, problem_of

MAX_IDS: Final = 100
AT_ONCE: Final = 10

LookedUpIds: TypeAlias = Annotated[
    list[Annotated[str, Meta(pattern=KEY)]] | None,
    QueryParameter(max_items=MAX_IDS, description=f"Up to {MAX_IDS}: the parameter is repeated"),
]

T = TypeVar("T")
R = TypeVar("R", bound="Looked")


class Looked(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a read of one would answer: what was `found`, or the `problem` (RFC 9457)."""

    id: str
    problem: dict[str, Any] | None = None


async def look_up_many(
    ids: Sequence[str] | None, read: Callable[[str], Awaitable[T]], result: Callable[..., R]
) -> list[R]:
    """`result` is called with `id`, and `found` or `problem`."""
    asked, results = list(dict.fromkeys(ids or ())), []
    for first in range(0, len(asked), AT_ONCE):
        some = asked[first : first + AT_ONCE]
        results += await asyncio.gather(*(_look_up_one(one, read, result) for one in some))
        await asyncio.sleep(0)
    return results


async def _look_up_one(
    one: str, read: Callable[[str], Awaitable[T]], result: Callable[..., R]
) -> R:
    try:
        found = await read(one)
    except (Refused, RequestFault) as refusal:
        return result(id=one, problem=members(problem_of(refusal)))
    return result(id=one, found=found)
