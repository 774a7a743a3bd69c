"""Every event that was ever stored can be read, forever. Files are added, never changed.

`seat_taken.json` says all that the event can say; `seat_taken~1.json` what it said at first.
"""

from pathlib import Path

import msgspec
import pytest
from tests.enrollment.given import NINE

from milepost.contracts.groups.group import GROUP
from milepost.contracts.groups.membership import MEMBERSHIP
from milepost.contracts.offerings import INSTRUCTORS
from milepost.enrollment.domain.course.course import COURSE
from milepost.enrollment.domain.enrollment.enrollment import ENROLLMENT
from milepost.enrollment.domain.erasure import VAULT
from milepost.enrollment.domain.invitation import INVITATION
from milepost.enrollment.domain.learner_load import LEARNER
from milepost.enrollment.domain.offering.offering import OFFERING
from milepost.enrollment.domain.program import PROGRAM

CATEGORIES = (
    *(COURSE, PROGRAM, OFFERING, INSTRUCTORS, ENROLLMENT, LEARNER, INVITATION, VAULT),
    *(GROUP, MEMBERSHIP),
)
CODECS = [category.codec for category in CATEGORIES]
FILES = sorted((Path(__file__).parents[1] / "golden" / "enrollment").glob("*.json"))


def tag_of(file):
    return file.stem.partition("~")[0]


def codec_of(tag):
    [codec] = [codec for codec in CODECS if tag in codec.tags]
    return codec


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_what_was_stored_is_read(file):
    codec = codec_of(tag_of(file))
    event = codec.decode(tag_of(file), file.read_bytes(), NINE)
    assert event.occurred_at == NINE
    tag, data = codec.encode(event)
    if tag == tag_of(file):
        assert msgspec.json.decode(data) == msgspec.json.decode(file.read_bytes())


def test_every_event_and_version_has_its_file():
    assert {tag for codec in CODECS for tag in codec.tags} == {tag_of(file) for file in FILES}


def test_a_golden_file_leaves_no_field_out():
    for file in (one for one in FILES if "~" not in one.stem):
        if (event := codec_of(file.stem).classes.get(file.stem)) is not None:
            stored = set(msgspec.json.decode(file.read_bytes()))
            assert stored == set(event.__struct_fields__) - {"occurred_at"}, file.stem
