"""Pages, one after the other, as rows."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Protocol, TypeVar

from milepost_client.errors import AnswerUnreadable


class Page(Protocol):
    @property
    def next(self) -> str | None: ...


P = TypeVar("P", bound=Page)
Row = TypeVar("Row")


async def rows(
    page: Callable[[str | None], Awaitable[P]], rows_of: Callable[[P], Sequence[Row]]
) -> AsyncIterator[Row]:
    """Raises `AnswerUnreadable` when a page leads to itself."""
    cursor: str | None = None
    while True:
        found = await page(cursor)
        for row in rows_of(found):
            yield row
        if found.next is None:
            return
        if found.next == cursor:
            raise AnswerUnreadable(f"The page at {cursor} leads to itself.")
        cursor = found.next
