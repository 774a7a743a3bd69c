"""How the meaning of words is written down: see `credential_terms` and `badge_terms`."""

from collections.abc import Mapping
from typing import NamedTuple, TypeAlias


class Term(NamedTuple):
    """A property, or a type of things.

    iri        what it means
    kind       how its text is read: `@id` an address, `@vocab` a term, `@json` as it is, else the
               datatype; empty: as text
    container  `@graph` or `@list`; sets need no mark
    scoped     the terms that mean something inside of it alone
    resets     inside of it no term means anything until a context is named
    """

    iri: str
    kind: str = ""
    container: str = ""
    scoped: "Terms | None" = None
    resets: bool = False


Terms: TypeAlias = Mapping[str, Term]


class Vocabulary(NamedTuple):
    """A context. `protected`: none of its terms may be given another meaning later.

    everything  what any other word means, put before it; contexts of examples have it
    """

    terms: Terms
    protected: bool = True
    everything: str | None = None


def texts(prefix: str, words: str, kind: str = "") -> dict[str, Term]:
    """Words that are spelt like what they mean, after `prefix`."""
    return {word: Term(prefix + word, kind) for word in words.split()}


def links(prefix: str, words: str) -> dict[str, Term]:
    return texts(prefix, words, "@id")


def names(**terms: str) -> dict[str, Term]:
    """Properties whose meaning is not spelt like them."""
    return {word: Term(iri) for word, iri in terms.items()}
