"""What was put into a picture comes out of it, and the picture still shows."""

import io
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from tests.open_badges.badges import es256, first_aid

from milepost.credentials.open_badges import baking
from milepost.credentials.open_badges.baking import bake_png, bake_svg, unbake
from milepost.credentials.open_badges.documents import encode
from milepost.credentials.open_badges.errors import NotBaked
from milepost.credentials.open_badges.jwt import vc_jwt

JSON = encode(first_aid()).decode()
JWT = vc_jwt(first_aid(), es256())
SVG = b"""<?xml version="1.0" encoding="UTF-8"?>
<svg xmlns="http://www.w3.org/2000/svg"><title>\xc3\x89cole</title><circle r="4"/></svg>
"""


def png() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (4, 4), "teal").save(file, "PNG")
    return file.getvalue()


PNG = png()


def chunk(kind: bytes, data: bytes) -> bytes:
    return len(data).to_bytes(4) + kind + data + zlib.crc32(kind + data).to_bytes(4)


def with_chunks(*chunks: bytes) -> bytes:
    """After the header, which ends at byte 33."""
    return PNG[:33] + b"".join(chunks) + PNG[33:]


def text_chunk(text: bytes, *, compressed: bool = False) -> bytes:
    return chunk(b"iTXt", baking.KEYWORD + b"\0" + bytes([compressed, 0]) + b"\0\0" + text)


@pytest.mark.parametrize("text", [JSON, JWT], ids=["json", "jwt"])
@pytest.mark.parametrize(("bake", "image"), [(bake_png, PNG), (bake_svg, SVG)], ids=["png", "svg"])
def test_it_comes_out_again_once(bake, image, text):
    baked = bake(image, text)
    assert unbake(baked) == text
    assert unbake(bake(baked, text)) == text
    assert bake(image, text) == baked


def test_a_baked_png_is_a_picture_whose_text_others_read():
    with Image.open(io.BytesIO(bake_png(PNG, JSON))) as image:
        image.load()
        assert image.info["openbadgecredential"] == JSON
        assert image.getpixel((1, 1)) == (0, 128, 128)


def test_a_baked_svg_keeps_its_picture_and_names_its_space():
    baked = bake_svg(SVG, JSON).decode()
    assert 'xmlns:openbadges="https://purl.imsglobal.org/ob/v3p0"' in baked
    assert f"<openbadges:credential><![CDATA[{JSON}]]></openbadges:credential>" in baked
    assert '<circle r="4"/>' in baked
    assert "École" in baked
    assert f'<openbadges:credential verify="{JWT}"/>' in bake_svg(SVG, JWT).decode()


def test_the_end_of_cdata_within_the_json_is_kept():
    assert unbake(bake_svg(SVG, '{"name":"a]]>b"}')) == '{"name":"a]]\\u003eb"}'


def test_compressed_text_of_others_is_read():
    assert unbake(with_chunks(text_chunk(zlib.compress(b"{}"), compressed=True))) == "{}"


LONG = "x" * (baking.MAX_TEXT + 1)
BOMB = zlib.compress(bytes(8 * 1024 * 1024))
EXPANDING = b"""<!DOCTYPE svg [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>
<svg xmlns="http://www.w3.org/2000/svg">&b;</svg>"""


@pytest.mark.parametrize(
    "image",
    [
        b"",
        b"GIF89a",
        b"<html/>",
        PNG,
        SVG,
        PNG[:40],
        bake_png(PNG, JSON)[:-20],
        bake_png(PNG, JSON).replace(b"First", b"Worst"),
        with_chunks(text_chunk(b"{}"), text_chunk(b"{}")),
        with_chunks(text_chunk(b"\xff")),
        with_chunks(text_chunk(LONG.encode())),
        with_chunks(text_chunk(BOMB, compressed=True)),
        with_chunks(text_chunk(zlib.compress(b"{}")[:-5], compressed=True)),
        with_chunks(text_chunk(b"no zlib", compressed=True)),
        with_chunks(*[chunk(b"tEXt", b"a\0b")] * (baking.MAX_CHUNKS + 1)),
        bake_png(PNG, JSON) + bytes(baking.MAX_IMAGE),
        EXPANDING,
        SVG.replace(b"<circle", b"<circle <"),
    ],
    ids=range(18),
)
def test_what_holds_no_credential_is_refused(image):
    with pytest.raises(NotBaked):
        unbake(image)


@pytest.mark.parametrize(("bake", "image"), [(bake_png, PNG), (bake_svg, SVG)], ids=["png", "svg"])
def test_what_is_too_large_is_not_baked(bake, image):
    with pytest.raises(NotBaked, match="larger"):
        bake(image, LONG)
    with pytest.raises(NotBaked):
        bake(b"no picture", JSON)


def test_an_element_has_so_many_attributes_and_no_more():
    def svg(attributes: int) -> bytes:
        many = b" ".join(b'a%d=""' % number for number in range(attributes - 1))
        return bake_svg(SVG, JWT).replace(b"<circle r", b"<circle %b r" % many)

    assert unbake(svg(baking.MAX_ATTRIBUTES)) == JWT
    with pytest.raises(NotBaked, match="attributes"):
        unbake(svg(baking.MAX_ATTRIBUTES + 1))


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=60), st.integers(0, 400))
def test_no_bytes_break_it(noise, at):
    image = bake_png(PNG, JSON)
    for broken in (noise, image[:at] + noise + image[at + len(noise) :], PNG[:8] + noise):
        try:
            assert unbake(broken) is not None
        except NotBaked:
            continue
