"""The grammars of ids, and the ids that follow from others: what was accepted once stays so."""

import re

import pytest

from milepost.contracts import ids

HARD = ["auth0|5f7c8ec7", "ana+x@example.org", "course-v1:Org+X+Run", "!#$%&'()\"\\", "A" * 128]


@pytest.mark.parametrize(
    ("pattern", "accepted", "refused"),
    [
        (ids.ID, ["a", "sql-101.v2", "_x", "~x", "A" * 64, ".a"], ["", ".", "..", "a b", "a\n"]),
        (ids.ID, HARD, ["A" * 129, "a/b", "a*", "a>", "é", "a\x00", "a\x7f", "a\u202e", "\ud800"]),
        (ids.CODE, ["no_time", "a" * 64], ["", "No", "1st", "_a", "a-b", "a" * 65, "a\n"]),
        (ids.ENROLLMENT_KEY, ["a.b:c_d-e", "9" * 64], ["", "a~b", "9" * 65, "a b", "a\n"]),
        (ids.KEY, ["data/analyst", "!" * 128], ["", "a b", "é", "!" * 129, "a\n"]),
        (ids.READ_MODEL_KEY, ["é", "a b", "x" * 255], ["", "a\tb", "a\x7f", "x" * 256, "a\n"]),
        (ids.LANGUAGE, ["en", "pt-BR", "zh-Hant-TW"], ["", "e", "en_US", "en-", "en\n"]),
        (ids.TEXT, ["", "two\nlines", "\x7f"], ["\x00", "a\x00"]),
        (ids.PRINTABLE, ["", "é", "a b"], ["a\nb", "\x00", "\x7f", "a\n"]),
    ],
)
def test_each_grammar_accepts_what_it_always_did(pattern, accepted, refused):
    assert [text for text in accepted if not re.search(pattern, text)] == []
    assert [text for text in refused if re.search(pattern, text)] == []


def test_derived_ids_never_change():
    assert ids.enrollment_id("spring", "ana") == "c59d4912-84ac-57e5-a0b8-498b8fb35aad"
    assert ids.credential_id("ana", "data-analyst", 1) == "5de9337b-1b69-5f42-a185-6ac6505985ca"


def test_derived_ids_tell_everything_apart_that_they_follow_from():
    assert len({ids.enrollment_id(*which) for which in ("ab", "ba", "aa")}) == 3
    assert len({ids.credential_id("ana", *which) for which in (("a", 1), ("a", 2), ("b", 1))}) == 3
