"""Each known context says what the published one says, term by term."""

import pytest

from milepost.credentials.open_badges.errors import NotCanonical
from milepost.credentials.open_badges.linked_data.contexts import CONTEXTS
from milepost.credentials.open_badges.quads import canonical

CREDENTIALS = "https://www.w3.org/ns/credentials/v2"
BADGES = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"
# In two contents of one address these two differ: they have no meaning here.
CONTESTED = {"endorsementJwt", "jti"}
# Read as a text, an address, a number, a truth, a node, texts in a language and of a type.
SAMPLES = ["urn:a:b", 7, 2.5, True, {"id": "urn:c:d"}]
IN_WORDS = [
    {"@value": "voix", "@language": "fr-CA"},
    {"@value": "x", "@type": "urn:e:f"},
    {"@value": 7, "@type": "urn:e:f"},
]
PLAIN_JSON = {"b": [1, "é", None], "a": {"€": True}}


def context_of(published, url):
    return published[url]["@context"]


def words(context):
    aliases = {"id", "type", "cred", "obi"}
    return {word for word in context if not word.startswith("@")} - aliases - CONTESTED


def scoped(context, word):
    """The published terms that mean something inside of `word` alone."""
    term = context[word]
    return (term.get("@context") or {}) if isinstance(term, dict) else {}


@pytest.mark.parametrize("url", CONTEXTS)
def test_a_context_has_the_published_words(url, published):
    def same(theirs, ours):
        assert words(theirs) == set(ours)
        for word in ours:
            same(scoped(theirs, word), ours[word].scoped or {})

    same(context_of(published, url), CONTEXTS[url].terms)


def documents(published, url):
    """One document for each type with terms of its own, which uses all of them."""
    context = context_of(published, url)
    first = [url] if url == CREDENTIALS else [CREDENTIALS, url]
    for word in words(context):
        if word[0].isupper() or word[0] == "1":
            inside = scoped(context, word)
            yield (
                word,
                {
                    "@context": first,
                    "id": "urn:the:node",
                    "type": word,
                    **{inner: sample(inside[inner]) for inner in words(inside)},
                },
            )
    loose = [word for word in words(context) if not word[0].isupper() and word[0] != "1"]
    yield "", {"@context": first, **{word: sample(context[word]) for word in loose}}


def sample(term):
    if isinstance(term, dict) and term.get("@type") == "@json":
        return PLAIN_JSON
    if isinstance(term, dict) and term.get("@context", ()) is None:
        return [{"@context": CREDENTIALS, "id": "urn:g:h", "name": "x"}]
    if isinstance(term, dict) and "@graph" in term.get("@container", ""):
        return [{"id": "urn:g:h"}, "urn:i:j"]
    if isinstance(term, dict) and "@type" in term:
        return [*SAMPLES]
    return [*SAMPLES, *IN_WORDS]


@pytest.mark.parametrize("url", CONTEXTS)
def test_each_term_means_what_it_means_to_pyld(url, published, stranger):
    for word, document in documents(published, url):
        assert canonical(document).decode() == stranger(document), word


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"colour": "red"}, "colour"),
        ({"credentialSubject": {"type": "AchievementSubject", "colour": 1}}, "credentialSubject"),
        # A type's terms hold on its own node, not on those within.
        (
            {
                "credentialSubject": {
                    "type": "AchievementSubject",
                    "achievement": {"id": "urn:a:d", "licenseNumber": "7"},
                }
            },
            "credentialSubject.achievement.licenseNumber",
        ),
        ({"evidence": {"id": "urn:a:d", "validUntil": "2030-01-01T00:00:00Z"}}, "evidence.valid"),
        ({"type": ["VerifiableCredential", "Colour"]}, "type"),
        ({"jti": "urn:a:b"}, "jti"),
        ({"@context": [CREDENTIALS, "https://example.org/colours"]}, "@context"),
        ({"@context": [CREDENTIALS, {"colour": "urn:a:colour"}]}, "@context"),
        ({"@context": []}, "@context"),
        ({"name": {"@value": "x", "@direction": "rtl"}}, "name"),
        ({"name": {"@value": "x", "@language": "no tag"}}, "name.@language"),
        ({"name": [["x"]]}, "name"),
        ({"name": 2**60}, "name"),
        ({"name": "\ud800"}, ""),
        ({"issuer": "relative/address"}, "issuer"),
        ({"issuer": "https://example.org/with space"}, "issuer"),
        ({"issuer": {"id": "_:blank"}}, "issuer.id"),
        ({"@graph": []}, "@graph"),
        ({"@id": "urn:a:b"}, "@id"),
        ({"issuer": {"@type": "Profile"}}, "issuer.@type"),
        ({"name": {"@value": "x"}}, "name"),
        ({"validUntil": {"@value": "2030-01-01T00:00:00Z", "@type": "urn:a:b"}}, "validUntil"),
        ({"evidence": {"id": "urn:a:c", "name": "x"}}, "evidence"),
    ],
)
def test_what_json_ld_would_drop_is_refused_with_its_path(change, path):
    document = {
        "@context": [CREDENTIALS, BADGES],
        "id": "urn:a:c",
        "type": ["VerifiableCredential"],
        "issuer": "urn:a:i",
        **change,
    }
    with pytest.raises(NotCanonical) as refused:
        canonical(document)
    assert refused.value.path.startswith(path)


def test_contexts_that_disagree_are_refused():
    older = BADGES.replace("3.0.3", "3.0.2")
    with pytest.raises(NotCanonical, match="different meanings"):
        canonical({"@context": [CREDENTIALS, older, BADGES], "id": "urn:a:b"})
