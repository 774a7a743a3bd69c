"""Whether an address may be delivered to, and whether who is there wants it: the challenge.

    Milepost ── POST, signed: {"type": "milepost.webhook.verification",
                               "data": {"webhook": …, "challenge": TOKEN}} ──▶ endpoint
             ◀── 2xx, and TOKEN: as the body, as {"challenge": TOKEN} in it,
                 or in the header `Webhook-Challenge` ────────────────────────

Who answers has read the message: an address that merely says 200 to everything is not written to,
and nobody can point Milepost at somebody else's server.
"""

import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Final
from urllib.parse import parse_qsl, urlsplit

import msgspec

from milepost.events.ids import new_id
from milepost.events.nats.cloudevents import TYPE_PREFIX
from milepost.subscriptions.envelope import MEDIA_TYPE
from milepost.subscriptions.webhooks.domain.refusals import EndpointRefused, EndpointSilent
from milepost.subscriptions.webhooks.domain.signing import Secret, headers
from milepost.subscriptions.webhooks.domain.webhook import Webhook
from milepost.web.outbound.client import Answer, Outbound
from milepost.web.outbound.errors import AddressRefused, NotReached, OutboundError, UrlRefused

CHALLENGE_TYPE: Final = TYPE_PREFIX + "webhook.verification"
CHALLENGE_HEADER: Final = "webhook-challenge"
CHALLENGE_SECONDS: Final = 10.0
RESOLVE_SECONDS: Final = 3.0
ANSWER_BYTES: Final = 4_096
TOKEN_BYTES: Final = 24
_ALLOWED: Final = "an operator may allow the host by MILEPOST_OUTBOUND_PRIVATE"
# Names of query parameters that hold a secret wherever they are met.
_SECRET_NAMES: Final = frozenset(
    {
        *("access_token", "api_key", "apikey", "auth", "code", "key", "password", "secret"),
        *("sig", "signature", "token"),
    }
)


class _Challenge(msgspec.Struct, frozen=True):
    webhook: str
    challenge: str


class _Message(msgspec.Struct, frozen=True, kw_only=True):
    specversion: str = "1.0"
    id: str
    source: str
    type: str = CHALLENGE_TYPE
    time: datetime
    datacontenttype: str = "application/json"
    data: _Challenge


class _Told(msgspec.Struct, frozen=True):
    challenge: str = ""


class Endpoints:
    def __init__(self, outbound: Outbound) -> None:
        self._outbound = outbound

    async def check(self, url: str) -> None:
        """A name that resolves to nothing yet may come to be. Raises `EndpointRefused`."""
        if fault := _fault(url):
            raise EndpointRefused(url, fault)
        try:
            await self._outbound.check(url, seconds=RESOLVE_SECONDS)
        except NotReached:
            return
        except OutboundError as error:
            raise EndpointRefused(url, _reason(error)) from error

    async def challenge(
        self, tenant: str, webhook: Webhook, keys: Sequence[Secret], at: datetime
    ) -> None:
        """Raises `EndpointSilent` unless it answers with what it was sent."""
        token, message = secrets.token_urlsafe(TOKEN_BYTES), f"msg_{new_id()}"
        body = msgspec.json.encode(
            _Message(
                id=message,
                source=f"/milepost/{tenant}/subscriptions",
                time=at,
                data=_Challenge(webhook.webhook, token),
            )
        )
        signed = headers(message, at, body, keys)
        try:
            answer = await self._outbound.send(
                "POST",
                webhook.url,
                headers={"Content-Type": MEDIA_TYPE, **signed},
                content=body,
                max_bytes=ANSWER_BYTES,
                seconds=CHALLENGE_SECONDS,
            )
        except OutboundError as error:
            raise EndpointSilent(webhook.webhook, _reason(error)) from error
        if not 200 <= answer.status < 300:
            raise EndpointSilent(webhook.webhook, "it answers with another status", answer.status)
        if not any(hmac.compare_digest(one, token.encode()) for one in _places(answer)):
            reason = "its answer does not hold the challenge"
            raise EndpointSilent(webhook.webhook, reason, answer.status)


def _places(answer: Answer) -> Sequence[bytes]:
    """The places where a receiver may put it."""
    header = answer.headers.get(CHALLENGE_HEADER, "")
    try:
        told = msgspec.json.decode(answer.body, type=_Told).challenge
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        told = ""
    return [header.strip().encode(), told.encode(), answer.body.strip()]


def _fault(url: str) -> str | None:
    """What the log would keep for ever, and nobody needs."""
    parts = urlsplit(url)
    if "@" in parts.netloc:
        return "it holds a name or a password; the signature says who sends"
    if parts.fragment:
        return "what follows # is never sent"
    named = {name.lower() for name, _ in parse_qsl(parts.query, keep_blank_values=True)}
    if found := sorted(named & _SECRET_NAMES):
        return f"its parameter {found[0]} looks like a secret; the signature says who sends"
    return None


def _reason(error: OutboundError) -> str:
    """Without addresses of an inner network: whoever asks need not learn them."""
    if isinstance(error, AddressRefused):
        return f"its address is not public; {_ALLOWED}"
    return f"{error}; {_ALLOWED}" if isinstance(error, UrlRefused) else str(error)
