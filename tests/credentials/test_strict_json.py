"""JSON from strangers has one reading, or none."""

from typing import Any

import pytest

from milepost.credentials.verification.checks.shape import class_of, shape_faults
from milepost.credentials.verification.texts.shown import shown
from milepost.credentials.verification.texts.strict_json import (
    MAX_BYTES,
    MAX_VALUES,
    NotStrictJson,
    strict_object,
)
from milepost.credentials.verification.texts.times import parse_time


def nested(depth: int) -> str:
    return '{"a":' * depth + "1" + "}" * depth


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"issuer": "a", "issuer": "b"}', "'issuer' stands twice"),
        ('{"a": {"b": 1, "\\u0062": 2}}', "'b' stands twice"),
        (nested(41), "levels deep"),
        (nested(100_000), "levels deep"),
        ('{"a":' + "[" * 200_000, "levels deep"),
        ('{"a": [' + "1," * MAX_VALUES + "1]}", "values"),
        ('{"a": "' + "x" * MAX_BYTES + '"}', "larger than"),
        ('{"a": NaN}', "NaN"),
        ('{"a": -Infinity}', "-Infinity"),
        ('{"a": 1e999}', "too large"),
        ('{"a": ' + "9" * 5_000 + "}", "too long"),
        ('{"a": 0.' + "9" * 5_000 + "}", "too long"),
        ('{"a": "\\ud800"}', "surrogate"),
        ('{"\\ud800": 1}', "surrogate"),
        ('\ufeff{"a": 1}', "no JSON"),
        ('{"a": 1} {}', "no JSON"),
        ("{'a': 1}", "no JSON"),
        ('{"a": "\x00"}', "no JSON"),
        ("[]", "no JSON object"),
        ("1", "no JSON object"),
        (b'{"a": "\xff"}', "not UTF-8"),
        ('{"a": 1}'.encode("utf-16"), "not UTF-8"),
        ("", "no JSON"),
    ],
)
def test_what_could_be_read_in_two_ways_is_refused(text: str | bytes, why: str):
    with pytest.raises(NotStrictJson, match=why):
        strict_object(text)


def test_what_is_plain_is_read():
    assert strict_object(b'{"a": [1, 2.5, "\xc3\xa9\\u0000", null, true, {}]}') == {
        "a": [1, 2.5, "é\0", None, True, {}]
    }
    assert strict_object(nested(39))


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("2026-09-01T08:00:00Z", "2026-09-01T08:00:00+00:00"),
        ("2022-11-10T07:38:00-08:00", "2022-11-10T07:38:00-08:00"),
        ("2026-09-01T08:00:00.123456789Z", "2026-09-01T08:00:00.123456+00:00"),
        ("2026-09-01T08:00:00.5Z", "2026-09-01T08:00:00.500000+00:00"),
    ],
)
def test_a_moment_has_a_zone(text: str, iso: str):
    found = parse_time(text)
    assert found is not None
    assert found.isoformat() == iso


@pytest.mark.parametrize(
    "text",
    ["2026-09-01", "2026-09-01T08:00:00", "2026-13-01T08:00:00Z", "-0001-01-01T00:00:00Z",
     "٢٠٢٦-09-01T08:00:00Z", "2026-09-01 08:00:00Z", "2026-09-01T08:00:00Zx", 1, None, []],
)  # fmt: skip
def test_what_is_no_moment(text: object):
    assert parse_time(text) is None


def test_what_strangers_wrote_neither_steers_nor_hides():
    assert shown("Ha\u202evard\x1b[2J\u200b") == "Ha\\u202evard\\x1b[2J\\u200b"
    assert shown("می\u200cخواهم é 学校") == "می\u200cخواهم é 学校"
    assert len(shown("x" * 1_000)) < 200


def badge() -> dict[str, Any]:
    achievement = {
        "id": "urn:uuid:1", "type": "Achievement", "name": "a", "description": "b", "criteria": {},
    }  # fmt: skip
    return {
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "id": "urn:uuid:2",
        "issuer": "https://a.example",
        "validFrom": "2026-09-01T08:00:00Z",
        "credentialSubject": {"type": ["AchievementSubject"], "achievement": achievement},
    }


@pytest.mark.parametrize(
    ("changed", "path"),
    [
        ({"type": ["OpenBadgeCredential"]}, "type"),
        ({"issuer": 1}, "issuer"),
        ({"issuer": {"id": "https://a.example"}}, "issuer.type"),
        ({"validFrom": "yesterday"}, "validFrom"),
        ({"validUntil": "2026-09-01"}, "validUntil"),
        ({"credentialSubject": []}, ""),
        ({"credentialSubject": [{}, {}]}, "credentialSubject"),
        ({"credentialSubject": {"type": "AchievementSubject"}}, "credentialSubject"),
        ({"evidence": [{"type": "Evidence"}, {"type": 1}]}, "evidence[1].type"),
        ({"name": {"@value": "a"}}, "name"),
        ({"credentialStatus": {"id": "a"}}, "credentialStatus"),
    ],
)
def test_a_badge_of_another_shape_is_told_where(changed: dict[str, Any], path: str):
    document = badge() | changed
    assert shape_faults(badge(), "OpenBadgeCredential") == []
    assert shape_faults(document, "OpenBadgeCredential")[0].path == path


@pytest.mark.parametrize("types", [None, 1, {}, [1], [["OpenBadgeCredential"]], "Profile"])
def test_what_is_no_credential_has_no_class(types: object):
    assert class_of({"type": types}) is None
