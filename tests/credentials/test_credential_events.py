"""The facts as they stand in the log: one stored JSON per event, readable forever."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.credentials.stored import AT, EARLIER, STORED

from milepost.contracts.issuers import IssuerEvent
from milepost.contracts.published import PUBLISHED
from milepost.credentials.domain.achievements.achievement import ACHIEVEMENT
from milepost.credentials.domain.records.awards import RECORD
from milepost.events.codec import Codec

GOLDEN = Path(__file__).parents[1] / "golden" / "credentials"
CODECS: tuple[Codec[Any], ...] = (ACHIEVEMENT.codec, RECORD.codec, Codec(IssuerEvent))


def codec_of(tag):
    return next(one for one in CODECS if tag in one.classes)


def test_every_event_has_a_stored_example():
    tags = {tag for one in CODECS for tag in one.tags}
    assert tags == STORED.keys()
    assert {*STORED, *EARLIER} == {path.stem for path in GOLDEN.glob("*.json")}


def test_a_stored_example_leaves_no_field_out():
    for tag, event in STORED.items():
        if tag in PUBLISHED:
            stored = set(msgspec.json.decode((GOLDEN / f"{tag}.json").read_bytes()))
            assert stored == set(event.__struct_fields__) - {"occurred_at"}, tag


@pytest.mark.parametrize(("name", "event"), {**STORED, **EARLIER}.items())
def test_what_was_stored_is_read_as_it_was_meant(name, event):
    tag = name.partition("~")[0]
    assert codec_of(tag).decode(tag, (GOLDEN / f"{name}.json").read_bytes(), AT) == event


@pytest.mark.parametrize(("name", "event"), {**STORED, **EARLIER}.items())
def test_what_is_written_today_is_what_was_stored(name, event):
    tag, data = codec_of(name.partition("~")[0]).encode(event)
    assert tag == name.partition("~")[0]
    assert msgspec.json.format(data, indent=2) == (GOLDEN / f"{name}.json").read_bytes().strip()


def test_a_condition_that_this_version_does_not_know_is_not_overlooked():
    stored = (GOLDEN / "achievement_defined.json").read_bytes()
    newer = stored.replace(b'"min_grade"', b'"min_hours"')
    with pytest.raises(msgspec.ValidationError, match="min_hours"):
        ACHIEVEMENT.codec.decode("achievement_defined", newer, AT)
