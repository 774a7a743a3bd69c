"""The list of a Bitstring Status List 1.0: one bit a credential, bit 0 left-most.

`encode` writes GZIP with stored blocks: what a compressor makes differs between Pythons, and a list
must have the same bytes on every machine. HTTP compresses it on its way.
"""

import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from collections.abc import Iterable

from milepost.credentials.open_badges.errors import NotABitstring

MIN_BITS = 131_072  # a smaller herd would tell who is meant
MAX_BYTES = 4 * 1024 * 1024  # of a list that others made: 33 million bits
_MAX_TEXT = 2 * MAX_BYTES
_HEADER = bytes.fromhex("1f8b08000000000000ff")  # no time, no name, no system
_MAX_BLOCK = 65_535


def bitstring(indexes: Iterable[int], size: int = MIN_BITS) -> bytes:
    """`size` bits, a multiple of 8, of which those at `indexes` are set.

    Raises: NotABitstring, of a size below MIN_BITS or an index outside of it.
    """
    if size < MIN_BITS or size % 8:
        raise NotABitstring(f"a list has {MIN_BITS} bits or more, a multiple of 8, not {size}")
    bits = bytearray(size // 8)
    for index in indexes:
        if not 0 <= index < size:
            raise NotABitstring(f"index {index} is outside of {size} bits")
        bits[index // 8] |= 0x80 >> index % 8
    return bytes(bits)


def status(bits: bytes, index: int, size: int = 1) -> int:
    """The entry at `index`, of `size` bits (1 to 8). Raises: NotABitstring when it is outside."""
    if not 1 <= size <= 8 or not 0 <= index < len(bits) * 8 // size:
        raise NotABitstring(f"index {index} of {size} bits is outside of {len(bits) * 8} bits")
    value = 0
    for bit in range(index * size, (index + 1) * size):
        value = value << 1 | (bits[bit // 8] >> 7 - bit % 8 & 1)
    return value


def encode(bits: bytes) -> str:
    """`u` and base64url of GZIP: an `encodedList`."""
    blocks = [bits[at : at + _MAX_BLOCK] for at in range(0, len(bits), _MAX_BLOCK)] or [b""]
    body = b"".join(_stored(block, last=block is blocks[-1]) for block in blocks)
    tail = zlib.crc32(bits).to_bytes(4, "little") + len(bits).to_bytes(4, "little")
    return "u" + urlsafe_b64encode(_HEADER + body + tail).rstrip(b"=").decode()


def _stored(block: bytes, *, last: bool) -> bytes:
    size = len(block)
    return (
        bytes([last]) + size.to_bytes(2, "little") + (size ^ 0xFFFF).to_bytes(2, "little") + block
    )


def decode(text: str) -> bytes:
    """The bits of an `encodedList`; anybody's GZIP. Raises: NotABitstring, also past MAX_BYTES."""
    if not text.startswith("u") or len(text) > _MAX_TEXT:
        raise NotABitstring("an encoded list begins with u and is not longer than the limit")
    try:
        packed = urlsafe_b64decode(text[1:] + "=" * (-(len(text) - 1) % 4))
        unpack = zlib.decompressobj(wbits=31)
        bits = unpack.decompress(packed, MAX_BYTES + 1)
    except (Error, ValueError, zlib.error) as error:
        raise NotABitstring(f"the encoded list is broken: {error}") from error
    if len(bits) > MAX_BYTES:
        raise NotABitstring(f"the list is longer than {MAX_BYTES} bytes")
    if not unpack.eof or unpack.unused_data or len(bits) * 8 < MIN_BITS:
        raise NotABitstring(f"the list is cut off, or shorter than {MIN_BITS} bits")
    return bits
