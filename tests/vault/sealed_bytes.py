"""Reads a vault's secrets out of raw bytes, as whoever got hold of files and keys would.

Postgres writes a bytea of up to 126 bytes behind one byte of length, a longer one behind four; in
WAL an update leaves out what the old row has as well, so that there any place may begin one. A dump
writes it in hexadecimal digits.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path
from typing import TypeAlias

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from milepost.enrollment.vault.cipher import KEY_BYTES, NONCE_BYTES, PADDED_BYTES, MasterKey

TAG_BYTES = 16
WRAPPED_BYTES = NONCE_BYTES + KEY_BYTES + TAG_BYTES
SEALED_BYTES = NONCE_BYTES + PADDED_BYTES + TAG_BYTES
LENGTH = {
    WRAPPED_BYTES: bytes([(WRAPPED_BYTES + 1) << 1 | 1]),
    SEALED_BYTES: ((SEALED_BYTES + 4) << 2).to_bytes(4, "little"),
}
Read: TypeAlias = Callable[[bytes, int], Iterator[bytes]]
WRITTEN_KEY = re.compile(rb"[A-Za-z0-9_+/-]{43}=")


def keys_in(folder: Path) -> list[MasterKey]:
    """Whatever stands in any file there and may be a master key."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    found = {one for path in files for one in WRITTEN_KEY.findall(path.read_bytes())}
    return [MasterKey.read(one.decode()) for one in sorted(found)]


def in_heap(content: bytes, size: int) -> Iterator[bytes]:
    """Whole ones: what looks like a length may stand in the last bytes of the file."""
    at, length = -1, LENGTH[size]
    while (at := content.find(length, at + 1, -size)) >= 0:
        begin = at + len(length)
        yield content[begin : begin + size]


def in_wal(content: bytes, size: int) -> Iterator[bytes]:
    return (content[at : at + size] for at in range(len(content) - size + 1))


def in_dump(content: bytes, size: int) -> Iterator[bytes]:
    digits = re.compile(rb"\\x([0-9a-f]{%d})(?![0-9a-f])" % (2 * size))
    return (bytes.fromhex(match[1].decode()) for match in digits.finditer(content))


def names_in(
    read: Read, content: bytes, keys: Collection[MasterKey], tenant: str, learner: str
) -> set[str]:
    """All that these keys open of one learner."""
    secrets = [(key._secret, ["key", key.id, tenant, learner]) for key in keys]
    wrapped = opened(read(content, WRAPPED_BYTES), secrets)
    data_keys = [(one, ["text", tenant, learner]) for one in wrapped]
    sealed = opened(read(content, SEALED_BYTES), data_keys)
    return {msgspec.json.decode(text)["name"] for text in sealed}


def opened(candidates: Iterable[bytes], secrets: Collection[tuple[bytes, list[str]]]) -> set[bytes]:
    ciphers = [(AESGCM(secret), msgspec.json.encode(bound)) for secret, bound in secrets]
    found = set()
    for candidate in candidates:
        nonce, text = candidate[:NONCE_BYTES], candidate[NONCE_BYTES:]
        for cipher, bound in ciphers:
            try:
                found.add(cipher.decrypt(nonce, text, bound))
            except InvalidTag:
                continue
    return found
