"""The catalog, searched."""

from datetime import datetime
from typing import Annotated

import msgspec
from litestar import Response, get
from litestar.params import QueryParameter

from milepost.contracts.ids import TEXT
from milepost.dashboards.api.parameters import Call, Language, Pool
from milepost.dashboards.api.responses import read_answers, respond
from milepost.dashboards.queries.catalog.search import Found, FoundKind, search_catalog
from milepost.web.requests.positions import awaited_position

Question = Annotated[
    str,
    QueryParameter(
        name="q",
        min_length=1,
        max_length=200,
        pattern=TEXT,
        description="Words, or their beginnings; case and accents do not matter. The first 8 count",
    ),
]


class CatalogSearchPage(msgspec.Struct, frozen=True, kw_only=True):
    """The best first. `words`: what was looked for. `more`: there are further results."""

    position: int
    as_of: datetime | None
    words: list[str]
    results: list[Found]
    more: bool


@get("/catalog/search", summary="Search the catalog", answers=read_answers())
async def search_in_catalog(
    request: Call,
    question: Question,
    pool: Pool,
    *,
    kind: Annotated[FoundKind | None, QueryParameter()] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=100, description="Results at most")] = 50,
    language: Language = None,
) -> Response[CatalogSearchPage]:
    """Published courses, offerings that are not over, programs, achievements and skills that have
    all the words, in any language. Any role.
    """
    found = await search_catalog(
        pool,
        request.user.tenant,
        question,
        kind=kind,
        limit=limit,
        language=language,
        awaited=awaited_position(request),
    )
    page = CatalogSearchPage(
        position=found.position,
        as_of=found.as_of,
        words=found.words,
        results=found.results,
        more=found.more,
    )
    return respond(request, page, found)


HANDLERS = (search_in_catalog,)
