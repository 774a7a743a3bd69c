"""The issuer's public keys (a JWKS), from a file or an https address."""

import asyncio
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import jwt
import msgspec
import structlog

from milepost.web.errors import WebError
from milepost.web.settings import SettingInvalid

ALGORITHMS = frozenset({"EdDSA", "ES256", "RS256"})
FETCH_SECONDS = 5.0  # in all, however little comes at a time
MAX_BYTES = 1_000_000
RETRY_SECONDS = 5.0  # after a reading that failed

_log = structlog.get_logger()


class UnknownKey(WebError):
    """No such key, at least not when the set was last read."""


class KeysUnavailable(WebError, ConnectionError):
    """The set could never be read yet: nobody's token can be judged."""


class KeysTooLarge(WebError, ValueError):
    """What the address answers is no set of keys."""


# What comes of an issuer that is away, and of a document that is no JWKS.
_UNREADABLE = (
    *(httpx2.HTTPError, httpx2.InvalidURL, OSError),
    *(msgspec.DecodeError, jwt.PyJWTError, ValueError, TypeError, KeyError, AttributeError),
)


class KeySet:
    """Reads the set when first asked, and again for an unknown key or after `max_age_seconds`,
    but never more often than every `refresh_seconds`: unknown keys cost nothing to make up.
    """

    def __init__(
        self,
        source: str,
        refresh_seconds: float,
        *,
        max_age_seconds: float = 600,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._source = _validated_source(source)
        self._refresh_seconds = refresh_seconds
        self._max_age_seconds = max_age_seconds
        self._clock = clock
        self._keys: Mapping[str | None, jwt.PyJWK] = {}
        self._again_at = self._stale_at = clock()
        self._reading = asyncio.Lock()

    @property
    def stale(self) -> bool:
        return self._clock() >= self._stale_at

    def get(self, kid: str | None) -> jwt.PyJWK:
        """A token without a `kid` is accepted when there is one key. Raises `UnknownKey`."""
        if kid is None and len(self._keys) == 1:
            return next(iter(self._keys.values()))
        if kid not in self._keys:
            raise UnknownKey(kid)
        return self._keys[kid]

    async def refresh(self) -> bool:
        """Read the set, unless that was tried just now. True when the keys have changed.

        Raises `KeysUnavailable`; keys once read stay good while their issuer is away.
        """
        async with self._reading:
            if self._clock() >= self._again_at:
                return await self._read()
        if not self._keys:
            raise KeysUnavailable(self._source)
        return False

    async def _read(self) -> bool:
        self._again_at = self._stale_at = self._clock() + RETRY_SECONDS
        try:
            keys = _parse(await self._fetch())
        except _UNREADABLE as fault:
            _log.error("token_keys_unreadable", source=self._source, fault=repr(fault))
            if not self._keys:
                raise KeysUnavailable(self._source) from fault
            return False
        self._again_at = self._clock() + self._refresh_seconds
        self._stale_at = self._clock() + self._max_age_seconds
        changed = _material(keys) != _material(self._keys)
        self._keys = keys
        return changed

    async def _fetch(self) -> bytes:
        if "://" not in self._source:
            return await asyncio.to_thread(Path(self._source).read_bytes)
        async with (
            asyncio.timeout(FETCH_SECONDS),
            httpx2.AsyncClient() as client,
            client.stream("GET", self._source) as response,
        ):
            return await bounded(response.raise_for_status())


async def bounded(response: httpx2.Response) -> bytes:
    """Its content. Raises `KeysTooLarge` past `MAX_BYTES`."""
    content = b""
    async for part in response.aiter_bytes():
        content += part
        if len(content) > MAX_BYTES:
            raise KeysTooLarge(f"more than {MAX_BYTES} bytes")
    return content


def _validated_source(source: str) -> str:
    address = urlsplit(source)
    local = address.hostname in {"localhost", "127.0.0.1", "::1"}
    if address.scheme in {"", "https"} or (address.scheme == "http" and local):
        return source
    raise SettingInvalid(f"MILEPOST_TOKEN_KEYS={source!r}: expected a path or an https address")


def _parse(document: bytes) -> dict[str | None, jwt.PyJWK]:
    """Signing keys of the algorithms we accept; others in the set are none of our business."""
    members = msgspec.json.decode(document, type=dict[str, Any])
    keys = jwt.PyJWKSet.from_dict(members).keys
    return {key.key_id: key for key in keys if key.algorithm_name in ALGORITHMS}


def _material(keys: Mapping[str | None, jwt.PyJWK]) -> dict[str | None, tuple[str, Any]]:
    """What makes them the same keys: their names alone do not."""
    return {kid: (key.algorithm_name, key.key) for kid, key in keys.items()}
