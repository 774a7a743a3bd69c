"""Events to bytes and back, whatever shape they were stored in."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from milepost.events.codec import Codec, UnknownEvent
from milepost.events.event import UNDATED, Event, name_of

WHEN = datetime(2026, 3, 1, 12, 30, 15, 123456, tzinfo=UTC)


class Walked(Event, frozen=True, kw_only=True, tag="walked.3"):
    metres: float
    where: str = "here"


class Rested(Event, frozen=True, kw_only=True, tag="rested"): ...


def from_yards(fields: dict[str, Any]) -> dict[str, Any]:
    return {"metres": fields["yards"] * 0.9144}


def from_text(fields: dict[str, Any]) -> dict[str, Any]:
    return {"yards": float(fields["distance"])}


CODEC: Codec[Walked | Rested] = Codec(
    Walked | Rested, {"walked": ("walked.2", from_text), "walked.2": ("walked.3", from_yards)}
)


def test_tag_and_time_stand_in_columns_not_in_the_json() -> None:
    event = Walked(metres=3.5, where="Bath", occurred_at=WHEN)
    assert CODEC.encode(event) == ("walked.3", b'{"metres":3.5,"where":"Bath"}')
    assert CODEC.encode(Rested(occurred_at=WHEN)) == ("rested", b"{}")


def test_what_was_encoded_is_decoded() -> None:
    event = Walked(metres=3.5, occurred_at=WHEN)
    tag, data = CODEC.encode(event)
    assert CODEC.decode(tag, data, WHEN) == event


def test_old_shapes_are_lifted_step_by_step() -> None:
    assert CODEC.decode("walked", b'{"distance":"100"}', WHEN) == Walked(
        metres=91.44, occurred_at=WHEN
    )
    assert CODEC.decode("walked.2", b'{"yards":100}', WHEN).metres == 91.44  # type: ignore[union-attr]


def test_all_versions_of_an_event_share_its_name() -> None:
    assert {name_of(tag) for tag in CODEC.tags} == {"walked", "rested"}


def test_a_type_nobody_knows_is_an_error() -> None:
    with pytest.raises(UnknownEvent):
        CODEC.decode("swum", b"{}", WHEN)


def test_a_wrong_field_is_an_error() -> None:
    with pytest.raises(msgspec.ValidationError):
        CODEC.decode("walked.3", b'{"metres":"far"}', WHEN)


def test_fields_of_newer_writers_are_passed_over() -> None:
    assert CODEC.decode("rested", b'{"minutes":5}', WHEN) == Rested(occurred_at=WHEN)


def test_an_undated_event_is_told_by_identity() -> None:
    assert Rested().occurred_at is UNDATED
