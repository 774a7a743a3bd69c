"""Redirects from a page to the sign-in, and back to it afterwards."""

from typing import Any, Final
from urllib.parse import quote, unquote, urlsplit

from litestar import Request, Response

from milepost.web.problems import NotAuthenticated

# Options of a handler: it answers with a page; it answers everybody, and wants to know whom.
PAGE: Final = "page"
VISITOR: Final = "visitor"
SIGN_IN: Final = "/sign-in"
SIGN_OUT: Final = "/sign-out"
MAX_PATH: Final = 1_000
_NO_WAY_BACK: Final = frozenset({SIGN_IN, f"{SIGN_IN}/callback", SIGN_OUT})


def to_sign_in(request: Request[Any, Any, Any], error: Exception) -> Response[bytes] | None:
    """None: it is no page, or somebody with a token, or another error."""
    if not isinstance(error, NotAuthenticated) or "authorization" in request.headers:
        return None
    if not request.scope["route_handler"].opt.get(PAGE) or request.method not in {"GET", "HEAD"}:
        return None
    headers = {"Cache-Control": "private, no-store", "Vary": "Cookie, HX-Request"}
    if "hx-request" in request.headers:  # the page, not the part of it that was asked for
        there = _sign_in(_path_of(request.headers.get("hx-current-url", "/")))
        return Response(b"", status_code=200, headers={**headers, "HX-Redirect": there})
    asked = quote(request.scope["path"])
    query = request.scope["query_string"].decode("latin-1")
    there = _sign_in(f"{asked}?{query}" if query else asked)
    return Response(b"", status_code=303, headers={**headers, "Location": there})


def own_path(address: str) -> str:
    r"""`address` where it is a path of this site, else `/`: nobody is sent elsewhere.

    A browser reads `//host`, `/\host` and a path with tabs or line breaks in it as other sites.
    """
    plain = unquote(address, errors="replace")
    fit = len(address) <= MAX_PATH and address.isascii() and plain.isprintable()
    if not fit or not address.startswith("/") or address.startswith("//") or "\\" in plain:
        return "/"
    parts = urlsplit(address)
    return "/" if parts.scheme or parts.netloc or parts.path in _NO_WAY_BACK else address


def _path_of(address: str) -> str:
    try:
        parts = urlsplit(address)
    except ValueError:
        return "/"
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def _sign_in(path: str) -> str:
    back = own_path(path)
    return SIGN_IN if back == "/" else f"{SIGN_IN}?return={quote(back, safe='/')}"
