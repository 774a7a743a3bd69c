"""The contexts that are known here, and which terms mean something at a place in a document.

Closed: a word that is in none of them has no meaning, so a document that uses it cannot be signed,
and nobody else's signature over it is believed. Nothing is fetched. Tests hold each context against
the published one.

How JSON-LD 1.1 finds the terms of a node, in this order:

    the terms of the node that it stands in, without those of that node's types
    + those of the property that it is the value of       (proofPurpose, statusMessage, …)
    + those of its own `@context`                         (an endorsement inside a badge)
    + those of its types, in alphabetical order           (Achievement, Result, …)
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from milepost.credentials.open_badges.documents import CREDENTIALS, MULTIKEY, OPEN_BADGES
from milepost.credentials.open_badges.errors import NotCanonical, NotJudged
from milepost.credentials.open_badges.linked_data.badge_terms import (
    CLR_2_0_1,
    EXTENSIONS,
    OPEN_BADGES_3_0_2,
    OPEN_BADGES_3_0_3,
)
from milepost.credentials.open_badges.linked_data.credential_terms import (
    CREDENTIALS_V2,
    DATA_INTEGRITY,
    KEYS,
    PROOFS,
    STATUS_LIST,
)
from milepost.credentials.open_badges.linked_data.term import Term, Terms, Vocabulary

OB_3_0_2 = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.2.json"
OB_EXTENSIONS = "https://purl.imsglobal.org/spec/ob/v3p0/extensions.json"
CLR_CONTEXT = "https://purl.imsglobal.org/spec/clr/v2p0/context-2.0.1.json"
DATA_INTEGRITY_V2 = "https://w3id.org/security/data-integrity/v2"
STATUS_V1 = "https://www.w3.org/ns/credentials/status/v1"
EXAMPLES_V2 = "https://www.w3.org/ns/credentials/examples/v2"
UNDEFINED_V2 = "https://www.w3.org/ns/credentials/undefined-terms/v2"

CONTEXTS: Final[Mapping[str, Vocabulary]] = {
    CREDENTIALS: Vocabulary(CREDENTIALS_V2),
    OPEN_BADGES: Vocabulary(OPEN_BADGES_3_0_3),
    OB_3_0_2: Vocabulary(OPEN_BADGES_3_0_2),
    OB_EXTENSIONS: Vocabulary(EXTENSIONS, protected=False),
    CLR_CONTEXT: Vocabulary(CLR_2_0_1, protected=False),
    DATA_INTEGRITY_V2: Vocabulary({"proof": PROOFS, **DATA_INTEGRITY}),
    STATUS_V1: Vocabulary(STATUS_LIST),
    MULTIKEY: Vocabulary(KEYS),
    EXAMPLES_V2: Vocabulary({}, everything="https://www.w3.org/ns/credentials/examples#"),
    UNDEFINED_V2: Vocabulary({}, everything="https://www.w3.org/ns/credentials/undefined-term#"),
}
MAX_CONTEXTS = 8  # that one node names
_MAX_KEPT = 256  # combinations of types that a context remembers


class Context:
    """What words mean at one place. Never changed, but for what it remembers."""

    __slots__ = ("_inside", "_typed", "aliased", "everything", "fixed", "outer", "terms")

    def __init__(
        self,
        terms: Terms,
        fixed: frozenset[str] = frozenset(),
        everything: str | None = None,
        *,
        aliased: bool = False,
    ) -> None:
        self.terms = terms
        self.fixed = fixed
        self.everything = everything
        self.aliased = aliased
        self.outer: Context | None = None  # without the terms of its types
        self._typed: dict[tuple[str, ...], Context] = {}
        self._inside: dict[str, Context] = {}

    def find(self, word: str) -> Term:
        """Raises: NotCanonical, of a word without a meaning."""
        if (term := self.terms.get(word)) is not None:
            return term
        if self.everything is None or ":" in word or word.startswith("@"):
            raise NotCanonical("", f"no context that is known here defines {word!r}")
        return Term(self.everything + word)

    def named(self, urls: tuple[str, ...]) -> "Context":
        """With the terms of these contexts, in order. Raises: NotCanonical."""
        if len(urls) > MAX_CONTEXTS:
            raise NotJudged("@context", f"more than {MAX_CONTEXTS} contexts")
        context = self
        for url in urls:
            if url not in CONTEXTS:
                raise NotJudged("@context", f"the context {url!r} is not known here")
            context = context._with(CONTEXTS[url])
        return context

    def _with(self, vocabulary: Vocabulary) -> "Context":
        return self._plus(*vocabulary)

    def inside(self, term: Term) -> "Context":
        """Of the value of a property; the terms of types hold only on their own node."""
        if self.outer is not None:
            return self.outer.inside(term)
        if term.resets:
            return NOTHING
        if term.scoped is None:
            return self
        if term.iri not in self._inside:
            self._inside[term.iri] = self._plus(term.scoped, protected=True, overrides=True)
        return self._inside[term.iri]

    def typed(self, types: tuple[str, ...]) -> "Context":
        """With the terms of the types, whose meaning is found here. Raises: NotCanonical."""
        if (known := self._typed.get(types)) is not None:
            return known
        context = self
        for word in sorted(types):
            scoped = self.terms[word].scoped if word in self.terms else None
            if scoped is not None:
                context = context._plus(scoped, word in self.fixed)
        if context is not self:
            context.outer = self
        if len(self._typed) >= _MAX_KEPT:
            self._typed.clear()
        self._typed[types] = context
        return context

    def _plus(
        self,
        terms: Terms,
        protected: bool,
        everything: str | None = None,
        *,
        overrides: bool = False,
    ) -> "Context":
        for word, term in terms.items():
            if word in self.fixed and self.terms[word] != term and not overrides:
                raise NotCanonical("", f"two contexts give {word!r} different meanings")
        return Context(
            {**self.terms, **terms},
            self.fixed | terms.keys() if protected else self.fixed,
            everything or self.everything,
            aliased=self.aliased or bool(terms),
        )


NOTHING: Final = Context({})


@lru_cache(maxsize=64)
def context_of(urls: tuple[str, ...]) -> Context:
    """Of a whole document. Raises: NotCanonical."""
    return NOTHING.named(urls)


def context_urls(value: Any) -> tuple[str, ...]:
    """The value of `@context`. Raises: NotCanonical, of contexts that are written out."""
    urls = (value,) if isinstance(value, str) else value
    if not isinstance(urls, list | tuple) or not all(isinstance(url, str) for url in urls):
        raise NotJudged("@context", "only addresses of contexts are known here")
    return tuple(urls)
