"""Named placeholders in SQL: `:learner` becomes `$1`, the number that Postgres wants.

A text is put together of parts that know nothing of each other's numbers. Values never enter it:
they go beside it, in the order of the numbers.

    render("a = :x and b = :y and c = :x", {"x": 1, "y": 2})
    → "a = $1 and b = $2 and c = $1", (1, 2)

What merely looks like one is left alone: casts (`::text`), `:=`, strings, quoted names, comments,
dollar quotes. A slice with names for bounds (`a[low:high]`) is not supported.
"""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache

_TOKEN = re.compile(
    r"""
    \b[eE]'(?:[^'\\]|\\.|'')*'              # a string with escapes
  | '(?:[^']|'')*'
  | "(?:[^"]|"")*"
  | --[^\n]* | /\*.*?\*/
  | \$(?P<tag>[A-Za-z_]\w*)?\$.*?\$(?(tag)(?P=tag))\$
  | :: | :=
  | :(?P<name>[a-z_][a-z0-9_]*)
  | (?P<number>\$\d+)
    """,
    re.VERBOSE | re.DOTALL,
)


class ArgumentsDiffer(Exception):
    """The names in the SQL are not those of the arguments: these are on one side only."""


class NumberedPlaceholder(Exception):
    """A `$1` would clash with the numbers that are given here."""


def render(sql: str, arguments: Mapping[str, object]) -> tuple[str, tuple[object, ...]]:
    """Numbered in order of appearance, and the values in the order of the numbers.

    Raises `ArgumentsDiffer`, `NumberedPlaceholder`.
    """
    text, names = _numbered(sql)
    if arguments.keys() != set(names):
        raise ArgumentsDiffer(sorted(arguments.keys() ^ set(names)))
    return text, tuple(arguments[name] for name in names)


def replace(sql: str, expressions: Mapping[str, str]) -> str:
    """With SQL in the place of these names; others stay. The SQL is the program's own, never a
    client's. Raises `NumberedPlaceholder`.
    """
    return _each(sql, lambda name: expressions.get(name, f":{name}"))


@lru_cache(maxsize=512)
def _numbered(sql: str) -> tuple[str, tuple[str, ...]]:
    numbers: dict[str, int] = {}
    text = _each(sql, lambda name: f"${numbers.setdefault(name, len(numbers) + 1)}")
    return text, tuple(numbers)


def _each(sql: str, written: Callable[[str], str]) -> str:
    def token(match: re.Match[str]) -> str:
        if match["number"]:
            raise NumberedPlaceholder(match["number"])
        return written(match["name"]) if match["name"] else match[0]

    return _TOKEN.sub(token, sql)
