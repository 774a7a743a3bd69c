"""`/sign-in` by an OpenID provider: the authorization code flow with PKCE, as RFC 9700 wants it."""

from time import monotonic_ns
from typing import Annotated, Final
from urllib.parse import urlencode, urlsplit

import msgspec
import structlog
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import QueryParameter

from milepost.operations.sign_in.authorization_request import (
    AuthorizationRequest,
    Stale,
    begin,
    kept,
    resume,
)
from milepost.operations.sign_in.front import OPEN, SHELL, redirect
from milepost.operations.sign_in.provider import Metadata, NotAccepted, Provider, ProviderAway
from milepost.pages.shell import PageRequest
from milepost.web.auth.claims import ClaimMapping
from milepost.web.auth.session_cookie import SessionCookie
from milepost.web.requests.quotas import Buckets
from milepost.web.settings import Settings

CALLBACK: Final = "/sign-in/callback"
# Of this process. Each may cost a call to the provider.
PER_SECOND: Final = 50

Return = Annotated[str, QueryParameter(name="return", description="The page to go back to")]
_STATUS: Final = {"stale": 400, "denied": 403, "unknown": 403, "away": 503}

_log = structlog.get_logger()


class Failed(Exception):
    """Nobody is signed in. `kind` is one of `_STATUS`, `why` is for the log."""

    def __init__(self, kind: str, why: str) -> None:
        super().__init__(kind, why)
        self.kind = kind
        self.why = why


class OpenId:
    """Sign-ins at one provider."""

    def __init__(self, settings: Settings, cookie: SessionCookie, provider: Provider) -> None:
        self._scopes = settings.sign_in_scopes
        self._claims = ClaimMapping.of(settings)
        self._cookie = cookie
        self._provider = provider
        self._asked = Buckets[str]("sign_in", PER_SECOND)

    async def leave(self, request: PageRequest, back: str) -> Response[bytes]:
        """To the provider. Raises `Failed`, `TooManyRequests`."""
        self._asked.spend("", monotonic_ns())
        try:
            metadata = await self._provider.metadata()
        except ProviderAway as fault:
            raise Failed("away", str(fault)) from fault
        sent = begin(request.scope, self._cookie, back)
        return redirect(self._address(metadata, sent), kept(self._cookie, sent))

    async def come_back(self, request: PageRequest) -> Response[bytes]:
        """With a session. Raises `Failed`, `TooManyRequests`."""
        self._asked.spend("", monotonic_ns())
        answer = request.query_params
        try:
            sent = resume(request.scope, self._cookie, answer.get("state", ""))
            metadata = await self._provider.metadata()
            self._require_issuer(metadata, answer.get("iss"))
            if "error" in answer:
                denied = answer["error"] in {"access_denied", "login_required"}
                raise Failed("denied" if denied else "away", answer["error"][:100])
            if not answer.get("code"):
                raise Failed("stale", "the answer has no code")
            claims = await self._provider.redeem(
                answer["code"][:4_000],
                sent.verifier(self._cookie.sessions.keys),
                sent.nonce,
                self._callback,
            )
            known = self._claims.read(claims)
        except Stale as fault:
            raise Failed("stale", "not begun in this browser, or too long ago") from fault
        except ProviderAway as fault:
            raise Failed("away", str(fault)) from fault
        except NotAccepted as fault:
            raise Failed("stale", str(fault)) from fault
        except msgspec.ValidationError as fault:
            raise Failed("unknown", f"a claim is wrong: {fault}") from fault
        token = self._cookie.sessions.issue(known.sub, known.tenant, known.roles)
        _log.info("signed_in", tenant=known.tenant)
        return redirect(sent.back, self._cookie.set(token))

    def _require_issuer(self, metadata: Metadata, said: str | None) -> None:
        """RFC 9207: the answer is this provider's, not another one's that was mixed in."""
        promised = metadata.authorization_response_iss_parameter_supported
        if said != self._provider.issuer and (said is not None or promised):
            raise Failed("stale", "the answer is of another issuer")

    @property
    def _callback(self) -> str:
        return self._cookie.home.rstrip("/") + CALLBACK

    def _address(self, metadata: Metadata, sent: AuthorizationRequest) -> str:
        keys = self._cookie.sessions.keys
        query = urlencode(
            {
                "response_type": "code",
                "client_id": self._provider.client_id,
                "redirect_uri": self._callback,
                "scope": self._scopes,
                "state": sent.state(keys),
                "nonce": sent.nonce,
                "code_challenge": sent.challenge(keys),
                "code_challenge_method": "S256",
            }
        )
        there = metadata.authorization_endpoint
        return f"{there}{'&' if urlsplit(there).query else '?'}{query}"


def routes(openid: OpenId) -> tuple[HTTPRouteHandler, ...]:
    @get("/sign-in", opt=OPEN)
    async def get_sign_in(request: PageRequest, back: Return = "/") -> Response[bytes]:
        try:
            return await openid.leave(request, back)
        except Failed as fault:
            return _failed(request, fault)

    @get(CALLBACK, opt=OPEN)
    async def get_sign_in_answer(request: PageRequest) -> Response[bytes]:
        try:
            return await openid.come_back(request)
        except Failed as fault:
            return _failed(request, fault)

    return get_sign_in, get_sign_in_answer


def _failed(request: PageRequest, fault: Failed) -> Response[bytes]:
    """What may be done about it; what the provider said is told to the log alone."""
    _log.warning("sign_in_failed", kind=fault.kind, why=fault.why[:300])
    headers = {"Retry-After": "5"} if fault.kind == "away" else {}
    return SHELL.render(
        request, "failed.html", status=_STATUS[fault.kind], kind=fault.kind, headers=headers
    )
