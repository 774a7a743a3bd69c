"""What a batch has of one key is folded at once: the rows are those of folding one by one."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from tests.dashboards.history import DAY, Entry, histories

from milepost.events.event import tag_of
from milepost.events.projections.folding import fold_all
from milepost.events.projections.read_model import Fact, ReadModel, Rows
from milepost.operations.rooms import read_models


def facts(model: ReadModel, entries: list[Entry]) -> Iterator[Fact[Any]]:
    for position, (stream, event) in enumerate(entries, 1):
        category, _, key = stream.partition("-")
        if (tag := tag_of(type(event))) in model.codec.classes:
            yield Fact(position, category, key, tag, event, DAY)


def empty(model: ReadModel) -> Rows:
    return Rows({table.name: defaultdict(lambda: None) for table in model.kept})


def folded(model: ReadModel, rows: Rows) -> dict[str, dict[Any, Any]]:
    """By table and key; what counts nothing is as if it were not there."""
    return {
        table.name: {
            key: row
            for key, row in rows.changed.get(table.name, {}).items()
            if table.key_of is not None or row != table.row(*key)
        }
        for table in model.tables
    }


@pytest.mark.parametrize("model", read_models(), ids=lambda model: model.name)
@settings(max_examples=60, deadline=None)
@given(entries=histories())
def test_together_is_as_one_by_one(model: ReadModel, entries: list[Entry]) -> None:
    together, single = empty(model), empty(model)
    fold_all(model, together, list(facts(model, entries)))
    for fact in facts(model, entries):
        model.fold(single, fact)
    assert msgspec.to_builtins(folded(model, together), str_keys=False) == msgspec.to_builtins(
        folded(model, single), str_keys=False
    )
