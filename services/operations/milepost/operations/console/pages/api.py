"""The operator's console: pages that show. Whatever changes something goes by `/operations`."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Final, TypeAlias

import asyncpg
import msgspec
from litestar import Response, Router, get
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter

from milepost.events.integrity.results import read_integrity
from milepost.events.policies.timer_rows import started
from milepost.operations.console.api.wiring import READERS
from milepost.operations.console.events.kinship import kinship
from milepost.operations.console.pages import journal
from milepost.operations.console.pages.home import read_overview
from milepost.operations.console.pages.parked import read_one_parked, read_parked
from milepost.operations.console.pages.projections import read_model, read_projections
from milepost.operations.console.pages.stream import NotHere, read_stream
from milepost.operations.console.pages.subscribers import read_subscribers
from milepost.pages.shell import PageRequest, Shell
from milepost.web.settings import Settings

SHELL: Final = Shell(Path(__file__).parent)
ROLES: Final[dict[str, Any]] = {"roles": list(READERS)}
TIMERS: Final = 200
TOPICS: Final = ("console",)


class Console(msgspec.Struct, frozen=True):
    """What the pages are given. `policies` are asked for once somebody looks at an event."""

    pool: asyncpg.Pool
    settings: Settings
    policies: Callable[[], tuple[str, ...]]


Given: TypeAlias = NamedDependency[Console]
Part: TypeAlias = Annotated[str | None, QueryParameter(pattern="^page$")]
Position: TypeAlias = Annotated[int | None, QueryParameter(ge=1, le=2**62)]
Version: TypeAlias = Annotated[int | None, QueryParameter(ge=0, le=2**31 - 1)]
WithSettled: TypeAlias = Annotated[bool, QueryParameter()]
Text: TypeAlias = Annotated[str, QueryParameter(max_length=400)]


def _render(request: PageRequest, template: str, **facts: Any) -> Response[bytes]:
    operates = "operator" in request.user.roles
    return SHELL.render(request, template, area="console", operates=operates, **facts)


@get("/console", opt=ROLES)
async def get_console(request: PageRequest, console: Given, part: Part = None) -> Response[bytes]:
    view = await read_overview(console.pool, request.user.tenant)
    return _render(request, "home.html", part=part, topics=TOPICS, here="home", view=view)


@get("/console/integrity", opt=ROLES)
async def get_integrity_page(request: PageRequest, console: Given) -> Response[bytes]:
    view = await read_integrity(console.pool, request.user.tenant)
    return _render(request, "integrity.html", here="home", topics=TOPICS, view=view)


@get("/console/projections", opt=ROLES)
async def get_projections(
    request: PageRequest, console: Given, part: Part = None
) -> Response[bytes]:
    view = await read_projections(console.pool, request.user.tenant)
    return _render(
        request, "projections.html", part=part, topics=TOPICS, here="projections", view=view
    )


@get("/console/projections/{model:str}", opt=ROLES)
async def get_projection(
    request: PageRequest, model: FromPath[str], console: Given
) -> Response[bytes]:
    """Raises `UnknownReadModel`."""
    view, one = await read_model(console.pool, request.user.tenant, model)
    return _render(
        request, "projection.html", topics=TOPICS, here="projections", view=view, model=one
    )


@get("/console/parked", opt=ROLES)
async def get_parked_page(
    request: PageRequest, console: Given, part: Part = None, *, settled: WithSettled = False
) -> Response[bytes]:
    view = await read_parked(console.pool, request.user.tenant, settled=settled)
    return _render(request, "parked.html", part=part, topics=TOPICS, here="parked", view=view)


@get("/console/parked/{parked:str}", opt=ROLES)
async def get_one_parked(
    request: PageRequest, parked: FromPath[str], console: Given
) -> Response[bytes]:
    """Raises `NotParked`, `NotHere`."""
    view = await read_one_parked(console.pool, request.user.tenant, _number(parked))
    return _render(
        request, "one_parked.html", here="parked", view=view, shown=journal.plain(view.event)
    )


@get("/console/subscribers", opt=ROLES)
async def get_subscribers(request: PageRequest, console: Given) -> Response[bytes]:
    server = console.settings.nats_server
    view = await read_subscribers(console.pool, server, request.user.tenant)
    return _render(request, "subscribers.html", topics=TOPICS, here="subscribers", view=view)


@get("/console/timers", opt=ROLES)
async def get_timers(request: PageRequest, console: Given) -> Response[bytes]:
    found = await started(console.pool, tenant=request.user.tenant, limit=TIMERS)
    now = await console.pool.fetchval("select now()")
    return _render(
        request, "timers.html", topics=TOPICS, here="timers", timers=found, now=now, most=TIMERS
    )


@get("/console/log", opt=ROLES)
async def get_log(
    request: PageRequest,
    console: Given,
    *,
    stream: Text = "",
    learner: Text = "",
    type: Text = "",  # noqa: A002 - the filter's name
    correlation: Text = "",
    since: Text = "",
    until: Text = "",
    before: Text = "",
) -> Response[bytes]:
    values = {
        "stream": stream,
        "learner": learner,
        "type": type,
        "correlation": correlation,
        "since": since,
        "until": until,
        "before": before,
    }
    view = await journal.read_journal(console.pool, request.user.tenant, values)
    status = 400 if view.asked.refused else 200
    return _render(request, "log.html", status=status, here="log", view=view, actor=journal.actor)


@get("/console/log/{position:str}", opt=ROLES)
async def get_event(
    request: PageRequest, position: FromPath[str], console: Given
) -> Response[bytes]:
    """Raises `NotHere` where the log has no such position."""
    number = _number(position)
    found = await kinship(console.pool, request.user.tenant, number, console.policies())
    if found is None:
        raise NotHere(position)
    return _render(request, "event.html", here="log", view=found, shown=journal.plain(found.event))


@get("/console/streams/{stream:path}", opt=ROLES)
async def get_stream(
    request: PageRequest,
    stream: FromPath[str],
    console: Given,
    *,
    version: Version = None,
    compared: Version = None,
    before: Position = None,
) -> Response[bytes]:
    """Raises `NotHere`."""
    view = await read_stream(
        console.pool,
        request.user.tenant,
        stream.removeprefix("/"),
        version=version,
        compared=compared,
        before=before,
    )
    return _render(request, "stream.html", here="log", view=view, actor=journal.actor)


def _number(text: str) -> int:
    """Raises `NotHere`."""
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise NotHere(text)
    return int(text)


def router(console: Console) -> Router:
    return SHELL.router(
        [
            get_console,
            get_integrity_page,
            get_projections,
            get_projection,
            get_parked_page,
            get_one_parked,
            get_subscribers,
            get_timers,
            get_log,
            get_event,
            get_stream,
        ],
        {"console": console},
    )
