"""Documents as they are served: built once, in a thread, kept as bytes, plain and compressed.

Building takes some tenths of a second of work. Afterwards an answer costs as much as any other.
"""

import asyncio
import gzip
from collections import Counter
from collections.abc import Mapping
from functools import lru_cache
from hashlib import sha256
from typing import Any, Final

import msgspec
from litestar import Litestar, Request, Response, get
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from milepost.contracts.documents import asyncapi, catalog
from milepost.contracts.documents.event_schemas import event_types, schema_of
from milepost.web.answers.compression import takes_gzip
from milepost.web.openapi.document import describe
from milepost.web.openapi.links import resolve_links
from milepost.web.openapi.plain_json import plain_json
from milepost.web.requests.etags import etag_matches

OPENAPI: Final = "application/vnd.oai.openapi+json"
ASYNCAPI: Final = "application/vnd.aai.asyncapi+json"
SCHEMA: Final = "application/schema+json"
PATHS: Final = ("/schema", "/schema/openapi.json")
# Where an application's state has the one that answers for it.
PUBLISHER: Final = "openapi"
CACHE_CONTROL: Final = "public, max-age=60"
_REFERENCE: Final = "#/components/schemas/"


class Published(msgspec.Struct, frozen=True):
    """The same document twice; each has an ETag of its own, for its bytes differ."""

    plain: bytes
    compressed: bytes
    etag: str
    media_type: str

    def response(self, request: Request[Any, Any, Any]) -> Response[bytes]:
        zipped = takes_gzip(request.headers.get("accept-encoding", ""))
        etag = f'"{self.etag}-gzip"' if zipped else f'"{self.etag}"'
        headers = {"ETag": etag, "Cache-Control": CACHE_CONTROL, "Vary": "Accept-Encoding"}
        if etag_matches(request, etag):
            return Response(b"", status_code=304, headers=headers, media_type=self.media_type)
        if zipped:
            headers["Content-Encoding"] = "gzip"
        body = self.compressed if zipped else self.plain
        return Response(body, headers=headers, media_type=self.media_type)


class Publisher:
    """Answers under `/schema` before litestar would. `origin`: where we are reached."""

    def __init__(self, origin: str) -> None:
        self._origin = origin
        self._published: Mapping[str, Published] = {}
        self._building = asyncio.Lock()

    async def __call__(self, request: Request[Any, Any, Any]) -> Response[bytes]:
        """Raises `NotFoundException` for any other address."""
        found = await self.published(request.app, request.scope["path"].rstrip("/"))
        if found is None:
            raise NotFoundException
        return found.response(request)

    async def published(self, app: Litestar, path: str) -> Published | None:
        if not self._published:
            await self.build(app)
        return self._published.get(path)

    async def build(self, app: Litestar) -> None:
        """Best at the start, when nobody waits: the thread shares the interpreter with the loop."""
        async with self._building:
            if not self._published:
                self._published = await asyncio.to_thread(_all, app, self._origin)


@get("/{rest:path}")
async def unknown_document(rest: FromPath[str]) -> None:  # noqa: ARG001 - litestar routes by it
    """Routes what is beneath `/schema`; the publisher answers before."""
    raise NotFoundException


def _all(app: Litestar, origin: str) -> dict[str, Published]:
    """By path."""
    return {**dict.fromkeys(PATHS, published(document(app), OPENAPI)), **_contract(origin)}


@lru_cache(maxsize=4)
def _contract(origin: str) -> dict[str, Published]:
    """The same in every process of an installation."""
    return {
        asyncapi.PATH: published(asyncapi.document(origin), ASYNCAPI),
        catalog.PATH: published(catalog.document(origin), "application/json"),
        **{event.path: published(schema_of(event, origin), SCHEMA) for event in event_types()},
    }


def published(made: Mapping[str, Any], media_type: str) -> Published:
    plain = msgspec.json.encode(made)
    compressed = gzip.compress(plain, compresslevel=9, mtime=0)
    return Published(plain, compressed, sha256(plain).hexdigest()[:32], media_type)


def document(app: Litestar) -> dict[str, Any]:
    """As litestar makes it; each schema's name and title is its own, in the whole document."""
    describe(app.routes)
    made = app.openapi_schema
    names = _names(made.components.schemas)
    references = {_REFERENCE + old: _REFERENCE + new for old, new in names.items()}
    plain: dict[str, Any] = plain_json(made, references)
    plain["components"]["schemas"] = dict(
        sorted(
            (names[old], {**schema, "title": names[old]} if "title" in schema else schema)
            for old, schema in plain["components"]["schemas"].items()
        )
    )
    resolve_links(plain)
    return plain


def operation_id(handler: HTTPRouteHandler, *_: object) -> str:
    """What generated clients call it: the handler's own name, `withdrawEnrollment`."""
    first, *others = handler.fn.__name__.split("_")
    return first + "".join(map(str.capitalize, others))


def _names(schemas: Mapping[str, Any]) -> dict[str, str]:
    """`dashboards_queries_courses_CourseView` is `DashboardsCourseView`, if no other is."""
    short = {old: _short(old) for old in schemas}
    same = Counter(short.values())
    return {old: new if same[new] == 1 else _long(old) for old, new in short.items()}


def _short(name: str) -> str:
    first, *_, last = name.split("_") if "_" in name else ("", name)
    return first.capitalize() + last


def _long(name: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))
