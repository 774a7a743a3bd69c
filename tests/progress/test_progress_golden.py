"""Every progress event that was ever stored can be read, forever. Files are added, not changed.

A file with `~1` is what that event said before it had further fields.
"""

from pathlib import Path

import msgspec
import pytest
from tests.progress.given import OPENED

from milepost.progress.domain.state import PROGRESS

FILES = sorted((Path(__file__).parents[1] / "golden" / "progress").glob("*.json"))
CODEC = PROGRESS.codec


def tag_in(file):
    return file.stem.partition("~")[0]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_what_was_stored_is_read(file):
    event = CODEC.decode(tag_in(file), file.read_bytes(), OPENED)
    assert event.occurred_at == OPENED
    tag, data = CODEC.encode(event)
    if tag == file.stem:
        assert msgspec.json.decode(data) == msgspec.json.decode(file.read_bytes())


def test_every_event_and_version_has_its_file():
    assert set(CODEC.tags) == {tag_in(file) for file in FILES}


def test_a_golden_file_leaves_no_field_out():
    for file in FILES:
        if (event := CODEC.classes.get(file.stem)) is not None:
            stored = set(msgspec.json.decode(file.read_bytes()))
            assert stored == set(event.__struct_fields__) - {"occurred_at"}, file.stem
