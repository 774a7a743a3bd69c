"""What a terminal shows of a share: never all before it is all."""

from datetime import UTC, datetime
from uuid import uuid4

import msgspec
import pytest

from milepost.events.log import Recorded
from milepost.operations.demo.feed import Feed
from milepost.operations.terminal.percent import whole_percent


@pytest.mark.parametrize(
    ("share", "shown"),
    [
        (None, "-"),
        (0.0, "0%"),
        (0.0004, "1%"),
        (0.125, "12%"),
        (0.99951, "99%"),
        (9_999 / 10_000, "99%"),
        (1.0, "100%"),
    ],
)
def test_a_share_is_rounded_but_not_to_all_or_nothing(share, shown):
    assert whole_percent(share) == shown


@pytest.mark.parametrize(
    ("grade", "told"),
    [({"grade": 0.9996}, "ann completed git with 99%"), ({}, "ann completed git")],
)
def test_a_completion_is_told_with_or_without_a_grade(grade, told):
    feed = Feed()
    feed.add(happened("course_completed", learner="ann", course="git", **grade))
    assert list(feed.lines) == [f"01 Sep 00:00  {told}"]


def happened(tag, **fact):
    at = datetime(2026, 9, 1, tzinfo=UTC)
    return Recorded(
        tenant="north",
        position=1,
        stream="progress-1",
        version=1,
        event_id=uuid4(),
        type=tag,
        data=msgspec.json.encode(fact),
        metadata=b"{}",
        occurred_at=at,
        recorded_at=at,
    )
