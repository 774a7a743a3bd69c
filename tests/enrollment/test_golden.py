"""Every event that was ever stored can be read, forever. Files are added, never changed."""

from pathlib import Path

import msgspec
import pytest
from tests.enrollment.given import NINE

from milepost.enrollment.domain import COURSE, ENROLLMENT, OFFERING
from milepost.enrollment.domain.erasure import VAULT

CODECS = [category.codec for category in (COURSE, OFFERING, ENROLLMENT, VAULT)]
FILES = sorted((Path(__file__).parents[1] / "golden" / "enrollment").glob("*.json"))


def codec_of(tag):
    [codec] = [codec for codec in CODECS if tag in codec.tags]
    return codec


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_what_was_stored_is_read(file):
    codec = codec_of(file.stem)
    event = codec.decode(file.stem, file.read_bytes(), NINE)
    assert event.occurred_at == NINE
    tag, data = codec.encode(event)
    if tag == file.stem:
        assert msgspec.json.decode(data) == msgspec.json.decode(file.read_bytes())


def test_every_event_and_version_has_its_file():
    assert {tag for codec in CODECS for tag in codec.tags} == {file.stem for file in FILES}


def test_a_golden_file_leaves_no_field_out():
    for file in FILES:
        if (event := codec_of(file.stem).classes.get(file.stem)) is not None:
            stored = set(msgspec.json.decode(file.read_bytes()))
            assert stored == set(event.__struct_fields__) - {"occurred_at"}, file.stem
