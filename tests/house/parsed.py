"""What rules ask of a Python file. Each text is parsed once, however many rules ask, and whose copy
it is: parsing the house takes longer than all its rules.
"""

import ast
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple


class Parsed(NamedTuple):
    """Of a file's syntax tree, which itself would take too much room to be kept."""

    imports: tuple[str, ...]
    relative: bool  # whether an import is, which hides the room
    texts: tuple[str, ...]  # f-strings with a brace for what is put in; docstrings are no literals
    categories: tuple[str, ...]  # literals that are given to `Category`
    attributes: frozenset[str]
    calls: tuple[tuple[int, str], ...]  # line and name, of an attribute the last
    waits: tuple[int, ...]  # lines


def parsed(path: Path) -> Parsed:
    return _parsed(path.read_text("utf-8"))


@lru_cache(maxsize=4096)
def _parsed(text: str) -> Parsed:
    nodes = list(ast.walk(ast.parse(text)))
    from_imports = [node for node in nodes if isinstance(node, ast.ImportFrom)]
    calls = [node for node in nodes if isinstance(node, ast.Call)]
    return Parsed(
        imports=tuple(_imports(nodes)),
        relative=any(node.level for node in from_imports),
        texts=tuple(_texts(nodes)),
        categories=tuple(
            str(getattr(node.args[0], "value", ""))
            for node in calls
            if getattr(node.func, "id", "") == "Category"
        ),
        attributes=frozenset(node.attr for node in nodes if isinstance(node, ast.Attribute)),
        calls=tuple(
            (node.lineno, node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id)
            for node in calls
            if isinstance(node.func, ast.Attribute | ast.Name)
        ),
        waits=tuple(
            node.lineno
            for node in nodes
            if isinstance(node, ast.Await | ast.AsyncFor | ast.AsyncWith)
        ),
    )


def _imports(nodes: list[ast.AST]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _texts(nodes: list[ast.AST]) -> Iterator[str]:
    words = {
        id(node.body[0].value)
        for node in nodes
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    inside = {id(part) for node in nodes if isinstance(node, ast.JoinedStr) for part in node.values}
    apart = words | inside
    for node in nodes:
        if isinstance(node, ast.JoinedStr):
            parts = (getattr(part, "value", "") for part in node.values)
            yield "".join(part if isinstance(part, str) else "{}" for part in parts)
        elif id(node) not in apart and isinstance(value := getattr(node, "value", 0), str):
            yield value
