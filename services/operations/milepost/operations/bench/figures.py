"""What a benchmark says: figures with their unit in the key, its yardstick, and their ratio."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """`ratio` is the row's own figure over its yardstick's; `target` what it should be, `met`
    whether it is.
    """

    name: str
    figures: Mapping[str, float]
    yardstick: str = ""
    yardstick_per_second: float | None = None
    ratio: float | None = None
    target: str
    met: bool

    def as_json(self) -> dict[str, Any]:
        """Flat, as scripts like it: the figures stand beside the name."""
        flat = msgspec.to_builtins(self)
        return {"name": flat.pop("name"), **flat.pop("figures"), **flat}


class WentWrong(Exception):
    """What was measured did not do what it should have done: there is no figure for that."""


def percentile(ordered: Sequence[float], percent: float) -> float:
    """Of values in ascending order, the nearest rank."""
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]
