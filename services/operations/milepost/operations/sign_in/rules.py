"""The rules of the development sign-in: it answers this machine's own browser alone.

It gives anybody who reaches it any role. So `milepost up` alone has it, on an address that only
this machine reaches and with its own issuer; and a request is refused, whatever else is true, that

    came by another name        a page of the Internet whose name was pointed here
    a proxy brought             by the headers that proxies and tunnels add, or by HTTP/1.0
    another page sent           by `Sec-Fetch-Site` and `Origin`
    another user's program has  a proxy that hides itself, or somebody else on this machine: by the
                                kernel's table of connections (Linux)
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from litestar.datastructures import Headers
from litestar.types import HTTPScope

from milepost.operations.sign_in import same_user
from milepost.web.settings import DEVELOPMENT_ISSUER, Settings

LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
# `pages`, or TOKENS for front ends as well: said by `milepost up` to the process that serves.
VARIABLE: Final = "MILEPOST_SIGN_IN"
TOKENS: Final = "tokens"
# What proxies and tunnels add, each its own.
_BROUGHT_BY: Final = (
    *("forwarded", "via", "x-forwarded", "x-real-", "x-original-", "x-client-ip"),
    *("true-client-ip", "cf-", "fly-", "x-cluster-", "x-azure-", "x-envoy-"),
)


def why_not(settings: Settings) -> str | None:
    """Why this installation must not have it."""
    if settings.token_keys or settings.token_issuer != DEVELOPMENT_ISSUER:
        return f"people sign in with the issuer {settings.token_issuer}"
    if settings.sign_in_client_id:
        return "people sign in with a provider, by MILEPOST_SIGN_IN_CLIENT_ID"
    if settings.host not in LOOPBACK:
        return f"{settings.host} is reached by others: leave --host away"
    if settings.public_url:
        return f"it is reached at {settings.public_url}: unset MILEPOST_PUBLIC_URL"
    return None


class Rules(NamedTuple):
    """`is_own`: whether the program at an address and port, at our port, is this user's."""

    is_own: Callable[[tuple[str, int], int], bool] = same_user.is_own

    def why_refused(self, scope: HTTPScope, *, changes: bool = False) -> str | None:
        """As the function, and whose program it is."""
        client = scope["client"]
        host = client[0] if client else None
        headers = Headers.from_scope(scope)
        if why := why_refused(headers, host, changes=changes):
            return why
        if scope["http_version"].startswith("1.0"):  # no browser does, and nginx by itself
            return "a proxy brought it"
        ours = scope["server"]
        # granian tells ports as text.
        here = int(ours[1] or 0) if ours else 0
        if client is None or not self.is_own((client[0], int(client[1])), here):
            return "a program of another user of this machine sent it"
        return None


def why_refused(
    headers: Mapping[str, str], client: str | None, *, changes: bool = False
) -> str | None:
    """Why a request is not answered. `changes`: it asks for a token, so a page of ours sent it."""
    host = headers.get("host", "")
    if _hostname(f"//{host}") not in LOOPBACK or client not in LOOPBACK:
        return "it came by another name than localhost"
    if any(name.lower().startswith(_BROUGHT_BY) for name in headers):
        return "a proxy brought it"
    return "another page sent it" if changes and not _is_ours(headers, host) else None


def _is_ours(headers: Mapping[str, str], host: str) -> bool:
    """Whether one of our pages sent it, as far as the browser says."""
    site = headers.get("sec-fetch-site")
    if site == "same-origin":  # its Origin is null: our pages tell nobody where they are
        return True
    return site in {None, "none"} and headers.get("origin", f"http://{host}") == f"http://{host}"


def front_ends(settings: Settings) -> list[str]:
    """Those of MILEPOST_CORS_ORIGINS that run on this machine: a token may be sent to them."""
    origins = [one.strip() for one in settings.cors_origins.split(",")]
    return [one for one in origins if _hostname(one) in LOOPBACK]


def may_return_to(address: str, registered: Sequence[str]) -> bool:
    """Whether an address is a page of a front end that is registered."""
    if len(address) > 2_000 or not address.isascii() or not address.isprintable():
        return False
    if any(one in address for one in "\\#@ "):
        return False
    return any(address == one or address.startswith(f"{one}/") for one in registered)


def _hostname(address: str) -> str | None:
    try:
        return urlsplit(address).hostname
    except ValueError:
        return None
