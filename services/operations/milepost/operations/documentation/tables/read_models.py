"""Each read model: its tables, their keys and columns."""

from collections.abc import Iterator
from typing import Any

from milepost.events.projections.read_model import ReadModel, Table
from milepost.operations import rooms
from milepost.operations.documentation.tables.markdown import code, doc_of, table


def read_models() -> str:
    return "\n\n".join(part for model in rooms.read_models() for part in _model(model))


def _model(model: ReadModel) -> Iterator[str]:
    yield f"## {model.name}, version {model.version}"
    yield f"Folded from {', '.join(code(tag) for tag in sorted(model.codec.tags))}."
    for one in model.tables:
        yield from _table(one)


def _table(one: Table[Any]) -> Iterator[str]:
    kind = "a row replaced" if one.key_of else "a tally added to"
    yield f"### dashboards.{one.name}"
    yield f"Key: tenant, {', '.join(one.key)}; {kind}. {doc_of(one.row)}"
    rows = [(code(column.name), column.pg_type.split()[0]) for column in one.columns]
    yield table(("column", "type"), rows)
