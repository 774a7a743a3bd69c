"""How models are dealt out to processes; rebuilding in them is tried with the command."""

import pytest

from milepost.operations.rebuild_processes import dealt
from milepost.operations.rooms import read_models


@pytest.mark.parametrize("parts", [1, 2, 3, 99])
def test_each_model_is_rebuilt_by_one_process(parts: int):
    names = sorted(model.name for model in read_models())
    found = dealt(read_models(), parts)
    assert sorted(name for part in found for name in part) == names
    assert len(found) == min(parts, len(names))
    assert all(found)


def test_the_two_that_do_most_are_apart():
    first, second = dealt(read_models(), 2)
    assert ("offering_summary" in first) != ("offering_days" in first)
    assert second
