"""What happens to every routed request before and after its handler: admitted, named, measured."""

import re
from functools import partial
from time import perf_counter
from typing import Any

from litestar import Request
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send
from opentelemetry.trace import SpanKind, Tracer
from structlog.contextvars import bind_contextvars
from uuid_utils import uuid7

from milepost.events.store.tenant_share import TENANT
from milepost.web.answers.compression import (
    compressed,
    is_compressible,
    kept_apart,
    takes_gzip,
    unchanged,
    varied,
)
from milepost.web.answers.settled import WAITING, Settles, preferred_seconds, settled_send
from milepost.web.auth.session_cookie import SessionCookie
from milepost.web.auth.signed_out import VISITOR, to_sign_in
from milepost.web.auth.tokens import Caller, TokenVerifier
from milepost.web.cors import VARY
from milepost.web.problems import NotAuthenticated, error_response
from milepost.web.requests.allowed_roles import SAFE_METHODS, check_role
from milepost.web.requests.body import discard
from milepost.web.requests.direct_call import OPTION as DIRECT_CALL
from milepost.web.requests.positions import awaited_position
from milepost.web.requests.query_parameters import check_parameters
from milepost.web.requests.quotas import Quotas, place_in
from milepost.web.telemetry import tracing
from milepost.web.telemetry.metrics import HttpMetrics

_CORRELATION = re.compile(r"[\x21-\x7e]{1,128}")


class Edge:
    """One ASGI middleware for all of it: each further layer would cost every request.

    Handlers whose `opt` has `public` set are reached without a token; with `visitor` as well, they
    are told who is signed in, if anybody is. Who is not signed in is led from a `page` to the
    sign-in. `scope["state"]` gets
    `correlation` (the client's X-Request-Id, else new) and `trace` (a traceparent, if any).
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        verifier: TokenVerifier,
        quotas: Quotas,
        metrics: HttpMetrics,
        tracer: Tracer | None,
        settles: Settles | None = None,
        cookie: SessionCookie,
    ) -> None:
        self._app = app
        self._cookie = cookie
        self._settles = settles
        self._verifier = verifier
        self._quotas = quotas
        self._metrics = metrics
        self._tracer = tracer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:  # there are no websockets
            return
        started = perf_counter()
        headers = dict(scope["headers"])
        outgoing = _Outgoing(send, headers, scope["state"])
        try:
            if self._tracer is None and b"traceparent" not in headers:
                await self._admit(scope, receive, outgoing, headers)
            else:
                await self._traced(scope, receive, outgoing, headers)
        finally:
            # Of what then waited for hours, the time in which it was worked on.
            seconds = (place_in(scope).left_at or perf_counter()) - started
            self._metrics.observe(scope["method"], scope["path_template"], outgoing.status, seconds)

    async def _traced(
        self,
        scope: HTTPScope,
        receive: Receive,
        send: "_Outgoing",
        headers: dict[bytes, bytes],
    ) -> None:
        parent = tracing.parent(headers)
        scope["state"]["trace"] = tracing.traceparent(parent)
        if self._tracer is None:
            await self._admit(scope, receive, send, headers)
            return
        name = f"{scope['method']} {scope['path_template']}"
        with self._tracer.start_as_current_span(name, parent, SpanKind.SERVER) as span:
            scope["state"]["trace"] = tracing.traceparent()
            await self._admit(scope, receive, send, headers)
            span.set_attribute("http.response.status_code", send.status)

    async def _admit(
        self,
        scope: HTTPScope,
        receive: Receive,
        send: "_Outgoing",
        headers: dict[bytes, bytes],
    ) -> None:
        scope["state"]["correlation"] = _correlation(headers)
        place = place_in(scope)
        try:
            caller = scope["user"] = await self._caller(scope, headers)
            if caller is not None:
                send.private = bool(caller.session)
                self._quotas.begin(caller.tenant)
                place.add(partial(self._quotas.end, caller.tenant))
        except Exception as refusal:  # noqa: BLE001 - `error_response` knows them all
            await discard(scope, receive)
            await _refuse(refusal, scope, receive, send)
            return
        try:
            await self._answer(scope, receive, send, headers)
        finally:
            place.leave()

    async def _answer(
        self,
        scope: HTTPScope,
        receive: Receive,
        send: "_Outgoing",
        headers: dict[bytes, bytes],
    ) -> None:
        call = scope["route_handler"].opt.get(DIRECT_CALL, self._app)
        answering: Send = send
        try:
            if not WAITING.isdisjoint(headers) and scope["user"] is not None:
                answering = await self._patient(scope, send, headers)
            await call(scope, receive, answering)
        except Exception as error:
            if send.started:
                raise
            await _refuse(error, scope, receive, send)

    async def _patient(self, scope: HTTPScope, send: Send, headers: dict[bytes, bytes]) -> Send:
        """`send`, or one that waits as the client prefers. Raises `Malformed`."""
        if scope["method"] in SAFE_METHODS:
            awaited_position(Request(scope))
        seconds = preferred_seconds(headers)
        if self._settles is None or seconds is None:
            return send
        return await settled_send(self._settles, scope, send, seconds)

    async def _caller(self, scope: HTTPScope, headers: dict[bytes, bytes]) -> Caller | None:
        if scope["route_handler"].opt.get("public"):
            known = scope["route_handler"].opt.get(VISITOR)
            return self._cookie.visitor(scope) if known else None
        caller = await self._authenticated(scope, headers)
        self._quotas.spend(caller)
        scope["user"] = caller  # a refusal's page has their menu, too
        check_role(scope, caller)
        check_parameters(scope)
        TENANT.set(caller.tenant)
        bind_contextvars(tenant=caller.tenant, correlation=scope["state"]["correlation"])
        return caller

    async def _authenticated(self, scope: HTTPScope, headers: dict[bytes, bytes]) -> Caller:
        """By the token, or else by the session. A token that is wrong is not made up for."""
        authorization = headers.get(b"authorization")
        if authorization is None:
            caller = self._cookie.caller(scope, headers)
            if caller is None:
                raise NotAuthenticated
            return caller
        scheme, _, token = authorization.decode("latin-1").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise NotAuthenticated
        return await self._verifier.authenticate(token.strip())


class _Outgoing:
    """`send`, remembering the status (500 until one was sent), and compressing what may be.

    `private`: a cookie asked. Caches keep apart who sends a token, but not who sends a cookie; and
    another site's page makes a browser send one, and may tell secrets by the length of an answer.
    """

    __slots__ = ("_held", "_request", "_send", "_state", "private", "started", "status")

    def __init__(self, send: Send, request: dict[bytes, bytes], state: dict[str, Any]) -> None:
        self._send = send
        self._state = state
        self._request = request
        self._held: Message | None = None
        self.private = False
        self.started = False
        self.status = 500

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            self.status = message["status"]
            if self.private:
                message = kept_apart(message)
            elif self.status == 304:
                message = unchanged(message, self._request)
            elif is_compressible(message["headers"]):
                self._held = varied(message)
                self._keep_vary(self._held)
                return
            self._keep_vary(message)
        elif self._held is not None:
            start, self._held = self._held, None
            if not message.get("more_body") and self._takes_gzip():
                start, message = await compressed(start, message)
            await self._send(start)
        await self._send(message)

    def _keep_vary(self, start: Message) -> None:
        if start["type"] == "http.response.start" and b"origin" in self._request:
            said = [value for name, value in start["headers"] if name.lower() == b"vary"]
            self._state[VARY] = b", ".join(said)

    def _takes_gzip(self) -> bool:
        return takes_gzip(self._request.get(b"accept-encoding", b"").decode("latin-1"))


async def _refuse(error: Exception, scope: HTTPScope, receive: Receive, send: Send) -> None:
    request: Request[Any, Any, Any] = Request(scope, receive, send)
    response = to_sign_in(request, error) or error_response(request, error)
    await response.to_asgi_response(app=None, request=request)(scope, receive, send)


def _correlation(headers: dict[bytes, bytes]) -> str:
    request_id = headers.get(b"x-request-id", b"").decode("latin-1")
    return request_id if _CORRELATION.fullmatch(request_id) else uuid7().bytes.hex()
