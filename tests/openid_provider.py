"""A little OpenID provider, served over loopback: authorize page, token endpoint, keys, discovery.

It verifies what a provider must (client, redirect, PKCE, one use of a code). `claims` are what it
says of who signs in; `lies` is what it puts in the place of the truth, for who must not believe it.
"""

import asyncio
import base64
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from hashlib import sha256
from html import escape
from pathlib import Path
from time import time
from typing import Any
from urllib.parse import parse_qs, urlencode

import jwt
from litestar import Litestar, Request, Response, get, post

from milepost.web.auth.signing_key import SigningKey
from milepost.web.server import serve

CLIENT, SECRET = "milepost-pages", "a secret: with / and %"
AnyRequest = Request[Any, Any, Any]


class OpenIdProvider:
    def __init__(self, folder: Path, url: str, back: str) -> None:
        self.url = url
        self.back = back
        self.claims: dict[str, Any] = {"sub": "ines", "school": "north", "groups": ["teachers"]}
        self.lies: dict[str, Any] = {}
        self.metadata: dict[str, Any] = {}
        self.discovery_status = 200
        self.asked: list[Mapping[str, str]] = []
        self.signed_out: list[Mapping[str, str]] = []
        self._key = SigningKey(folder)
        self._codes: dict[str, Mapping[str, str]] = {}

    def app(self) -> Litestar:
        @get("/.well-known/openid-configuration", sync_to_thread=False)
        def configuration() -> Response[dict[str, Any]]:
            found = {
                "issuer": self.url,
                "authorization_endpoint": f"{self.url}/authorize",
                "token_endpoint": f"{self.url}/token",
                "jwks_uri": f"{self.url}/jwks",
                "end_session_endpoint": f"{self.url}/end",
                "authorization_response_iss_parameter_supported": True,
                **self.metadata,
            }
            return Response(found, status_code=self.discovery_status)

        @get("/jwks", sync_to_thread=False)
        def keys() -> dict[str, Any]:
            return {"keys": [self._key.public]}

        @get("/authorize", sync_to_thread=False)
        def authorize(request: AnyRequest) -> Response[str]:
            query = dict(request.query_params)
            assert query["client_id"] == CLIENT
            assert query["redirect_uri"] == self.back
            assert query["code_challenge_method"] == "S256"
            self.asked.append(query)
            fields = "".join(
                f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
                for name, value in query.items()
            )
            html = f'<!doctype html><form action="/in">{fields}<button>Let me in</button></form>'
            return Response(html, media_type="text/html")

        @get("/in", sync_to_thread=False)
        def let_in(request: AnyRequest) -> Response[str]:
            return Response(
                "", status_code=303, headers={"Location": self.let_in(request.query_params)}
            )

        @post("/token", status_code=200)
        async def token(request: AnyRequest) -> Response[dict[str, Any]]:
            form = {name: one[0] for name, one in parse_qs((await request.body()).decode()).items()}
            asked = self._codes.pop(form["code"], None)
            if not self._knows(request, form) or asked is None or not _proves(form, asked):
                return Response({"error": "invalid_grant"}, status_code=400)
            return Response({"token_type": "Bearer", "id_token": self._id_token(asked["nonce"])})

        @get("/end", sync_to_thread=False)
        def end(request: AnyRequest) -> str:
            self.signed_out.append(dict(request.query_params))
            return "Signed out there"

        return Litestar([configuration, keys, authorize, let_in, token, end], openapi_config=None)

    def let_in(self, asked: Mapping[str, str]) -> str:
        """The way back with a code for who asked."""
        code = secrets.token_urlsafe(16)
        self._codes[code] = dict(asked)
        return f"{self.back}?{urlencode({'code': code, 'state': asked['state'], 'iss': self.url})}"

    def _knows(self, request: AnyRequest, form: Mapping[str, str]) -> bool:
        given = request.headers.get("authorization", "")
        basic = base64.b64encode(b"milepost-pages:a%20secret%3A%20with%20%2F%20and%20%25").decode()
        return given == f"Basic {basic}" or form.get("client_secret") == SECRET

    def _id_token(self, nonce: str) -> str:
        now = int(time())
        claims = {
            "iss": self.url, "aud": CLIENT, "nonce": nonce, "iat": now, "exp": now + 300,
            **self.claims, **self.lies,
        }  # fmt: skip
        if (algorithm := claims.pop("alg", None)) is not None:
            key = "" if algorithm == "none" else SECRET * 3
            return jwt.encode(claims, key, algorithm, {"kid": self._key.public["kid"]})
        if claims.pop("another key", None):
            return SigningKey(self._key.keys_path.parent / "other").sign(claims)
        return self._key.sign(claims)


def _proves(form: Mapping[str, str], asked: Mapping[str, str]) -> bool:
    digest = sha256(form["code_verifier"].encode()).digest()
    challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    return challenge == asked["code_challenge"] and form["redirect_uri"] == asked["redirect_uri"]


@asynccontextmanager
async def serving(app: Litestar, port: int) -> AsyncIterator[None]:
    """In this loop, over loopback, until the block ends."""
    stop = asyncio.Event()
    running = asyncio.create_task(serve(app, "127.0.0.1", port, stop, shutdown_seconds=1))
    try:
        await _answers(port, running)
        yield
    finally:
        stop.set()
        await running


async def _answers(port: int, running: "asyncio.Task[None]") -> None:
    for _ in range(1_000):
        if running.done():
            await running
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.01)
        else:
            writer.close()
            return
    raise TimeoutError(port)
