"""Each `MILEPOST_*` variable: its default and what is allowed."""

from typing import Any

import msgspec
from docs.tables.markdown import code, doc_of, table
from msgspec import inspect

from milepost.web.settings import PREFIX, Settings


def settings() -> str:
    allowed = {field.name: field.type for field in inspect.type_info(Settings).fields}  # type: ignore[attr-defined]
    rows = [
        (
            code(PREFIX + field.name.upper()),
            code(_default(field.default)),
            _told(allowed[field.name]),
        )
        for field in msgspec.structs.fields(Settings)
    ]
    return f"{doc_of(Settings)}\n\n{table(('variable', 'default', 'allowed'), rows)}"


def _default(value: Any) -> str:
    return "" if value == "" else str(value)


def _told(kind: inspect.Type) -> str:
    match kind:
        case inspect.IntType(ge=least, le=most):
            return f"whole number, {_bounds(least, most)}"
        case inspect.LiteralType(values=values):
            return ", ".join(map(str, values))
        case inspect.StrType():
            return "text"
    return "path"


def _bounds(least: int | None, most: int | None) -> str:
    return f"{least} to {most}" if most is not None else f"{least} or more"
