"""What the feed and streams answer, for OpenAPI."""

from typing import Final

from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import Schema
from litestar.openapi.spec.enums import OpenAPIType

from milepost.contracts.documents.envelope import CloudEvent
from milepost.events.log import BeyondTheLog
from milepost.subscriptions.envelope import BATCH_MEDIA_TYPE
from milepost.subscriptions.feed.answer import NDJSON
from milepost.subscriptions.feed.parameters import MAX_POSITION
from milepost.subscriptions.since import SINCE_IN_FUTURE
from milepost.subscriptions.visibility import READERS_OF_OTHERS
from milepost.web.answers.open_requests import OF_CALLER, TooManyStreams
from milepost.web.auth.tokens import NotYourOwn
from milepost.web.openapi.documented_answers import Answers, Header
from milepost.web.problems import Malformed

_POSITION: Final = Schema(type=OpenAPIType.INTEGER, minimum=0, examples=[4711])
REACHED: Final = Header(
    name="Milepost-Position",
    description="The answer holds all up to here: the next `after`. Beyond the last event where "
    "what followed it was not asked for",
    schema=_POSITION,
)
HEAD: Final = Header(
    name="Milepost-Head",
    description="Where the log ended when it was read: less than that is left to read",
    schema=_POSITION,
)
LINK: Final = Header(
    name="Link",
    description='The same question, going on behind this answer: `<…>; rel="next"` (RFC 8288)',
    schema=Schema(
        type=OpenAPIType.STRING,
        examples=['</events?after=4711&type=credential_awarded>; rel="next"'],
    ),
)
LAST_EVENT_ID: Final = Header(
    name="Last-Event-ID",
    description="The `id` of the last event that was heard, which browsers send by themselves: "
    "goes on behind it, and counts more than `after`",
    schema=Schema(type=OpenAPIType.INTEGER, minimum=0, maximum=MAX_POSITION, examples=[4711]),
)
_BEGINS: Final = (
    Malformed("No event is called 'credential_won'; allowed: attempt_scored, …", query="type"),
    Malformed("Name a position or a time, not both.", query="since"),
    BeyondTheLog(9999, 4711),
    SINCE_IN_FUTURE,
    NotYourOwn("ann", READERS_OF_OTHERS),
    TooManyStreams(OF_CALLER),
)
READ: Final = Answers(refusals=_BEGINS, response_headers=(REACHED, HEAD, LINK), lines=NDJSON)
FOLLOW: Final = Answers(
    refusals=(
        *_BEGINS,
        Malformed("Last-Event-ID is a position, not 'latest'.", header="Last-Event-ID"),
    ),
    request_headers=(LAST_EVENT_ID,),
)
EVENTS: Final = ResponseSpec(
    list[CloudEvent],
    media_type=BATCH_MEDIA_TYPE,
    description="In order; with `Accept: application/x-ndjson`, a line each",
    generate_examples=False,
)
STREAM: Final = ResponseSpec(
    str, media_type="text/event-stream", description="Until it ends", generate_examples=False
)
