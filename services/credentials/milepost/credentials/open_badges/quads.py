"""A JSON document of known contexts as N-Quads."""

from collections.abc import Mapping
from typing import Any


def quads(document: Mapping[str, Any]) -> list[str]:
    """A line each, in no order, blank nodes named b0, b1, …

    Raises: NotCanonical: an unknown context or term, with its path; a limit.
    """
    raise NotImplementedError


def canonical(document: Mapping[str, Any]) -> str:
    """RDFC-1.0: canonical N-Quads, sorted by code point. Raises: NotCanonical."""
    raise NotImplementedError
