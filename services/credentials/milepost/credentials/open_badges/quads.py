"""A JSON document of known contexts as N-Quads, and these in canonical form.

`canonical` is what a proof signs. It has one meaning for one text: what JSON-LD would drop without
a word (an unknown term, a relative address, the direction of a text) is an error here, with its
path. Size, depth and the work of labelling are bounded.

Source: RDF Dataset Canonicalization 1.0 (RDFC-1.0).
"""

from collections.abc import Mapping
from typing import Any

from milepost.credentials.open_badges.errors import NotCanonical
from milepost.credentials.open_badges.linked_data.contexts import context_of, context_urls
from milepost.credentials.open_badges.linked_data.labels import (
    Statement,
    canonical_labels,
    line,
)
from milepost.credentials.open_badges.linked_data.writer import Writer


def canonical(document: Mapping[str, Any]) -> bytes:
    """RDFC-1.0: canonical N-Quads in UTF-8, sorted by code point. Raises: NotCanonical."""
    writer = _written(document)
    lines = writer.ground
    try:
        if writer.blank:
            labels = canonical_labels(writer.blank)
            lines |= {_labelled(part, labels) for part in writer.blank}
        return "".join(sorted(lines)).encode()
    except UnicodeEncodeError as error:
        raise NotCanonical("", f"half of a character: {error.reason}") from error


def quads(document: Mapping[str, Any]) -> list[str]:
    """A line each, in no order, blank nodes named b1, b2, … Raises: NotCanonical."""
    writer = _written(document)
    return [*writer.ground, *map(line, writer.blank)]


def _written(document: Mapping[str, Any]) -> Writer:
    context = context_of(context_urls(document.get("@context")))
    writer = Writer()
    writer.node(document, context, at_root=True)
    return writer


def _labelled(statement: Statement, labels: Mapping[str, str]) -> str:
    subject, predicate, target, graph = statement
    find = labels.get
    return line((find(subject, subject), predicate, find(target, target), find(graph, graph)))
