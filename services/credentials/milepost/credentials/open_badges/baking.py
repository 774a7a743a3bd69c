"""A credential inside its picture (Open Badges 3.0, section 5.3): PNG and SVG.

`bake_…` put the text in, JSON or a compact JWS, instead of one that is there; `unbake` reads it
from anybody's picture, within bounds.
"""

import re
import zlib
from collections.abc import Iterator
from io import BytesIO
from typing import Any
from xml.parsers.expat import ExpatError
from xml.sax import SAXException
from xml.sax.handler import ContentHandler, feature_namespaces

from defusedxml import minidom
from defusedxml.common import DefusedXmlException
from defusedxml.expatreader import DefusedExpatParser

from milepost.credentials.open_badges.errors import NotBaked

MAX_IMAGE = 8 * 1024 * 1024  # bytes
MAX_SVG = 1_500_000  # bytes; Python's XML reader lets nothing else run while it reads a long tag
MAX_TEXT = 2 * 1024 * 1024  # bytes of what is in it, unpacked
MAX_CHUNKS = 20_000
MAX_ELEMENTS = 100_000  # of an SVG
MAX_ATTRIBUTES = 10_000  # of an element, and signs of equality in the text behind it
MANY_ATTRIBUTES = re.compile(rb"<(?:[^<=]*+=){%d}" % (MAX_ATTRIBUTES + 1))
PNG = b"\x89PNG\r\n\x1a\n"
KEYWORD = b"openbadgecredential"
NAMESPACE = "https://purl.imsglobal.org/ob/v3p0"
ELEMENT = "openbadges:credential"


def bake_png(image: bytes, text: str) -> bytes:
    """The PNG with `text` in one iTXt chunk behind its header. Raises: NotBaked."""
    kept = [_chunk(kind, data) for kind, data in _chunks(image) if not _is_ours(kind, data)]
    baked = _chunk(b"iTXt", KEYWORD + b"\0\0\0\0\0" + _bounded(text))
    return b"".join([PNG, kept[0], baked, *kept[1:]])


def bake_svg(image: bytes, text: str) -> bytes:
    """The SVG with `text`: JSON as CDATA, a JWS as the attribute `verify`. Raises: NotBaked."""
    _bounded(text)
    svg = _svg(image)
    root = svg.documentElement
    for old in _credentials(root):
        old.parentNode.removeChild(old)
    baked = svg.createElement(ELEMENT)
    if text.lstrip().startswith("{"):
        # CDATA ends at its first `]]>`; in JSON that can stand in strings alone.
        baked.appendChild(svg.createCDATASection(text.replace("]]>", "]]\\u003e")))
    else:
        baked.setAttribute("verify", text)
    root.setAttribute("xmlns:openbadges", NAMESPACE)
    root.insertBefore(baked, root.firstChild)
    written: bytes = svg.toxml(encoding="utf-8")
    return written


def unbake(image: bytes) -> str:
    """The JSON or the compact JWS in a PNG or SVG.

    Raises: NotBaked, of what is neither, is broken, holds no credential or exceeds a limit.
    """
    if len(image) > MAX_IMAGE:
        raise NotBaked(f"the image is larger than {MAX_IMAGE} bytes")
    found = _texts_of_png(image) if image.startswith(PNG) else _texts_of_svg(image)
    if len(found) != 1:
        raise NotBaked(f"the image holds {len(found)} credentials instead of one")
    return found[0]


def _bounded(text: str) -> bytes:
    data = text.encode()
    if len(data) > MAX_TEXT or b"\0" in data:
        raise NotBaked(f"the credential is larger than {MAX_TEXT} bytes")
    return data


def _chunk(kind: bytes, data: bytes) -> bytes:
    return len(data).to_bytes(4) + kind + data + zlib.crc32(kind + data).to_bytes(4)


def _chunks(image: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Kind and data of each, up to the end of the image. Raises: NotBaked."""
    if not image.startswith(PNG) or len(image) > MAX_IMAGE:
        raise NotBaked(f"this is no PNG, or one larger than {MAX_IMAGE} bytes")
    at = len(PNG)
    for _ in range(MAX_CHUNKS):
        size = int.from_bytes(image[at : at + 4])
        kind, data = image[at + 4 : at + 8], image[at + 8 : at + 8 + size]
        if image[at + 8 + size : at + 12 + size] != zlib.crc32(kind + data).to_bytes(4):
            raise NotBaked("the PNG is broken or cut off")
        yield kind, data
        if kind == b"IEND":
            return
        at += 12 + size
    raise NotBaked(f"the PNG has more than {MAX_CHUNKS} parts")


def _is_ours(kind: bytes, data: bytes) -> bool:
    return kind == b"iTXt" and data.startswith(KEYWORD + b"\0")


def _texts_of_png(image: bytes) -> list[str]:
    return [_text(data) for kind, data in _chunks(image) if _is_ours(kind, data)]


def _text(data: bytes) -> str:
    """After the keyword: whether it is compressed, how, and in which language."""
    compressed, method, rest = data[20:21], data[21:22], data[22:]
    _language, _, rest = rest.partition(b"\0")
    _keyword, _, text = rest.partition(b"\0")
    if compressed == b"\1" and method == b"\0":
        text = _unpacked(text)
    if len(text) > MAX_TEXT:
        raise NotBaked(f"the credential is larger than {MAX_TEXT} bytes")
    try:
        return text.decode()
    except UnicodeDecodeError as error:
        raise NotBaked("the credential is no UTF-8") from error


def _unpacked(packed: bytes) -> bytes:
    unpack = zlib.decompressobj()
    try:
        text = unpack.decompress(packed, MAX_TEXT + 1)
    except zlib.error as error:
        raise NotBaked(f"the compressed text is broken: {error}") from error
    if len(text) <= MAX_TEXT and not unpack.eof:
        raise NotBaked("the compressed text is cut off")
    return text


def _svg(image: bytes) -> Any:
    """The document; entities and DTDs are refused. Raises: NotBaked."""
    if len(image) > MAX_IMAGE:
        raise NotBaked(f"the image is larger than {MAX_IMAGE} bytes")
    try:
        svg = minidom.parseString(image, forbid_dtd=True)
    except (ExpatError, DefusedXmlException, ValueError, RecursionError) as error:
        raise NotBaked(f"this is neither PNG nor SVG: {error}") from error
    if svg.documentElement.localName != "svg":
        raise NotBaked("this is neither PNG nor SVG")
    return svg


def _credentials(root: Any) -> list[Any]:
    return list(root.getElementsByTagNameNS(NAMESPACE, "credential"))


def _texts_of_svg(image: bytes) -> list[str]:
    """Read as it comes, not as a tree: a few bytes of text would make a large one."""
    if len(image) > MAX_SVG:
        raise NotBaked(f"this is no PNG, or an SVG of more than {MAX_SVG} bytes")
    if MANY_ATTRIBUTES.search(image):
        raise NotBaked(f"an element of the SVG has more than {MAX_ATTRIBUTES} attributes")
    reading, parser = _Reading(), DefusedExpatParser(forbid_dtd=True)
    parser.setFeature(feature_namespaces, True)
    parser.setContentHandler(reading)
    try:
        parser.parse(BytesIO(image))
    except (SAXException, DefusedXmlException, ValueError) as error:
        raise NotBaked(f"this is neither PNG nor SVG: {error}") from error
    return reading.texts


class _Reading(ContentHandler):
    """Collects what each credential element holds. Raises: NotBaked."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._elements = 0
        self._inside = False
        self._parts: list[str] = []

    def startElementNS(self, name: tuple[str | None, str], qname: str | None, attrs: Any) -> None:  # noqa: N802, ARG002 - SAX's names
        self._elements += 1
        if self._elements == 1 and name[1] != "svg":
            raise NotBaked("this is neither PNG nor SVG")
        if self._elements > MAX_ELEMENTS:
            raise NotBaked(f"the SVG has more than {MAX_ELEMENTS} elements")
        if name == (NAMESPACE, "credential"):
            self._inside, self._parts = True, []
            self._verify = attrs.get((None, "verify"), "")

    def characters(self, content: str) -> None:
        if self._inside:
            self._parts.append(content)

    def endElementNS(self, name: tuple[str | None, str], qname: str | None) -> None:  # noqa: N802, ARG002 - SAX's names
        if name == (NAMESPACE, "credential"):
            self.texts.append(self._verify or "".join(self._parts).strip())
            _bounded(self.texts[-1])
            self._inside = False
