"""Pictures that anybody may have made are judged before they are unpacked, and kept as pixels."""

import asyncio
import struct
import zlib
from hashlib import sha256
from io import BytesIO
from typing import Any

import asyncpg
import pytest
from PIL import Image, PngImagePlugin
from tests.clients import School
from tests.house.test_idempotency import BADGE, achievement, done, key_dir, one_school, pool, school

from milepost.credentials.domain.refusals import ImageRefused, TooManyImages
from milepost.credentials.images.raster import KEPT_SIDE, MAX_BYTES, MAX_SCANS, Raster, raster_of
from milepost.credentials.images.store import MAX_WAITING, Images
from milepost.events.runtime.outages import Overloaded

__all__ = ["key_dir", "one_school", "pool", "school"]  # fixtures

PNG = b"\x89PNG\r\n\x1a\n"
UPLOAD = "/credentials/images"


def picture(kind="PNG", size=(100, 80), mode="RGB", **facts: Any):
    written = BytesIO()
    Image.new(mode, size, "teal" if mode == "RGB" else 0).save(written, kind, **facts)
    return written.getvalue()


def chunk(name, data):
    whole = name + data
    return struct.pack(">I", len(data)) + whole + struct.pack(">I", zlib.crc32(whole))


def png(width, height, pixels=b"", *, before=b""):
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return PNG + head + before + chunk(b"IDAT", zlib.compress(pixels)) + chunk(b"IEND", b"")


def scans():
    """A JPEG that draws its picture over and over."""
    whole = picture("JPEG", progressive=True)
    start = whole.index(b"\xff\xda")
    end = whole.index(b"\xff", start + 2)
    return whole[:start] + whole[start:end] * MAX_SCANS + whole[start:]


@pytest.mark.parametrize(
    ("because", "data"),
    [
        ("not_png_or_jpeg", b""),
        ("not_png_or_jpeg", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
        ("not_png_or_jpeg", picture("GIF")),
        ("not_png_or_jpeg", picture("BMP")),
        ("not_png_or_jpeg", picture("TIFF")),
        ("not_png_or_jpeg", b"GIF89a" + picture()),
        ("too_many_bytes", picture() + bytes(MAX_BYTES)),
        ("too_many_scans", scans()),
        ("too_small", picture(size=(63, 1_000))),
        ("too_large", png(4_097, 64)),
        ("too_large", png(3_000, 3_000)),
        ("too_large", png(12_000, 12_000)),  # where the decoder itself warns
        ("too_large", png(60_000, 60_000)),  # and where it refuses
        ("too_large", picture("JPEG", size=(5_000, 64))),
        ("unreadable", PNG),
        ("unreadable", png(0x7FFFFFFF, 0)),
        ("unreadable", png(100, 100, b"\0" * 50)),  # fewer pixels than it says
        ("unreadable", picture()[:-30]),
        ("unreadable", picture("JPEG")[:-300]),
        ("unreadable", b"\xff\xd8\xff" + b"\xe0" * 100),
        # A text that unpacks to 100 MB.
        ("unreadable", png(64, 64, before=chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(10**8))))),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_a_hostile_picture_is_refused_with_the_reason(because, data):
    with pytest.raises(ImageRefused) as refusal:
        raster_of(data)
    assert refusal.value.because == because


def test_nothing_but_pixels_is_kept():
    told = PngImagePlugin.PngInfo()
    told.add_text("Author", "Ana of the back office")
    exif = Image.Exif()
    exif[0x010E], exif[0x0112] = "Ana's house", 6  # lies on its side
    facts = {"exif": exif, "icc_profile": b"profile of ana"}
    for data in (picture(pnginfo=told, **facts), picture("JPEG", comment=b"by ana", **facts)):
        assert b"Ana" in data
        raster = raster_of(data)
        assert b"ana" not in raster.png.lower()
        assert [raster.png[at : at + 4] for at in (12, 37)] == [b"IHDR", b"IDAT"]
        assert (raster.width, raster.height) == (80, 100)  # upright
        with Image.open(BytesIO(raster.png)) as kept:
            kept.load()
            assert (kept.format, kept.size, kept.info) == ("PNG", (80, 100), {})
        assert raster_of(data) == raster == raster_of(raster.png)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16", "CMYK"])
def test_every_mode_is_read_and_made_small_enough(mode):
    kind = "JPEG" if mode == "CMYK" else "PNG"
    raster = raster_of(picture(kind, size=(2_000, 1_000), mode=mode))
    assert (raster.width, raster.height) == (KEPT_SIDE, KEPT_SIDE // 2)


def test_the_noisiest_picture_fits():
    noise = Image.effect_noise((KEPT_SIDE, KEPT_SIDE), 200)
    written = BytesIO()
    Image.merge("RGBA", [noise, noise.rotate(90), noise.rotate(180), noise.rotate(270)]).save(
        written, "PNG"
    )
    assert len(raster_of(written.getvalue()).png) < MAX_BYTES


async def test_an_uploaded_picture_is_everybodys_for_good(school: School):
    given = (await done(school.post(UPLOAD, content=picture("JPEG"), by="issuer"))).json()
    assert (given["width"], given["height"]) == (100, 80)
    again = (await done(school.post(UPLOAD, content=picture("JPEG"), by="issuer"))).json()
    assert again == given
    path = f"/images/{school.tenant}/{given['image']}.png"
    assert given["url"].endswith(path)
    shown = await school.connection.get(path)
    assert sha256(shown.content).hexdigest() == given["image"]
    assert shown.headers["content-type"] == "image/png"
    assert "immutable" in shown.headers["cache-control"]
    assert shown.headers["x-content-type-options"] == "nosniff"
    known = {"if-none-match": shown.headers["etag"]}
    assert (await school.connection.get(path, headers=known)).status_code == 304
    for other in (f"/images/other/{given['image']}.png", path.removesuffix(".png"), path + ".png"):
        assert (await school.connection.get(other)).status_code == 404
    assert (await school.connection.get(f"/images/a%00b/{given['image']}.png")).status_code == 404

    for_learners = await school.post(UPLOAD, content=picture(), by="learner")
    assert for_learners.status_code == 403
    svg = await school.post(UPLOAD, content=b"<svg/>", by="issuer")
    assert (svg.status_code, svg.json()["because"]) == (422, "not_png_or_jpeg")

    defined = {**BADGE, "image": given["image"]}
    await done(school.put("/credentials/achievements/badge", defined))
    unknown = await school.put("/credentials/achievements/badge", {**BADGE, "image": "0" * 64})
    assert unknown.json()["faults"] == [{"path": "$.image", "condition": "unknown_image"}]


async def test_a_school_has_so_many_pictures_and_no_more(school: School, pool: asyncpg.Pool):
    await achievement(school)
    images = Images(pool, most=2)
    for digest in ("a" * 64, "b" * 64, "a" * 64):
        await images.keep(school.tenant, digest, PNG)
    with pytest.raises(TooManyImages):
        await images.keep(school.tenant, "c" * 64, PNG)
    await images.keep("another", "c" * 64, PNG)
    assert await images.read(school.tenant, "c" * 64) is None


async def test_only_so_many_wait_for_their_turn(pool: asyncpg.Pool):
    images = Images(pool)
    asked = [images.raster(picture()) for _ in range(MAX_WAITING + 2)]
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert [type(one) for one in answers] == [Raster] * MAX_WAITING + [Overloaded] * 2
