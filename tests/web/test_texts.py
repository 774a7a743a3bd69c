"""Texts for people: every script passes, nothing that hides does."""

import json

import pytest

from milepost.web.problems import Malformed
from milepost.web.texts import hidden_in, readable

NAMES = [
    "Ada Lovelace",
    "محمد علی",
    "می\u200cخواهم",  # Persian: not joined, by ZWNJ
    "יעל כהן",
    "क्\u200dष",  # Devanagari: half a letter, by ZWJ
    "श्रीमान् शर्मा",
    "葛\U000e0100城",  # a variant of a Han character
    "👩\u200d🚀",
    "❤\ufe0f\u200d🔥",
    "Zoë O’Neill-Łukasiewicz",
    "Nguyễn Văn An",
]
HIDDEN = [
    *("a\x00b", "a\x1b[2Jb", "a\x85b", "a\u202eb", "a\u2066b", "a\u200fb", "a\u2028b"),
    *("a\u200bb", "a\xadb", "a\ufeffb", "a\u200db", "a\u200cb", "a\u2060b", "a\u3164b"),
    *("می\u200c\u200cخ", "می\u200c", "\u200cمی", "a\U000e0041b", "葛\ufe00\ufe00", "\ufe0f"),
]


def body(text: str, *, escaped: bool) -> bytes:
    return json.dumps({"lessons": [{"title": text}]}, ensure_ascii=escaped).encode()


@pytest.mark.parametrize("escaped", [True, False])
@pytest.mark.parametrize("name", [*NAMES, "two\r\nlines\tand more"])
def test_every_script_passes_as_it_is(name, escaped):
    sent = body(name, escaped=escaped)
    assert readable(sent) == sent


@pytest.mark.parametrize("escaped", [True, False])
@pytest.mark.parametrize("text", HIDDEN, ids=ascii)
def test_what_hides_is_named_with_its_place(text, escaped):
    with pytest.raises(Malformed, match="U\\+") as refused:
        readable(body(text, escaped=escaped))
    assert refused.value.where["path"] == "$.lessons[0].title"
    assert text not in refused.value.reason


@pytest.mark.parametrize("escaped", [True, False])
def test_what_looks_the_same_is_the_same(escaped):
    assert json.loads(readable(body("Zoe\u0308 \u212b", escaped=escaped))) == {
        "lessons": [{"title": "Zo\xeb \xc5"}]
    }


@pytest.mark.parametrize(
    "wrong", [b'"\xff"', b'{"a":"\\x"', b"[" * 9_000 + b'"\\u200b"', b"\xe2\x80\xae"]
)
def test_what_is_no_json_is_left_to_the_decoder(wrong):
    assert readable(wrong) == wrong


def test_a_long_text_is_judged_once():
    """Thousands of joiners and variants are no way to hold the loop."""
    assert hidden_in("\u06a9\u200c" * 20_000) == "U+200C"
    assert hidden_in("\u845b\ufe00" * 20_000) is None
