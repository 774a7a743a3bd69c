"""Where the development sign-in may be, and whom it answers: this machine's own browser.

It gives anybody who reaches it any role. So `milepost up --sign-in` alone has it, on an address
that only this machine reaches; and a request that a proxy, another page or a name of the Internet
has brought here is refused, whatever else is true.
"""

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from milepost.web.settings import DEVELOPMENT_ISSUER, Settings

LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
VARIABLE: Final = "MILEPOST_SIGN_IN"
# What proxies and tunnels add, each its own.
_BROUGHT_BY: Final = (
    *("forwarded", "via", "x-forwarded", "x-real-", "x-original-", "x-client-ip"),
    *("true-client-ip", "cf-", "fly-", "x-cluster-", "x-azure-", "x-envoy-"),
)
_OWN_SITES: Final = frozenset({"same-origin", "none"})


def why_not(settings: Settings) -> str | None:
    """Why this installation must not have it."""
    if settings.token_keys or settings.token_issuer != DEVELOPMENT_ISSUER:
        return f"people sign in with the issuer {settings.token_issuer}"
    if settings.host not in LOOPBACK:
        return f"{settings.host} is reached by others: leave --host away"
    if settings.public_url:
        return f"it is reached at {settings.public_url}: unset MILEPOST_PUBLIC_URL"
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
    if not changes:
        return None
    if headers.get("sec-fetch-site", "same-origin") not in _OWN_SITES:
        return "another page sent it"
    if headers.get("origin", f"http://{host}") != f"http://{host}":
        return "another page sent it"
    return None


def front_ends(settings: Settings) -> list[str]:
    """Those of MILEPOST_CORS_ORIGINS that run on this machine: a token may be sent to them."""
    origins = [one.strip() for one in settings.cors_origins.split(",")]
    return [one for one in origins if _hostname(one) in LOOPBACK]


def may_return_to(address: str, registered: list[str]) -> bool:
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
