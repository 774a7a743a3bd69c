"""The OpenID provider of a school: where it answers (Discovery 1.0), and what a code is worth.

    metadata   read when somebody first signs in, and again after an hour
    code       redeemed once, with the PKCE verifier (RFC 7636) and the client's secret, if any
    ID token   signed by a key of the provider's, for this client and this sign-in's nonce alone

What it answers is read to an end that is known: five seconds, and as many bytes as a JWKS.
"""

import asyncio
import hmac
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Annotated, Any, Final
from urllib.parse import quote, urlsplit

import httpx2
import jwt
import msgspec
import structlog
from jwt.types import Options
from msgspec import Meta

from milepost.web.auth.key_set import (
    FETCH_SECONDS,
    KeySet,
    KeysTooLarge,
    KeysUnavailable,
    UnknownKey,
    bounded,
)
from milepost.web.errors import WebError
from milepost.web.settings import SettingInvalid, Settings

METADATA_SECONDS: Final = 3600
RETRY_SECONDS: Final = 5
SKEW_SECONDS: Final = 60
# Of sign-ins that wait for the provider at the same time.
AT_ONCE: Final = 50
LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_OPTIONS: Final[Options] = {"require": ["exp", "iat", "iss", "aud", "sub"]}

Address = Annotated[str, Meta(max_length=2_000)]

_log = structlog.get_logger()


class ProviderAway(WebError):
    """It does not answer, or not as a provider does."""


class NotAccepted(WebError):
    """It answers, but not with what makes somebody known."""


class Metadata(msgspec.Struct, frozen=True):
    """What of OpenID Connect Discovery 1.0, section 3, is used here."""

    issuer: Address
    authorization_endpoint: Address
    token_endpoint: Address
    jwks_uri: Address
    end_session_endpoint: Address | None = None
    authorization_response_iss_parameter_supported: bool = False
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)


class Tokens(msgspec.Struct, frozen=True):
    id_token: Annotated[str, Meta(max_length=20_000)]


class Provider:
    """`client_id` and its secret are those that the provider was told."""

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.monotonic) -> None:
        self.issuer = settings.sign_in_issuer or settings.token_issuer
        self.client_id = settings.sign_in_client_id
        self._secret = settings.sign_in_client_secret
        self._refresh_seconds = settings.token_keys_refresh_seconds
        self._clock = clock
        self._metadata: Metadata | None = None
        self._keys: KeySet | None = None
        self._again_at = clock()
        self._reading = asyncio.Lock()
        self._places = asyncio.Semaphore(AT_ONCE)
        require_secure("MILEPOST_SIGN_IN_ISSUER", self.issuer)

    async def metadata(self) -> Metadata:
        """Raises `ProviderAway`. What was read once stays good while the provider is away."""
        async with self._reading:
            if self._clock() >= self._again_at:
                self._again_at = self._clock() + RETRY_SECONDS
                await self._read_anew()
        if self._metadata is None:
            raise ProviderAway(self.issuer)
        return self._metadata

    async def redeem(self, code: str, verifier: str, nonce: str, back: str) -> Mapping[str, Any]:
        """The ID token's claims. Raises `ProviderAway`, `NotAccepted`."""
        metadata = await self.metadata()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "code_verifier": verifier,
            "redirect_uri": back,
        }
        async with self._places:
            answer = await self._post(metadata, form)
        try:
            tokens = msgspec.json.decode(answer, type=Tokens)
        except (msgspec.DecodeError, UnicodeError) as fault:
            raise NotAccepted("no ID token came") from fault
        claims = await self._verified(tokens.id_token)
        said = claims.get("nonce")
        if not isinstance(said, str) or not hmac.compare_digest(said.encode(), nonce.encode()):
            raise NotAccepted("the ID token is of another sign-in")
        return claims

    async def _read_anew(self) -> None:
        """Raises `ProviderAway` where there is nothing older to go by."""
        try:
            await self._read()
        except (ProviderAway, NotAccepted) as fault:
            if self._metadata is None:
                raise ProviderAway(str(fault)) from fault
            _log.warning("provider_unread", fault=str(fault)[:300])

    async def _read(self) -> None:
        address = f"{self.issuer.rstrip('/')}/.well-known/openid-configuration"
        try:
            found = msgspec.json.decode(await _fetched("GET", address), type=Metadata)
            if found.issuer != self.issuer:
                raise ProviderAway(f"{address} is of another issuer")
            for endpoint in _endpoints(found):
                require_secure(address, endpoint)
            if self._metadata is None or self._metadata.jwks_uri != found.jwks_uri:
                self._keys = KeySet(found.jwks_uri, self._refresh_seconds)
        except (msgspec.DecodeError, UnicodeError, SettingInvalid) as fault:
            raise ProviderAway(str(fault)) from fault
        self._metadata = found
        self._again_at = self._clock() + METADATA_SECONDS

    async def _post(self, metadata: Metadata, form: dict[str, str]) -> bytes:
        headers = {"Accept": "application/json"}
        auth = None
        if self._secret and "client_secret_basic" in metadata.token_endpoint_auth_methods_supported:
            # RFC 6749, 2.3.1: each is form-encoded before.
            auth = (quote(self.client_id, safe=""), quote(self._secret, safe=""))
        elif self._secret:
            form = {**form, "client_id": self.client_id, "client_secret": self._secret}
        else:
            form = {**form, "client_id": self.client_id}
        return await _fetched(
            "POST", metadata.token_endpoint, data=form, headers=headers, auth=auth
        )

    async def _verified(self, token: str) -> dict[str, Any]:
        try:
            key = await self._key(jwt.get_unverified_header(token).get("kid"))
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=[key.algorithm_name],  # the key says it, never the token
                audience=self.client_id,
                issuer=self.issuer,
                leeway=SKEW_SECONDS,
                options=_OPTIONS,
            )
        except (jwt.PyJWTError, ValueError, TypeError, KeyError, RecursionError) as fault:
            raise NotAccepted(f"the ID token: {fault}") from fault
        several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
        if claims.get("azp", None if several else self.client_id) != self.client_id:
            raise NotAccepted("the ID token is another client's")
        return claims

    async def _key(self, kid: str | None) -> jwt.PyJWK:
        """Raises `ProviderAway`, `NotAccepted`."""
        keys = self._keys
        assert keys is not None, "there is metadata"
        try:
            if keys.stale:
                await keys.refresh()
            with suppress(UnknownKey):
                return keys.get(kid)
            await keys.refresh()
            return keys.get(kid)
        except KeysUnavailable as fault:
            raise ProviderAway(str(fault)) from fault
        except UnknownKey as fault:
            raise NotAccepted("the ID token is signed with an unknown key") from fault


def _endpoints(found: Metadata) -> list[str]:
    also = [found.end_session_endpoint] if found.end_session_endpoint else []
    return [found.authorization_endpoint, found.token_endpoint, found.jwks_uri, *also]


def require_secure(where: str, address: str) -> None:
    """Raises `SettingInvalid`: a code or a token is told to nobody in the clear."""
    parts = urlsplit(address)
    if parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK):
        return
    raise SettingInvalid(f"{where}: expected an https address, not {address!r}")


async def _fetched(method: str, address: str, **sent: Any) -> bytes:
    """Raises `ProviderAway`; `NotAccepted` for an answer that refuses."""
    try:
        async with (
            asyncio.timeout(FETCH_SECONDS),
            httpx2.AsyncClient(follow_redirects=False) as client,
            client.stream(method, address, **sent) as response,
        ):
            content = await bounded(response)
    except (httpx2.HTTPError, httpx2.InvalidURL, KeysTooLarge, OSError) as fault:
        raise ProviderAway(f"{address}: {fault!r}") from fault
    if response.status_code in {400, 401, 403}:
        raise NotAccepted(f"{address} answers {response.status_code}: {_error(content)}")
    if response.status_code != 200:
        raise ProviderAway(f"{address} answers {response.status_code}")
    return content


def _error(content: bytes) -> str:
    """The `error` of OAuth, for the log: a code, no sentence."""
    try:
        said = msgspec.json.decode(content, type=dict[str, Any]).get("error")
    except (msgspec.DecodeError, UnicodeError):
        said = None
    return said[:100] if isinstance(said, str) and said.isprintable() else "no reason"
