"""Which front ends of other origins may call from a browser (CORS): none, unless they are named.

Their tokens travel in a header: the cookie of a session is for our own pages, so credentials are
not allowed. What a browser may read and send is a list of headers here, not whatever it asks for.
"""

import re
from typing import Final

from litestar.config.cors import CORSConfig
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from milepost.web.settings import SettingInvalid, Settings

# In a request's state.
VARY: Final = "vary"
MAX_AGE_SECONDS: Final = 3600
MAX_ORIGINS: Final = 100
_ORIGIN: Final = re.compile(r"https?://([a-z0-9.-]+|\[[0-9a-f:]+\])(:[0-9]{1,5})?")
# Any to which a route answers, also one of tomorrow.
METHODS: Final = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
SENT: Final = (
    *("Authorization", "Content-Type", "Idempotency-Key", "If-None-Match", "Milepost-Position"),
    *("Last-Event-ID", "Prefer", "X-Request-Id", "traceparent", "tracestate"),
)
READ: Final = (
    *("Milepost-Position", "ETag", "Location", "Retry-After", "WWW-Authenticate"),
    *("Allow", "Content-Disposition", "Accept", "RateLimit", "RateLimit-Policy", "Link"),
    *("Milepost-Head", "Milepost-Settled", "Milepost-Waits-For", "Preference-Applied"),
)


class KeptVary:
    """Around an application: litestar's CORS puts its own Vary in the place of what was there.

    What the edge has laid down as `vary` in the request's state is said as well.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_whole(message: Message) -> None:
            if message["type"] == "http.response.start" and (vary := scope["state"].get(VARY)):
                message["headers"] = [*message["headers"], (b"vary", vary)]
            await send(message)

        await self._app(scope, receive, send_whole)


def cors(settings: Settings) -> CORSConfig | None:
    """None without origins. Raises `SettingInvalid` for what is no exact origin."""
    origins = [origin.strip() for origin in settings.cors_origins.split(",") if origin.strip()]
    for origin in origins:
        if not _ORIGIN.fullmatch(origin):
            raise SettingInvalid(
                f"MILEPOST_CORS_ORIGINS={settings.cors_origins!r}: {origin!r} is no origin;"
                " expected https://HOST or https://HOST:PORT, in lower case, separated by commas"
            )
    if len(origins) > MAX_ORIGINS:
        raise SettingInvalid(f"MILEPOST_CORS_ORIGINS: at most {MAX_ORIGINS} origins")
    if not origins:
        return None
    return CORSConfig(
        allow_origins=origins,
        allow_methods=list(METHODS),
        allow_headers=list(SENT),
        expose_headers=list(READ),
        max_age=MAX_AGE_SECONDS,
    )
