"""Wiring of the feed, nothing else."""

from milepost.subscriptions.envelope import encoding
from milepost.subscriptions.feed.api import Wiring, routes
from milepost.subscriptions.feed.event_stream import Messages
from milepost.subscriptions.feed.large_answers import AnswerRoom
from milepost.subscriptions.feed.log_pages import LogPages
from milepost.subscriptions.feed.tail import Tail
from milepost.subscriptions.selection import Selection
from milepost.subscriptions.visibility import Visibility
from milepost.web.answers.open_requests import OpenRequests
from milepost.web.room import Context, Service


def service(context: Context) -> Service:
    log = context.transactor.log
    selection = Selection(log)
    visibility = Visibility(context.transactor, selection)
    encode = encoding(context.settings)
    tail = Tail(log, selection, visibility)
    wiring = Wiring(
        log=log,
        pages=LogPages(log, selection, visibility),
        tail=tail,
        open=OpenRequests(context.settings.max_connections // 2),
        room=AnswerRoom(),
        encode=encode,
        messages=Messages(encode),
        clock=context.clock,
    )
    return Service(name="feed", routes=(routes(wiring),), workers=(tail.run,))
