"""`Milepost-Position`: what a command tells and a read waits for."""

import re
from typing import Any, TypeAlias, TypeVar
from urllib.parse import quote

from litestar import Request, Response
from litestar.serialization import encode_json
from litestar.types import Receive, Scope, Send

from milepost.web.problems import Malformed

# What RFC 3986 lets stand in a path as it is, and what parts it.
_PLAIN = re.compile(r"[A-Za-z0-9._~/-]*")

# In the state of a request: the position that is left to be awaited, by whoever reads.
AWAITED = "awaited"

T = TypeVar("T")
Address: TypeAlias = tuple[str, ...]


def awaited_position(request: Request[Any, Any, Any]) -> int | None:
    """The position that the reader wants to see, from `Milepost-Position`; None where that has
    been waited for already. Raises `Malformed`.
    """
    if AWAITED in request.scope["state"]:
        awaited: int | None = request.scope["state"][AWAITED]
        return awaited
    text = request.headers.get("milepost-position")
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise Malformed(
            f"Milepost-Position is a whole number, not {text!r}.", header="Milepost-Position"
        )
    return int(text)


def positioned(body: T, position: int, status_code: int = 200) -> Response[T]:
    """`position` is the outcome's: reads that carry it back see the effect."""
    return JsonResponse(body, status_code, {"Milepost-Position": str(position)})


def created(body: T, position: int, address: Address, *, new: bool = True) -> Response[T]:
    """201 with the address of what was created; 200 without it when it was there already."""
    if not new:
        return positioned(body, position)
    response = positioned(body, position, 201)
    response.headers["Location"] = location(address)
    return response


def location(address: Address) -> str:
    """The path of these segments; an id may hold what a path keeps for itself."""
    path = "/" + "/".join(address)
    if _PLAIN.fullmatch(path) and path.count("/") == len(address):
        return path  # nearly always
    return "".join([f"/{quote(part, safe='')}" for part in address])


def attachment(filename: str) -> dict[str, str]:
    """The header that names a download (RFC 6266): an id may hold quotes and semicolons."""
    encoded = quote(filename, safe="")
    named = f'="{filename}"' if encoded == filename else f"*=UTF-8''{encoded}"
    return {"Content-Disposition": f"attachment; filename{named}"}


class JsonResponse(Response[T]):
    """JSON with a body, without cookies and the like: what litestar does for those took longer
    than the rest of its way out.
    """

    def __init__(self, content: T, status_code: int, headers: dict[str, str]) -> None:
        self.content = content
        self.status_code = status_code
        self.headers = headers
        # The rest of what a response has.
        self.background = self.media_type = None
        self.cookies = []
        self.encoding = "utf-8"
        self.response_type_encoders = {}

    def to_asgi_response(self, app: Any, request: Any, **_: Any) -> Any:  # noqa: ARG002 - litestar's
        async def send_response(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001 - ASGI
            await self.send(send)

        return send_response

    async def send(self, send: Send) -> None:
        body = encode_json(self.content)
        headers = [(name.lower().encode(), value.encode()) for name, value in self.headers.items()]
        headers.append((b"content-type", b"application/json"))
        headers.append((b"content-length", b"%d" % len(body)))
        status = self.status_code or 200
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body, "more_body": False})
