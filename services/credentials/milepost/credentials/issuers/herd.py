"""Which bit of which status list is a credential's. Pure.

The n-th credential of a school is in list n ÷ 131,072, and there at a place that a secret
permutation gives it: so a place tells nothing about when, and two never have the same one. The
permutation is a Feistel network of four rounds over 18 bits, walked until it falls into 17.
"""

from hmac import digest

from milepost.credentials.open_badges.bitstring import MIN_BITS as HERD

_HALF = 9
_MASK = (1 << _HALF) - 1
_ROUNDS = 4


def place_of(secret: bytes, ordinal: int) -> tuple[int, int]:
    """The list's number and the index in it."""
    number, index = divmod(ordinal, HERD)
    while True:
        index = _permuted(secret, number, index)
        if index < HERD:
            return number, index


def _permuted(secret: bytes, number: int, index: int) -> int:
    left, right = index >> _HALF, index & _MASK
    for turn in range(_ROUNDS):
        left, right = right, left ^ _mixed(secret, number, turn, right)
    return (left << _HALF) | right


def _mixed(secret: bytes, number: int, turn: int, half: int) -> int:
    message = b"status %d %d %d" % (number, turn, half)
    return int.from_bytes(digest(secret, message, "sha256")[:2]) & _MASK
