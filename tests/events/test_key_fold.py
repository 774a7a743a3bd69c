"""Facts of one key are folded together; what others look up stays where it stands."""

from collections.abc import Sequence
from datetime import UTC, datetime

from milepost.events.event import Event
from milepost.events.projections.read_model import Fact, KeyFold, Rows

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Said(Event, frozen=True, kw_only=True, tag="said"):
    pass


def fact(position: int, key: str, tag: str = "said") -> Fact[Said]:
    return Fact(position, "talk", key, tag, Said(), NOON)


def folded(facts: Sequence[Fact[Said]], *between: str) -> list[list[int]]:
    """The positions of what was folded together."""
    parts: list[list[int]] = []

    def fold(_: Rows, key: str, facts: Sequence[Fact[Said]]) -> None:
        assert {one.key for one in facts} == {key}
        parts.append([one.position for one in facts])

    KeyFold(fold, frozenset(between)).fold_all(Rows({}), facts)
    return parts


def test_each_key_once_and_in_its_order() -> None:
    told = [fact(1, "a"), fact(2, "b"), fact(3, "a"), fact(4, "b"), fact(5, "a")]
    assert folded(told) == [[1, 3, 5], [2, 4]]


def test_what_others_look_up_is_folded_between_what_stands_before_and_behind() -> None:
    told = [fact(1, "a"), fact(2, "b"), fact(3, "c", "plan"), fact(4, "b"), fact(5, "a")]
    assert folded(told, "plan") == [[1], [2], [3], [4], [5]]
    assert folded(told) == [[1, 5], [2, 4], [3]]


def test_a_batch_of_nothing_folds_nothing() -> None:
    assert folded([], "plan") == []
