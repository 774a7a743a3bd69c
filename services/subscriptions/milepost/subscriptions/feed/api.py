"""`GET /events` and `GET /events/stream`: the log, as others may read and follow it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from litestar import Response, Router, get
from litestar.di import NamedDependency, Provide

from milepost.events.log import BeyondTheLog, Log, Recorded
from milepost.subscriptions.feed import documents, parameters
from milepost.subscriptions.feed.answer import Answer, await_first, collect, media_type_of
from milepost.subscriptions.feed.event_stream import EventStream, Messages
from milepost.subscriptions.feed.follower import following
from milepost.subscriptions.feed.large_answers import AnswerRoom, InPieces, room_for
from milepost.subscriptions.feed.log_pages import LogPages
from milepost.subscriptions.feed.parameters import filter_of
from milepost.subscriptions.feed.subscriber import Subscriber
from milepost.subscriptions.feed.tail import Tail
from milepost.subscriptions.visibility import READERS
from milepost.web.answers.open_requests import OpenRequests
from milepost.web.requests.body import Received
from milepost.web.requests.quotas import leave_place


@dataclass(frozen=True)
class Wiring:
    """What the routes of the feed share."""

    log: Log
    pages: LogPages
    tail: Tail
    open: OpenRequests
    room: AnswerRoom
    encode: Callable[[Recorded], bytes]
    messages: Messages
    clock: Callable[[], datetime]


@get(
    "",
    summary="Read what has happened",
    description="Events in the order of the log, as CloudEvents 1.0: a JSON array, or a line each "
    "with `Accept: application/x-ndjson`. Read on with `Milepost-Position` as `after`: nothing is "
    "missed and nothing comes twice. An answer ends at `limit`, at 4 KiB for each of these, or "
    "after a second of looking; only one whose `Milepost-Position` is its `Milepost-Head` has "
    "come to the end of the log. Learners are told of themselves, instructors of own offerings.",
    responses={200: documents.EVENTS},
    answers=documents.READ,
    roles=READERS,
)
async def read_events(
    request: Received,
    wiring: NamedDependency[Wiring],
    *,
    after: parameters.After = None,
    since: parameters.Since = None,
    types: parameters.Types = None,
    course: parameters.Courses = None,
    offering: parameters.Offerings = None,
    achievement: parameters.Achievements = None,
    learner: parameters.Learners = None,
    limit: parameters.Limit = 100,
    wait: parameters.Wait = 0,
) -> Response[bytes]:
    wanted = filter_of(types, course, offering, achievement, learner)
    subscriber = Subscriber.of(request.user, wanted)
    head = await wiring.pages.head(subscriber.tenant)
    begin = await parameters.start_of(
        wiring.log, subscriber.tenant, head, after=after, since=since, now=wiring.clock()
    )
    await wiring.room.admit(request.scope, subscriber.tenant, room_for(limit))
    answer = Answer(begin or 0, limit, wiring.encode)
    await collect(wiring.pages, subscriber, answer, head)
    if wait and not answer.bodies and answer.position >= head:
        with wiring.open.opened(request.user):
            leave_place(request.scope)
            await await_first(wiring.tail, wiring.pages, subscriber, answer, wait)
    return _written(request, answer, head)


def _written(request: Received, answer: Answer, head: int) -> Response[bytes]:
    media_type = media_type_of(list(request.accept))
    following = parameters.next_address(request, answer.position)
    headers = {
        "Milepost-Position": str(answer.position),
        "Milepost-Head": str(max(head, answer.position)),
        "Link": f'<{following}>; rel="next"',
        "Cache-Control": "private, no-store",
        "Vary": "Accept",
    }
    return InPieces(answer.written(media_type), media_type=media_type, headers=headers)


@get(
    "/stream",
    summary="Follow what happens",
    description="Server-sent events: `id` is the position, `event` the name, `data` a CloudEvent. "
    "Without `after`, `since` or `Last-Event-ID` it begins now. It comes back by itself: behind "
    "the last `id`, from however far behind. A comment comes every 15 seconds; the stream ends "
    "when the token expires or the process does.",
    media_type="text/event-stream",
    responses={200: documents.STREAM},
    answers=documents.FOLLOW,
    roles=READERS,
)
async def follow_events(
    request: Received,
    wiring: NamedDependency[Wiring],
    *,
    after: parameters.After = None,
    since: parameters.Since = None,
    types: parameters.Types = None,
    course: parameters.Courses = None,
    offering: parameters.Offerings = None,
    achievement: parameters.Achievements = None,
    learner: parameters.Learners = None,
) -> EventStream:
    caller = request.user
    wanted = filter_of(types, course, offering, achievement, learner)
    subscriber = Subscriber.of(caller, wanted)
    head = await wiring.pages.head(caller.tenant)
    begin = parameters.last_event_id(request)
    if begin is None:
        begin = await parameters.start_of(
            wiring.log, caller.tenant, head, after=after, since=since, now=wiring.clock()
        )
    elif begin > head:
        raise BeyondTheLog(begin, head)
    position = head if begin is None else begin
    return EventStream(
        partial(wiring.open.opened, caller),
        partial(following, wiring.tail, wiring.pages, subscriber, position),
        wiring.messages,
        caller.expires_at,
    )


def routes(wiring: Wiring) -> Router:
    return Router(
        "/events",
        route_handlers=[read_events, follow_events],
        tags=["events"],
        dependencies={"wiring": Provide(lambda: wiring, sync_to_thread=False)},
    )
