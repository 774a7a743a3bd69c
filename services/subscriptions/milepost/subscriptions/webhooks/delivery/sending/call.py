"""One call of a webhook's endpoint: signed, bounded in time and bytes, and what came of it."""

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec
import structlog

from milepost.events.log import Recorded
from milepost.subscriptions.envelope import MEDIA_TYPE
from milepost.subscriptions.webhooks.delivery.sending.lanes import Run
from milepost.subscriptions.webhooks.delivery.sending.schedule import retry_after
from milepost.subscriptions.webhooks.domain.signing import Secret, headers
from milepost.web.outbound.client import Outbound
from milepost.web.outbound.errors import AddressRefused, NotReached, OutboundError

SECONDS: Final = 15.0
KEPT_BYTES: Final = 4_096  # of an answer
GONE: Final = 410
TROUBLE: Final = (429, 500, 502, 503, 504)
# Of the answer: what helps to find a fault. The rest may hold cookies and more.
KEPT_HEADERS: Final = ("content-type", "location", "retry-after", "server", "date")

_log = structlog.get_logger()


class Tried(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a call. `status` None: there was no answer, and `error` says why.

    unreachable  nothing of HTTP came back: that is the host's fault, not the address's
    """

    at: datetime
    url: str
    ms: int
    status: int | None = None
    error: str | None = None
    headers: Mapping[str, str] = {}
    answer: bytes = b""
    retry_after: timedelta | None = None
    unreachable: bool = False

    @property
    def arrived(self) -> bool:
        return self.status is not None and 200 <= self.status < 300

    @property
    def blames_host(self) -> bool:
        """Nobody answers, or the whole server is in trouble."""
        return self.unreachable or (self.status is not None and self.status in TROUBLE)

    @property
    def gone(self) -> bool:
        return self.status == GONE


async def deliver(
    outbound: Outbound,
    run: Run,
    event: Recorded,
    encode: Callable[[Recorded], bytes],
    clock: Callable[[], datetime],
) -> Tried:
    """As `call`. Whatever else goes wrong counts as a call that failed: it is tried again later."""
    now = clock()
    try:
        body = encode(event)
        return await call(outbound, run.url, message_id(event.event_id), body, run.secrets, now)
    except Exception as fault:  # noqa: BLE001 - else it would be sent again at once, for ever
        _log.exception("webhook_not_called", tenant=event.tenant, position=event.position)
        return Tried(at=now, url=run.url, ms=0, error=f"it could not be sent: {fault!r}"[:500])


def message_id(event_id: UUID, *, test: bool = False) -> str:
    """What receivers tell repeats by: the same whenever the event is sent."""
    return f"msg_{event_id}_test" if test else f"msg_{event_id}"


async def call(  # noqa: PLR0917 - what is sent, and to whom
    outbound: Outbound,
    url: str,
    message: str,
    body: bytes,
    secrets: Sequence[Secret],
    now: datetime,
) -> Tried:
    """Never raises for what the other side does. `now` is signed, too."""
    signed = {"Content-Type": MEDIA_TYPE, **headers(message, now, body, secrets)}
    began = time.monotonic()
    try:
        answer = await outbound.send(
            "POST", url, headers=signed, content=body, max_bytes=KEPT_BYTES, seconds=SECONDS,
            cut=True,
        )  # fmt: skip
    except OutboundError as fault:
        unreachable, error = isinstance(fault, NotReached), _reason(fault)
        return Tried(at=now, url=url, ms=_ms(began), error=error, unreachable=unreachable)
    kept = {name: answer.headers[name][:500] for name in KEPT_HEADERS if name in answer.headers}
    return Tried(
        at=now,
        url=url,
        ms=_ms(began),
        status=answer.status,
        headers=kept,
        answer=answer.body,
        retry_after=retry_after(answer.headers.get("retry-after"), now),
    )


def _reason(fault: OutboundError) -> str:
    """Without addresses of an inner network: whoever owns the webhook need not learn them."""
    inside = isinstance(fault, AddressRefused)
    return "its address is not public" if inside else str(fault)[:500]


def _ms(began: float) -> int:
    return round((time.monotonic() - began) * 1000)
