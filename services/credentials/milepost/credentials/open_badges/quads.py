"""A JSON document of known contexts as N-Quads, and these in canonical form.

`canonical` is what a proof signs. It has one meaning for one text: what JSON-LD would drop without
a word (an unknown term, a relative address, the direction of a text) is an error here, with its
path.

Labels of blank nodes depend on lines with blank nodes alone, so only these go through RDFC-1.0.

Source: RDF Dataset Canonicalization 1.0.
"""

from collections.abc import Mapping
from typing import Any

from pyoxigraph import CanonicalizationAlgorithm, Dataset, RdfFormat, parse, serialize

from milepost.credentials.open_badges.faults import NotCanonical
from milepost.credentials.open_badges.linked_data.contexts import context_of, context_urls
from milepost.credentials.open_badges.linked_data.writer import Writer


def canonical(document: Mapping[str, Any]) -> bytes:
    """RDFC-1.0: canonical N-Quads in UTF-8, sorted by code point. Raises: NotCanonical."""
    writer = _written(document)
    writer.branches.check()
    try:
        lines = {line.encode() for line in writer.ground}
        if writer.blank:
            lines.update(_labelled("".join(writer.blank).encode()))
    except (ValueError, SyntaxError) as error:
        raise NotCanonical("", f"this is no text: {error}") from error
    return b"".join(sorted(lines))


def quads(document: Mapping[str, Any]) -> list[str]:
    """A line each, in no order, blank nodes named b1, b2, … Raises: NotCanonical."""
    writer = _written(document)
    return [*writer.ground, *writer.blank]


def _written(document: Mapping[str, Any]) -> Writer:
    context = context_of(context_urls(document.get("@context")))
    writer = Writer()
    writer.node(document, context, at_root=True)
    return writer


def _labelled(lines: bytes) -> list[bytes]:
    # Addresses and languages were looked at before, hence `lenient`.
    dataset = Dataset(parse(input=lines, format=RdfFormat.N_QUADS, lenient=True))
    dataset.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
    written = serialize(dataset, format=RdfFormat.N_QUADS)
    assert written is not None
    return written.splitlines(keepends=True)
