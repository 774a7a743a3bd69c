"""Makes a PNG of an uploaded picture, which anybody may have made to do harm. Pure.

Only PNG and JPEG, told by their bytes: no decoder but these two ever runs. What the file announces
is judged before anything of it is unpacked. Nothing of the file is handed on but its pixels.
"""

from io import BytesIO
from typing import Final

import msgspec
from PIL import Image, ImageOps

from milepost.credentials.domain.refusals import ImageRefused

MAX_BYTES: Final = 2 * 1024 * 1024
MIN_SIDE: Final = 64
MAX_SIDE: Final = 4_096
MAX_PIXELS: Final = 6_000_000
# The longer side of what is kept: its PNG is never larger than MAX_BYTES.
KEPT_SIDE: Final = 640
# Each goes over all pixels: a progressive JPEG has about ten, and a hostile one 100,000.
MAX_SCANS: Final = 50
_SCAN: Final = b"\xff\xda"
_SIGNATURES: Final = {b"\x89PNG\r\n\x1a\n": "PNG", b"\xff\xd8\xff": "JPEG"}
_WITH_ALPHA: Final = frozenset({"RGBA", "LA", "PA", "La", "RGBa"})


class Raster(msgspec.Struct, frozen=True, kw_only=True):
    """A PNG without any metadata, and its size in pixels."""

    png: bytes
    width: int
    height: int


def raster_of(data: bytes) -> Raster:
    """The same picture as a PNG, upright, at most `KEPT_SIDE` wide and high.

    Takes up to a second, and memory for `MAX_PIXELS`. Raises `ImageRefused`.
    """
    kind = _kind(data)
    if len(data) > MAX_BYTES:
        raise ImageRefused("too_many_bytes")
    if kind == "JPEG" and data.count(_SCAN) > MAX_SCANS:
        raise ImageRefused("too_many_scans")
    try:
        with Image.open(BytesIO(data), formats=(kind,)) as opened:
            _require_size(opened.size)
            image = _pixels(opened)
    except ImageRefused:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as fault:
        raise ImageRefused("too_large") from fault
    except Exception as fault:  # whatever a decoder raises, the file is at fault
        raise ImageRefused("unreadable") from fault
    written = BytesIO()
    image.save(written, "PNG")
    return Raster(png=written.getvalue(), width=image.width, height=image.height)


def _kind(data: bytes) -> str:
    for signature, kind in _SIGNATURES.items():
        if data.startswith(signature):
            return kind
    raise ImageRefused("not_png_or_jpeg")


def _require_size(size: tuple[int, int]) -> None:
    if min(size) < MIN_SIDE:
        raise ImageRefused("too_small")
    if max(size) > MAX_SIDE or size[0] * size[1] > MAX_PIXELS:
        raise ImageRefused("too_large")


def _pixels(opened: Image.Image) -> Image.Image:
    """Pasted into an empty picture: what else the file says stays behind."""
    alpha = opened.mode in _WITH_ALPHA or "transparency" in opened.info
    mode = "RGBA" if alpha else "RGB"
    image = ImageOps.exif_transpose(opened).convert(mode)
    image.thumbnail((KEPT_SIDE, KEPT_SIDE))
    clean = Image.new(mode, image.size)
    clean.paste(image)
    return clean
