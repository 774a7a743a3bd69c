"""Where keys and status lists come from: from us, from the caller, or over the network if allowed.

What is fetched is kept for a while, within bounds. Nothing is fetched from a host that the operator
has not named (`MILEPOST_VERIFY_FETCH`), and never from a private address (`web.outbound`).
"""

import time
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

import msgspec

from milepost.credentials.verification.texts.shown import shown
from milepost.events.runtime.lru_cache import LruCache
from milepost.web.outbound.client import Outbound
from milepost.web.outbound.errors import HostNotAllowed, OutboundError, UrlRefused

MAX_BYTES: Final = 1_000_000
FETCH_SECONDS: Final = 5.0
KEPT: Final = 64  # answers, so at most 64 MB
KEPT_SECONDS: Final = 300.0  # so long a revocation may be overlooked
FAILURE_KEPT_SECONDS: Final = 30.0
ACCEPT: Final = (
    "application/vc+jwt, application/vc, application/vc+ld+json, application/did+ld+json, "
    "application/did+json, application/cid, application/ld+json, application/json;q=0.9"
)


class NotHad(Exception):
    """The message says why, in words that continue "… cannot be checked: "."""


class OwnIssuers(Protocol):
    """What this installation publishes itself, read without a network."""

    async def issuers(self, tenant: str) -> frozenset[str]:
        """The ids of the school's issuers, also retired ones."""

    async def key_document(self, identifier: str) -> Mapping[str, Any] | None:
        """The document that lists an issuer's keys, by its id: an https address or a DID."""

    async def status_list(self, address: str) -> bytes | None:
        """The signed list at this address of ours."""


class Nothing:
    """Of an installation without issuers, or of none."""

    async def issuers(self, tenant: str) -> frozenset[str]:  # noqa: ARG002
        return frozenset()

    async def key_document(self, identifier: str) -> Mapping[str, Any] | None:  # noqa: ARG002
        return None

    async def status_list(self, address: str) -> bytes | None:  # noqa: ARG002
        return None


class _Kept(msgspec.Struct, frozen=True):
    until: float
    body: bytes
    fault: str = ""


class Fetching:
    """Gets what others publish, from the hosts that `outbound` allows."""

    def __init__(self, outbound: Outbound, clock: Callable[[], float] = time.monotonic) -> None:
        self._outbound = outbound
        self._clock = clock
        self._kept: LruCache[str, _Kept] = LruCache(KEPT)

    async def get(self, address: str) -> bytes:
        """Raises `NotHad`."""
        kept = self._kept.get(address)
        if kept is None or kept.until < self._clock():
            kept = await self._fetched(address)
            self._kept.put(address, kept)
        if kept.fault:
            raise NotHad(kept.fault)
        return kept.body

    async def _fetched(self, address: str) -> _Kept:
        now = self._clock()
        try:
            answer = await self._outbound.send(
                "GET", address, headers={"Accept": ACCEPT}, max_bytes=MAX_BYTES,
                seconds=FETCH_SECONDS,
            )  # fmt: skip
        except (HostNotAllowed, UrlRefused) as error:
            raise NotHad(shown(str(error))) from error
        except OutboundError as error:
            return _Kept(now + FAILURE_KEPT_SECONDS, b"", shown(str(error)))
        if answer.status != 200:
            words = f"{shown(address)} answers {answer.status}"
            return _Kept(now + FAILURE_KEPT_SECONDS, b"", words)
        return _Kept(now + KEPT_SECONDS, answer.body)
