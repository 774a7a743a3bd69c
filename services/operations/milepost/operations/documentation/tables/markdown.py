"""Markdown as the tables need it, and what a class says of itself."""

import inspect
from collections.abc import Iterable, Sequence


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(map(_cell, line))} |" for line in lines) + "\n"


def code(text: object) -> str:
    return f"`{text}`" if str(text) else ""


def doc_of(thing: type) -> str:
    """The docstring written for it; not the signature that a dataclass gets by itself."""
    own = thing.__dict__.get("__doc__") or ""
    return "" if own.startswith(f"{thing.__name__}(") else inspect.cleandoc(own)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", r"\|")
