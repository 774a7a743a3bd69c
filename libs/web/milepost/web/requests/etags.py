"""ETags of what is read, and 304 to who has it (RFC 9110, section 13)."""

from hashlib import blake2b
from typing import Any, TypeVar, cast

from litestar import Request, Response
from msgspec.json import encode

T = TypeVar("T")


def etag_matches(request: Request[Any, Any, Any], etag: str) -> bool:
    """Whether the reader has that, compressed or not.

    Compared weakly (RFC 9110, section 13.1.2).
    """
    header = request.headers.get("if-none-match", "")
    tags = {tag.strip().removeprefix("W/") for tag in header.split(",")}
    return not tags.isdisjoint({etag, f'{etag[:-1]}-gzip"', "*"})


def versioned(request: Request[Any, Any, Any], body: T, *versions: int) -> Response[T]:
    """With an ETag of the streams' versions; 304 without a body if the reader has these."""
    return _tagged(request, body, ".".join(map(str, versions)))


def digested(request: Request[Any, Any, Any], body: T) -> Response[T]:
    """As `versioned`, with an ETag of the body: of an answer that changes with time as well."""
    return _tagged(request, body, blake2b(encode(body), digest_size=12).hexdigest())


def _tagged(request: Request[Any, Any, Any], body: T, tag: str) -> Response[T]:
    etag = f'"{tag}"'
    headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
    if etag_matches(request, etag):
        return Response(cast("T", b""), status_code=304, headers=headers)
    return Response(body, headers=headers)
