"""The registrar's pages of bulk enrollment: upload a file, watch it, read what came of each row."""

from pathlib import Path
from typing import Annotated, Final, NamedTuple, TypeAlias
from uuid import UUID

import msgspec
from litestar import Response, Router, get
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import PathParameter, QueryParameter

from milepost.contracts.ids import ID
from milepost.enrollment.pages.bulk.job import Line, job_facts, jobs_page, results_page
from milepost.jobs.parameters import After, Cursor, Refused
from milepost.jobs.store import Store
from milepost.pages.locales import Locale
from milepost.pages.shell import PageRequest, Shell

OFFICE: Final = ("registrar",)
SHELL: Final = Shell(Path(__file__).parent)

Jobs: TypeAlias = NamedDependency[Store]


class Bar(NamedTuple):
    label: str
    value: int
    href: str | None = None
    note: str | None = None


class LineInWords(Line, frozen=True, kw_only=True):
    """`why`: the problem in the reader's language; None: it was not refused."""

    why: str | None


@get("/office/bulk", roles=OFFICE)
async def get_bulk(
    request: PageRequest,
    store: Jobs,
    cursor: Cursor = None,
    offering: Annotated[str | None, QueryParameter(pattern=ID)] = None,
) -> Response[bytes]:
    """A form for a file, and what has been uploaded."""
    page = await jobs_page(store, request.user.tenant, cursor)
    return SHELL.render(
        request, "jobs.html", area="office", page=page, cursor=cursor, offering=offering
    )


@get("/office/bulk/{job:str}", roles=OFFICE)
async def get_bulk_job(
    request: PageRequest,
    job: Annotated[str, PathParameter(description="The job's id")],
    store: Jobs,
    *,
    refused: Refused = False,
    after: After = 0,
) -> Response[bytes]:
    """How far it is, what its rows came to, and each row."""
    found = await store.find(request.user.tenant, _id_of(job))
    one, locale = job_facts(found), SHELL.locale(request)
    results = await results_page(store, found, after, refused=refused)
    lines = [_in_words(line, locale) for line in results.lines]
    return SHELL.render(
        request,
        "job.html",
        area="office",
        one=one,
        refusals=[Bar(problem_words(each.name, locale), each.rows) for each in one.refusals],
        results=msgspec.structs.replace(results, lines=lines),
        refused=refused,
        after=after,
    )


def routes(store: Store) -> Router:
    return SHELL.router((get_bulk, get_bulk_job), {"store": store})


def problem_words(name: str, locale: Locale) -> str:
    """A problem that no catalog knows is told by its name, without its underscores."""
    key = f"problem.{name}"
    return locale.text(key) if locale.knows(key) else name.replace("_", " ")


def _id_of(job: str) -> UUID:
    """What is no id is nobody's: a page tells so, where the router would not."""
    try:
        return UUID(job)
    except ValueError as fault:
        raise NotFoundException from fault


def _in_words(line: Line, locale: Locale) -> LineInWords:
    why = problem_words(line.problem, locale) if line.problem else None
    return LineInWords(**msgspec.structs.asdict(line), why=why)
