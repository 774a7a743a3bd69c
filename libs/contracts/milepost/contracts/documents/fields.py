"""What a field's name says of its value, in every published event: one name, one meaning.

For readers: these bounds are judged where a value comes in, never when the log is read.
"""

import re
from collections.abc import Iterator, Mapping
from inspect import cleandoc
from typing import Any, Final

_KEY: Final = {"pattern": "^[!-~]{1,128}$"}
_IDS: Final = (
    *("learner", "course", "offering", "enrollment", "lesson", "program", "achievement"),
    *("group", "credential", "issuer", "endorsement", "to", "to_offering", "renews", "supersedes"),
)
_PARTS: Final = ("grade", "before", "score", "mastery_score", "passing_grade", "min_grade", "floor")
_COUNTS: Final = ("version", "achievement_version", "stay", "attempt", "position")
_BY: Final = {"enum": ["policy", "person"]}

# By the type that a value has: an id is a text, a grade from 0 to 1 a number.
_FACTS: Final[Mapping[str, Mapping[str, Mapping[str, Any]]]] = {
    "string": {
        **dict.fromkeys(_IDS, _KEY),
        **dict.fromkeys(("awarded_by", "renewed_by"), _BY),
        "url": {"format": "uri"},
    },
    "number": {key: {"minimum": 0, "maximum": 1} for key in _PARTS},
    "integer": {key: {"minimum": 1} for key in _COUNTS},
}
_LINE: Final = re.compile(r"^(\w+(?:, \w+)*) {2,}(\S.*)$")


def facts_of(name: str, kind: object) -> Mapping[str, Any]:
    return _FACTS.get(str(kind), {}).get(name, {})


def described(doc: str) -> tuple[str, dict[str, str]]:
    """A docstring's text, and what its table says of each field.

    expires           a line of such a table, as here
    counted, passing  one for both, which
                      may go on in the next
    """
    text: list[str] = []
    told: dict[str, str] = {}
    names: list[str] = []
    for line in cleandoc(doc).splitlines():
        if found := _LINE.match(line):
            names = found[1].split(", ")
            told |= dict.fromkeys(names, found[2])
        elif names and line.startswith("  "):
            told |= {name: f"{told[name]} {line.strip()}" for name in names}
        else:
            names = []
            text.append(line)
    return "\n".join(_paragraphs(text)), told


def _paragraphs(lines: list[str]) -> Iterator[str]:
    """Each as one line; between two an empty one."""
    for number, part in enumerate(re.split(r"\n\s*\n", "\n".join(lines).strip())):
        if number:
            yield ""
        yield " ".join(part.split())
