"""JSON answers compressed for who takes gzip. Streams, and what is compressed already, stay so.

Each form of an answer has an ETag of its own (`"7"`, `"7-gzip"`), for their bytes differ. Level 1
takes 2 ms per MB, and what is large is compressed in a thread. What is `no-store` holds secrets
and is left as it is, and so is what the cookie of a session asked for. Of the rest nobody can guess
secrets by its length (BREACH): tokens travel in a header, so no page of others makes a browser ask.
"""

import asyncio
import re
import zlib
from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeAlias

# About a packet: less would not come sooner.
LEAST_BYTES: Final = 1_024
IN_A_THREAD_BYTES: Final = 256 * 1_024
LEVEL: Final = 1
SUFFIX: Final = b'-gzip"'

Headers: TypeAlias = Iterable[tuple[bytes, bytes]]

_NO_GZIP: Final = re.compile(r"(gzip|\*)\s*;\s*q=0(\.0*)?\s*(,|$)")
_GZIP_FORMAT: Final = 31  # zlib's window, with gzip's head and end


def takes_gzip(accepted: str) -> bool:
    """Whether an Accept-Encoding allows it."""
    return ("gzip" in accepted or "*" in accepted) and not _NO_GZIP.search(accepted)


def is_compressible(headers: Headers) -> bool:
    """JSON that comes at once, and is worth it."""
    known = {name.lower(): value for name, value in headers}
    size = known.get(b"content-length", b"0")
    return (
        size.isdigit()
        and int(size) >= LEAST_BYTES
        and b"json" in known.get(b"content-type", b"")
        and b"content-encoding" not in known
        and b"no-store" not in known.get(b"cache-control", b"")
    )


async def compressed(start: Any, message: Any) -> tuple[Any, Any]:
    """The two messages of an answer, compressed. `message` is the whole body."""
    body = message["body"]
    if len(body) > IN_A_THREAD_BYTES:
        zipped = await asyncio.to_thread(_gzip, body)
    else:
        zipped = _gzip(body)
    headers = [_of_zipped(name.lower(), value, len(zipped)) for name, value in start["headers"]]
    headers.append((b"content-encoding", b"gzip"))
    return {**start, "headers": headers}, {**message, "body": zipped}


def varied(start: Any) -> Any:
    """What says that another client may be given another form."""
    if any(
        name.lower() == b"vary" and b"accept-encoding" in value.lower()
        for name, value in start["headers"]
    ):
        return start
    return {**start, "headers": [*start["headers"], (b"vary", b"Accept-Encoding")]}


def kept_apart(start: Any) -> Any:
    """What says that no cache may show it to others; an answer that says something itself, says."""
    if any(name.lower() == b"cache-control" for name, _ in start["headers"]):
        return start
    return {**start, "headers": [*start["headers"], (b"cache-control", b"private, no-cache")]}


def unchanged(start: Any, request: Mapping[bytes, bytes]) -> Any:
    """A 304 names the form that the client has."""
    had = request.get(b"if-none-match", b"")
    return {
        **start,
        "headers": [
            (name, value[:-1] + SUFFIX)
            if name.lower() == b"etag" and value[:-1] + SUFFIX in had
            else (name, value)
            for name, value in start["headers"]
        ],
    }


def _of_zipped(name: bytes, value: bytes, size: int) -> tuple[bytes, bytes]:
    if name == b"content-length":
        return name, b"%d" % size
    return name, value[:-1] + SUFFIX if name == b"etag" else value


def _gzip(body: bytes) -> bytes:
    compressor = zlib.compressobj(LEVEL, zlib.DEFLATED, _GZIP_FORMAT)
    return compressor.compress(body) + compressor.flush()
