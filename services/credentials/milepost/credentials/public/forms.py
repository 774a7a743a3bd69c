"""The forms in which a credential is handed out beside its page: documents, pictures, PDF, QR."""

from base64 import b64encode
from collections.abc import Awaitable, Callable, Mapping
from io import BytesIO
from typing import TypeAlias

import msgspec
import segno
from litestar import Response
from PIL import Image

from milepost.credentials.open_badges.baking import bake_png, bake_svg
from milepost.credentials.public.emblem import (
    SIZE,
    card_png,
    emblem_png,
    emblem_svg,
    framed_png,
)
from milepost.credentials.public.found import Found
from milepost.web.requests.positions import attachment

JSON_LD = "application/vc"
MEDIA_TYPES: Mapping[str, str] = {
    "json": JSON_LD,
    "jwt": "application/jwt",
    "vc.jwt": "application/vc+jwt",
    "png": "image/png",
    "svg": "image/svg+xml",
    "pdf": "application/pdf",
    "image": "image/svg+xml",
    "card.png": "image/png",
    "qr.svg": "image/svg+xml",
}
# Pictures that a page shows stand in it; all else is kept as a file.
SHOWN = ("json", "jwt", "vc.jwt", "image", "card.png", "qr.svg")


class Signed(msgspec.Struct, frozen=True, kw_only=True):
    """A credential as others verify it; `document` is JSON-LD with its proof."""

    document: bytes
    open_badges_jwt: str
    vc_jwt: str


# The signed forms of what was found; the same bytes each time.
Sign: TypeAlias = Callable[[Found], Awaitable[Signed]]
# A picture that was uploaded, by school and SHA-256: a PNG, or None when it is not there any more.
ReadPicture: TypeAlias = Callable[[str, str], Awaitable[bytes | None]]


def answer(content: bytes | str, suffix: str, found: Found, *, public: bool) -> Response[bytes]:
    """May be kept for a minute: what is taken back is not to be seen much longer."""
    data = content.encode() if isinstance(content, str) else content
    who = "public" if public else "private"
    headers = {
        "Content-Type": MEDIA_TYPES[suffix],
        "Cache-Control": f"{who}, max-age=60",
        "Vary": "Accept",
        "X-Content-Type-Options": "nosniff",
        "Access-Control-Allow-Origin": "*",
        "Content-Security-Policy": "default-src 'none'; img-src data:; sandbox",
    }
    if suffix not in SHOWN:
        headers |= attachment(f"{found.awarded.achievement}.{suffix}")
    return Response(data, headers=headers)


def baked_svg(picture: bytes | None, found: Found, document: str) -> bytes:
    """Of an uploaded picture an SVG that holds it."""
    if picture is None:
        return bake_svg(emblem_svg(found.awarded.achievement), document)
    return bake_svg(_svg_around(picture), document)


def baked_png(picture: bytes | None, found: Found, document: str) -> bytes:
    return bake_png(png(picture, found), document)


def png(picture: bytes | None, found: Found) -> bytes:
    return picture if picture is not None else emblem_png(found.awarded.achievement)


def card(picture: bytes | None, found: Found) -> bytes:
    """The preview of a link."""
    if picture is None:
        return card_png(found.awarded.achievement)
    with Image.open(BytesIO(picture)) as opened:
        image = opened.convert("RGBA")
    image.thumbnail((420, 420))
    return framed_png(image)


def qr_svg(address: str) -> bytes:
    """With the quiet zone that scanners need, black on white."""
    written = BytesIO()
    segno.make(address, error="m").save(
        written, kind="svg", xmldecl=False, omitsize=True, border=4, light="#fff", svgclass=None
    )
    return written.getvalue().strip()


def _svg_around(picture: bytes) -> bytes:
    inside = b64encode(picture).decode()
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIZE} {SIZE}">'
        f'<image href="data:image/png;base64,{inside}" width="{SIZE}" height="{SIZE}"/></svg>'
    ).encode()
