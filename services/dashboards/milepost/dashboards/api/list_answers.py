"""How every list is answered: a page of JSON, or the whole list as a file, CSV or Parquet.

A route makes its query of its parameters, and hands it in here:

    return await lists.answer(request, COURSES, query, CoursesPage, "courses", form=form)

Filters, sorts and roles are the query's, so they are those of the JSON answer.
"""

import asyncio
from asyncio import Semaphore
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from io import SEEK_END
from typing import IO, Annotated, Any, Final, TypeAlias, TypeVar, cast

import asyncpg
import msgspec
from litestar import Response
from litestar.di import NamedDependency
from litestar.params import QueryParameter
from litestar.response import Stream
from msgspec.structs import replace

from milepost.dashboards.api.parameters import Call
from milepost.dashboards.api.responses import CURSOR_UNKNOWN, read_answers, respond
from milepost.dashboards.exports.columns import Column, columns_of
from milepost.dashboards.exports.formats import (
    MEDIA_TYPES,
    About,
    FileKind,
    Format,
    file_kind,
    format_of,
)
from milepost.dashboards.exports.parquet_file import ParquetNotInstalled
from milepost.dashboards.exports.spool import ListTooLong, Write, digest, sent, spooled
from milepost.dashboards.queries.consistent_read import Snapshot
from milepost.dashboards.queries.lists.listing import Listing, ListQuery, read_page
from milepost.dashboards.queries.lists.whole import read_whole
from milepost.events.runtime.outages import Overloaded
from milepost.web.openapi.documented_answers import Answers
from milepost.web.problems import Malformed
from milepost.web.requests.etags import etag_matches
from milepost.web.requests.positions import awaited_position

# At a time, in a process: each holds a connection and a thread while it is written.
FILES_AT_ONCE: Final = 3

Form: TypeAlias = Annotated[
    Format | None,
    QueryParameter(
        name="format",
        description="The whole list as a file, `limit` and `cursor` aside; without it `Accept` "
        "says. `csv_with_bom` is for spreadsheets that take UTF-8 for something else",
    ),
]
Convert: TypeAlias = Callable[[Sequence[Any]], Sequence[object]]
B = TypeVar("B")
R = TypeVar("R", bound=msgspec.Struct)


def list_answers(*refusals: Exception) -> Answers:
    """Of a route that answers by `Lists`."""
    answers = read_answers(CURSOR_UNKNOWN, ParquetNotInstalled(), ListTooLong(), *refusals)
    return replace(answers, files=MEDIA_TYPES)


class Lists:
    """The lists of a process, answered."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._turns = Semaphore(FILES_AT_ONCE)

    async def answer(
        self,
        request: Call,
        listing: Listing[Any],
        query: ListQuery,
        body: type[B],
        name: str,
        *,
        form: Format | None,
    ) -> Response[B]:
        """`body` has `position`, `as_of`, `next`, and the rows as `name`.

        Raises `CursorUnknown`, `NotVisibleYet`, `BeyondTheLog`; for a file `ParquetNotInstalled`,
        `ListTooLong`, `Overloaded`.
        """
        tenant, awaited = request.user.tenant, awaited_position(request)
        kind = kind_asked(request, form)
        if kind is None:
            page = await read_page(self._pool, tenant, listing, query, awaited=awaited)
            head = {"position": page.position, "as_of": page.as_of, "next": page.next}
            return _varied(respond(request, body(**head, **{name: page.rows}), page))
        columns = columns_of(listing.row)
        found = await self.file(request, listing, query, name, kind=kind, columns=columns)
        return cast("Response[B]", found)

    async def file(
        self,
        request: Call,
        listing: Listing[Any],
        query: ListQuery,
        name: str,
        *,
        kind: FileKind,
        columns: Sequence[Column],
        convert: Convert | None = None,
    ) -> Response[Any]:
        """The whole list; `convert` makes of some of its rows what the columns are of, in a thread.

        Raises `NotVisibleYet`, `BeyondTheLog`, `ListTooLong`, `Overloaded`.
        """
        tenant, awaited = request.user.tenant, awaited_position(request)
        if self._turns.locked():
            raise Overloaded
        async with (
            self._turns,
            read_whole(self._pool, tenant, listing, query, awaited=awaited) as whole,
        ):
            about = About(tenant=tenant, name=name, position=whole.position, as_of=whole.as_of)
            return await _file(request, about, columns, kind, whole.chunks, convert=convert)

    async def answer_rows(
        self,
        request: Call,
        rows: Sequence[R],
        row: type[R],
        body: tuple[B, Snapshot],
        name: str,
        *,
        form: Format | None,
    ) -> Response[B]:
        """Of a list that is made in memory: `body`, a page, as JSON; or all `rows` as a file."""
        page, found = body
        kind = kind_asked(request, form)
        if kind is None:
            return _varied(respond(request, page, found))
        about = About(
            tenant=request.user.tenant, name=name, position=found.position, as_of=found.as_of
        )
        return cast("Response[B]", await _file(request, about, columns_of(row), kind, _once(rows)))


ListReads: TypeAlias = NamedDependency[Lists]


def kind_asked(request: Call, form: Format | None) -> FileKind | None:
    """None: a page of JSON. Raises `ParquetNotInstalled`, `Malformed`."""
    kind = file_kind(format_of(form, request.headers.get("accept", "")))
    if kind is not None and "cursor" in request.query_params:
        raise Malformed("A file holds the whole list: leave the cursor out.", query="cursor")
    return kind


async def _file(
    request: Call,
    about: About,
    columns: Sequence[Column],
    kind: FileKind,
    chunks: AsyncIterator[Sequence[object]],
    *,
    convert: Convert | None = None,
) -> Response[Any]:
    write = kind.writer(about)
    file = await spooled(chunks, columns, write if convert is None else _converted(write, convert))
    headers = await asyncio.to_thread(_headers, file, about)
    if etag_matches(request, headers["ETag"]):
        file.close()
        return Response(b"", status_code=304, headers=headers)
    size = str(file.seek(0, SEEK_END))
    file.seek(0)
    name = about.file_name(kind.suffix)
    headers |= {"Content-Length": size, "Content-Disposition": f'attachment; filename="{name}"'}
    return Stream(sent(file), media_type=kind.media_type, headers=headers)


def _converted(write: Write, convert: Convert) -> Write:
    def converted(
        file: IO[bytes], columns: Sequence[Column], chunks: Iterator[Sequence[object]]
    ) -> None:
        write(file, columns, map(convert, chunks))

    return converted


def _headers(file: IO[bytes], about: About) -> dict[str, str]:
    return {
        "ETag": f'"{digest(file)}"',
        "Milepost-Position": str(about.position),
        "Vary": "Accept",
        "X-Content-Type-Options": "nosniff",
    }


async def _once(rows: Sequence[object]) -> AsyncIterator[Sequence[object]]:
    if rows:
        yield rows


def _varied(response: Response[B]) -> Response[B]:
    response.headers["Vary"] = "Accept"
    return response
