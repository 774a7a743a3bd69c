"""Style sheets, scripts and images, served from memory under names that hold their digest.

What a name stands for never changes: browsers keep it for a year without asking, and replicas
answer alike.
"""

import gzip
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
from litestar import Request, Response, get
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

OURS = Path(__file__).parent / "static"
CACHE_CONTROL = "public, max-age=31536000, immutable"
MEDIA_TYPES: Mapping[str, str] = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
}
# What is compressed already would only grow.
COMPRESSED = (".png", ".woff2")


class StaticFile(msgspec.Struct, frozen=True):
    """`name` as it is asked for, with the digest; `zipped` is None where that does not pay."""

    name: str
    content: bytes
    zipped: bytes | None
    media_type: str


class StaticFiles:
    """All files of these folders, at `prefix`; a later folder's takes the place of an earlier's."""

    def __init__(self, prefix: str, *folders: Path) -> None:
        self.prefix = prefix
        files = {
            path.name: static_file(path.name, path.read_bytes())
            for folder in (OURS, *folders)
            for path in sorted(folder.iterdir())
            if path.suffix in MEDIA_TYPES
        }
        self._names = {plain: one.name for plain, one in files.items()}
        self._files = {one.name: one for one in files.values()}

    def url(self, name: str) -> str:
        """The address of a file by its plain name. Raises `KeyError`."""
        return f"{self.prefix}/{self._names[name]}"

    def route(self) -> HTTPRouteHandler:
        """Public, and in no OpenAPI document."""

        @get(f"{self.prefix}/{{file:str}}", opt={"public": True}, include_in_schema=False)
        async def get_static_file(
            request: Request[Any, Any, Any], file: FromPath[str]
        ) -> Response[bytes]:
            return self._answer(request.headers.get("accept-encoding", ""), file)

        return get_static_file

    def _answer(self, encodings: str, name: str) -> Response[bytes]:
        found = self._files.get(name)
        if found is None:
            raise NotFoundException
        headers = {
            "Cache-Control": CACHE_CONTROL,
            "X-Content-Type-Options": "nosniff",
            "Vary": "Accept-Encoding",
        }
        if found.zipped is not None and "gzip" in encodings:
            headers["Content-Encoding"] = "gzip"
            return Response(found.zipped, media_type=found.media_type, headers=headers)
        return Response(found.content, media_type=found.media_type, headers=headers)


def static_file(name: str, content: bytes) -> StaticFile:
    path = Path(name)
    named = f"{path.stem}.{sha256(content).hexdigest()[:16]}{path.suffix}"
    zipped = None if path.suffix in COMPRESSED else gzip.compress(content, 9, mtime=0)
    return StaticFile(named, content, zipped, MEDIA_TYPES[path.suffix])
