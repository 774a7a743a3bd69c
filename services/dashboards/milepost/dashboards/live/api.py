"""`GET /live`: what pages follow while they are open."""

import time
from typing import Annotated, Any, Final

from litestar import Request, Router, get
from litestar.di import NamedDependency, Provide
from litestar.params import QueryParameter
from prometheus_client import Gauge

from milepost.dashboards.live.reader import Reader
from milepost.dashboards.live.rights import Rights
from milepost.dashboards.live.stream import LiveStream
from milepost.dashboards.live.topics import parsed
from milepost.web.answers.open_requests import OpenRequests
from milepost.web.auth.session import SESSIONS, Sessions
from milepost.web.auth.tokens import Caller
from milepost.web.room import Context, Service

# Of one caller: windows that are visible, for a page that nobody sees holds none.
OF_CALLER: Final = 20
OPEN: Final = Gauge("milepost_live_open", "Pages that are open and follow what changes")
MAX_DIGITS: Final = 18

Topics = Annotated[list[str], QueryParameter(name="topic", description="`offering/ID`, `school` …")]
After = Annotated[
    int | None,
    QueryParameter(ge=0, lt=10**18, description="The position that the page showed last"),
]


class Live:
    """Of one process."""

    def __init__(self, context: Context) -> None:
        self.reader = Reader(context.pool)
        self.rights = Rights(context.pool, context.transactor)
        self.open = OpenRequests(context.settings.max_connections // 2, OF_CALLER, OPEN)


@get("/live", include_in_schema=False)
async def follow_changes(
    request: Request[Caller, None, Any],
    live: NamedDependency[Live],
    topic: Topics,
    after: After = None,
) -> LiveStream:
    """Raises `Malformed`, `RoleMissing`, `TooManyStreams`, `Overloaded`."""
    caller, topics = request.user, parsed(topic)
    await live.rights.require(caller, topics)
    sessions: Sessions | None = request.app.state.get(SESSIONS)

    def over() -> bool:
        ended = sessions is not None and sessions.has_ended(caller)
        return ended or time.time() >= caller.expires_at

    return LiveStream(
        live.reader,
        caller.tenant,
        topics,
        _last_event(request) if after is None else max(after, _last_event(request) or 0),
        admitted=lambda: live.open.opened(caller),
        over=over,
    )


def service(context: Context) -> Service:
    live = Live(context)
    routes = Router(
        "/",
        route_handlers=[follow_changes],
        dependencies={"live": Provide(lambda: live, sync_to_thread=False)},
    )
    return Service(name="live", routes=(routes,), workers=(live.reader.run,))


def _last_event(request: Request[Caller, None, Any]) -> int | None:
    """Where the stream was that was cut; nothing for what is no position of ours."""
    said = request.headers.get("last-event-id", "")
    return int(said) if said.isascii() and said.isdigit() and len(said) <= MAX_DIGITS else None
