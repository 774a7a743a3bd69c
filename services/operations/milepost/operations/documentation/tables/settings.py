"""Each `MILEPOST_*` variable: its default and what is allowed."""

import re
from typing import Any

import msgspec
from msgspec import inspect

from milepost.operations.documentation.tables.markdown import code, doc_of, table
from milepost.web.settings import PREFIX, Settings


def settings() -> str:
    allowed = {field.name: field.type for field in inspect.type_info(Settings).fields}  # type: ignore[attr-defined]
    rows = [
        (
            code(PREFIX + field.name.upper()),
            code(_default(field.default)),
            _bounds_words(allowed[field.name]),
        )
        for field in msgspec.structs.fields(Settings)
    ]
    return (
        f"{table(('variable', 'default', 'allowed'), rows)}\n\n## What they mean\n\n{_meanings()}"
    )


def _meanings() -> str:
    """By the names of the variables, so that whoever searches for one finds it."""
    fields = Settings.__struct_fields__
    return re.sub(
        r"`(\w+)`",
        lambda name: code(PREFIX + name[1].upper()) if name[1] in fields else name[0],
        doc_of(Settings).partition("\n\n")[2],
    )


def _default(value: Any) -> str:
    return "" if value == "" else str(value)


def _bounds_words(kind: inspect.Type) -> str:
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
