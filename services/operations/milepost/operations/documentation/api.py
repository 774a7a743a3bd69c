"""The routes under `/docs`: pages for anybody, kept by browsers and caches with an ETag."""

import asyncio
from time import monotonic_ns
from typing import Annotated, Any, TypeAlias

import msgspec
from litestar import Litestar, Request, Response, Router, get
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, QueryParameter

from milepost.contracts.documents.asyncapi import document as asyncapi
from milepost.operations.documentation.site import ENGLISH, STATIC, Drawn, Site
from milepost.operations.documentation.whole_api import whole_api
from milepost.pages.pages import HEADERS
from milepost.web.answers.compression import takes_gzip
from milepost.web.openapi.published import PATHS, PUBLISHER, Published, Publisher
from milepost.web.requests.etags import etag_matches
from milepost.web.requests.quotas import Buckets

# Of one address. A page asks for itself and three files that are kept for a year.
PAGES_PER_SECOND = 50

AnyRequest: TypeAlias = Request[Any, Any, Any]
Words = Annotated[str, QueryParameter(name="q", description="Words, a path, a problem's type")]


class Library:
    """The site, made when somebody first asks for it: others should not wait at the start."""

    def __init__(
        self, origin: str, *, whole: bool, pages_per_second: int = PAGES_PER_SECOND
    ) -> None:
        """`whole`: the process serves all rooms, so that its own document has everything."""
        self._origin = origin
        self._whole = whole
        self._making: asyncio.Task[Site] | None = None
        self._readers: Buckets[str] = Buckets("reader", pages_per_second)

    async def site(self, request: AnyRequest) -> Site:
        """Raises `TooManyRequests`. Who leaves while it is made takes it from nobody else."""
        self._readers.spend(request.client.host if request.client else "", monotonic_ns())
        if self._making is None or _failed(self._making):
            self._making = asyncio.create_task(self._make(request.app))
        return await asyncio.shield(self._making)

    async def _make(self, app: Litestar) -> Site:
        publisher: Publisher = app.state[PUBLISHER]
        own = await publisher.published(app, PATHS[0]) if self._whole else None
        return await asyncio.to_thread(self._made, own)

    def _made(self, own: Published | None) -> Site:
        openapi = msgspec.json.decode(own.plain) if own else whole_api()
        return Site(openapi, asyncapi(self._origin), self._origin)


def _failed(task: asyncio.Task[Site]) -> bool:
    return task.done() and (task.cancelled() or task.exception() is not None)


@get("/docs", include_in_schema=False)
async def get_documentation(
    request: AnyRequest, library: NamedDependency[Library]
) -> Response[bytes]:
    return await _page(request, await library.site(request), "")


@get("/docs/{page:path}", include_in_schema=False)
async def get_documentation_page(
    request: AnyRequest, page: FromPath[str], library: NamedDependency[Library]
) -> Response[bytes]:
    return await _page(request, await library.site(request), page.strip("/"))


@get("/docs/search", include_in_schema=False)
async def search_documentation(
    request: AnyRequest, library: NamedDependency[Library], words: Words = ""
) -> Response[bytes]:
    site = await library.site(request)
    html = await asyncio.to_thread(site.found, words)
    return Response(html, media_type="text/html", headers={**_HEADERS, "Cache-Control": "no-store"})


async def _page(request: AnyRequest, site: Site, path: str) -> Response[bytes]:
    try:
        drawn = await asyncio.to_thread(site.page, path)
    except KeyError:
        html = site.nothing()
        headers = {**_HEADERS, "Cache-Control": "no-store"}
        return Response(html, status_code=404, media_type="text/html", headers=headers)
    return _answer(request, drawn)


def _answer(request: AnyRequest, drawn: Drawn) -> Response[bytes]:
    zipped = takes_gzip(request.headers.get("accept-encoding", ""))
    etag = f'"{drawn.digest}-gzip"' if zipped else f'"{drawn.digest}"'
    headers = {**_HEADERS, "ETag": etag}
    if etag_matches(request, etag):
        return Response(b"", status_code=304, media_type="text/html", headers=headers)
    if zipped:
        headers["Content-Encoding"] = "gzip"
    body = drawn.zipped if zipped else drawn.html
    return Response(body, media_type="text/html", headers=headers)


_HEADERS = {
    **HEADERS,
    "Content-Language": ENGLISH.language,
    "Vary": "Accept-Encoding",
    "Cache-Control": "public, max-age=60",
}


def routes(library: Library) -> Router:
    return Router(
        "/",
        route_handlers=[
            get_documentation,
            get_documentation_page,
            search_documentation,
            STATIC.route(),
        ],
        dependencies={"library": Provide(lambda: library, sync_to_thread=False)},
        opt={"public": True},
    )
