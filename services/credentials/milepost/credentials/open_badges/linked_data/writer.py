"""JSON values as N-Quads, by the terms of their contexts.

Others read the JSON, not the statements, so one statement has one place and one spelling: an `@id`,
an `{"@value": …}` without need, or the end of a credential's validity written into another node of
the same id would leave the signature good and hide what it signs. They are refused.

Sources: JSON-LD 1.1 Processing Algorithms, sections 5.5 (expansion) and 8.1 (to RDF); Canonical
N-Quads in RDF 1.2 N-Quads.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from milepost.credentials.open_badges.errors import NotCanonical, NotJudged
from milepost.credentials.open_badges.linked_data.contexts import Context, context_urls
from milepost.credentials.open_badges.linked_data.labels import Statement
from milepost.credentials.open_badges.linked_data.literals import (
    MAX_DEPTH,
    json_text,
    number,
    quoted,
)
from milepost.credentials.open_badges.linked_data.term import Term

MAX_QUADS = 10_000
MAX_BLANKS = 1_000

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
TYPE = f"<{RDF}type>"
FIRST, REST, NIL = f"<{RDF}first>", f"<{RDF}rest>", f"<{RDF}nil>"
ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\x00-\x20<>\"{}|^`\\]*")
LANGUAGE = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*")
NOT_PROPERTIES: Final = frozenset({"id", "type", "@context"})
VALUES: Final = ({"@value", "@language"}, {"@value", "@type"})
# What an endorsement says of the credential that it stands in.
OF_ROOT: Final = frozenset({"id", "type", "endorsementComment"})


class Writer:
    """What a document states: `blank` what names a blank node, `ground` the lines of the rest."""

    def __init__(self) -> None:
        self.ground: set[str] = set()
        self.blank: set[Statement] = set()
        self._blanks = 0
        self._depth = 0
        self._root = ""

    def node(
        self, value: Mapping[str, Any], context: Context, graph: str = "", *, at_root: bool = False
    ) -> str:
        """Writes a node into a graph ("" or its name) and answers the node's name.

        Raises: NotCanonical.
        """
        self._depth += 1
        if self._depth > MAX_DEPTH or len(self.ground) + len(self.blank) > MAX_QUADS:
            raise NotJudged("", f"deeper than {MAX_DEPTH} or more than {MAX_QUADS} statements")
        if not at_root and "@context" in value:
            context = context.named(context_urls(value["@context"]))
        if not context.aliased:
            raise NotCanonical("@context", "no context says what id and type mean")
        name = self._name(value)
        if at_root:
            self._root = name
        elif name == self._root and not value.keys() <= OF_ROOT:
            raise NotCanonical("", "says of the whole document what must stand at its top")
        types = _types(value)
        if types:
            meanings = [_meaning(word, context) for word in types]
            context = context.typed(types)
            for meaning in meanings:
                self._write(name, TYPE, f"<{meaning}>", graph)
        for word, inner in value.items():
            if word not in NOT_PROPERTIES and inner is not None:
                self._property(name, word, inner, context, graph)
        self._depth -= 1
        return name

    def _name(self, value: Mapping[str, Any]) -> str:
        if (address := value.get("id")) is None:
            return self._new_blank()
        return _reference(address, "id")

    def _new_blank(self) -> str:
        self._blanks += 1
        if self._blanks > MAX_BLANKS:
            raise NotJudged("", f"more than {MAX_BLANKS} nodes without an id")
        return f"_:b{self._blanks}"

    def _write(self, subject: str, predicate: str, target: str, graph: str) -> None:
        if subject[0] == "_" or target[0] == "_" or graph:
            self.blank.add((subject, predicate, target, graph))
        else:
            self.ground.add(f"{subject} {predicate} {target} .\n")

    def _property(self, name: str, word: str, inner: Any, context: Context, graph: str) -> None:
        try:
            term = context.find(word)
            predicate = f"<{term.iri}>"
            values = inner if isinstance(inner, list | tuple) else (inner,)
            if term.container == "@list":
                self._write(name, predicate, self._list(values, term, context, graph), graph)
                return
            for value in values:
                target = self._target(value, term, context, graph)
                if target is not None:
                    self._write(name, predicate, target, graph)
        except NotCanonical as fault:
            raise fault.inside(word) from None

    def _list(self, values: Any, term: Term, context: Context, graph: str) -> str:
        targets = [self._target(value, term, context, graph) for value in values]
        rest = NIL
        for target in reversed([target for target in targets if target is not None]):
            link = self._new_blank()
            self._write(link, FIRST, target, graph)
            self._write(link, REST, rest, graph)
            rest = link
        return rest

    def _target(self, value: Any, term: Term, context: Context, graph: str) -> str | None:
        if term.kind == "@json":
            return quoted(json_text(value)) + f"^^<{RDF}JSON>"
        if value is None:
            return None
        if term.container == "@graph":
            return self._graph(value, term, context)
        if isinstance(value, str):
            return _text(value, term, context)
        if isinstance(value, dict) and "@value" not in value:
            return self._inner(value, term, context, graph)
        return _plain(value, term, context)

    def _inner(self, value: Mapping[str, Any], term: Term, context: Context, graph: str) -> str:
        return self.node(value, context.inside(term), graph)

    def _graph(self, value: Any, term: Term, context: Context) -> str:
        """What is said of a proof, say, is said apart from what it proves."""
        name = self._new_blank()
        if isinstance(value, dict):
            self._inner(value, term, context, name)
        elif not isinstance(value, str):
            raise NotCanonical("", "neither an object nor an address")
        else:
            _reference(value, "")
        return name


def _types(value: Mapping[str, Any]) -> tuple[str, ...]:
    if (found := value.get("type")) is None:
        return ()
    types = (found,) if isinstance(found, str) else found
    if not isinstance(types, list | tuple) or not all(isinstance(word, str) for word in types):
        raise NotCanonical("type", "neither a text nor a list of texts")
    return tuple(types)


def _meaning(word: str, context: Context) -> str:
    """Of a type: a term, or an address."""
    if word not in context.terms and ADDRESS.fullmatch(word):
        return word
    try:
        return context.find(word).iri
    except NotCanonical as fault:
        raise fault.inside("type") from None


def _reference(address: Any, path: str) -> str:
    if not isinstance(address, str) or not ADDRESS.fullmatch(address):
        raise NotCanonical(path, "this is no absolute address")
    return f"<{address}>"


def _text(value: str, term: Term, context: Context) -> str:
    """The text of a property, as its term reads it."""
    kind = term.kind
    if not kind:
        return quoted(value)
    if kind == "@id":
        return _reference(value, "")
    if kind == "@vocab":
        found = (term.scoped or {}).get(value) or context.terms.get(value)
        return f"<{found.iri}>" if found else _reference(value, "")
    return f"{quoted(value)}^^<{kind}>"


def _plain(value: Any, term: Term, context: Context) -> str | None:
    if isinstance(value, dict):
        return _value(value, term, context)
    if isinstance(value, list | tuple):
        raise NotCanonical("", "a list within a list")
    return number(value, "" if term.kind in {"@id", "@vocab"} else term.kind)


def _value(value: Mapping[str, Any], term: Term, context: Context) -> str | None:
    """`{"@value": …, "@language": …}`: a text in a language, or of a type."""
    if value.keys() not in VALUES or term.kind:
        raise NotCanonical("", "only @value with @language or with @type is known here")
    content = value["@value"]
    if content is None:
        return None
    if "@type" in value:
        return _typed(content, value["@type"], context)
    language = value["@language"]
    if not isinstance(content, str):
        raise NotCanonical("@value", "only a text has a language")
    if not isinstance(language, str) or not LANGUAGE.fullmatch(language):
        raise NotCanonical("@language", "this is no tag of BCP 47")
    return f"{quoted(content)}@{language.lower()}"


def _typed(content: Any, word: Any, context: Context) -> str:
    if not isinstance(word, str):
        raise NotCanonical("@type", "this is no type")
    kind = _meaning(word, context)
    return f"{quoted(content)}^^<{kind}>" if isinstance(content, str) else number(content, kind)
