"""The words by which the catalog is searched: a row per word and what it leads to.

A word is folded: without accents and case, letters and digits only (`Bézier's` → `bezier`, `s`).
So a prefix is a range of the key, in every language and with no extension of Postgres. Rows of an
earlier version stay, with that version's number: who reads compares it with the latest.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Final, TypeAlias, assert_never

import msgspec

from milepost.contracts.achievements import AchievementDefined
from milepost.contracts.courses import CoursePublished, Skill
from milepost.contracts.offerings import OfferingOpened
from milepost.contracts.programs import ProgramDefined
from milepost.events.projections.read_model import Rows, Table

MOST_WORDS: Final = 300
LONGEST_WORD: Final = 40
# A title says more of a thing than the skills that it teaches, and these more than its text.
TITLE, SKILL, TEXT = 8, 4, 1
_WORD: Final = re.compile(r"[^\W_]+")


# A draft is found by nobody.
Titled: TypeAlias = CoursePublished | OfferingOpened | ProgramDefined | AchievementDefined


class WordRow(msgspec.Struct):
    """`kind` is what `id` is of: course, offering, program, achievement, skill."""

    word: str
    kind: str
    id: str
    version: int | None = None
    weight: int | None = None


# One event writes several rows, and a kept table loads one: so this is a tally.
WORDS = Table("catalog_word", WordRow, ("word", "kind", "id"))


def words_of(text: str) -> list[str]:
    """Folded, in their order; a word that is too long is known by its beginning."""
    plain = unicodedata.normalize("NFKD", text).casefold()
    bare = "".join(one for one in plain if not unicodedata.combining(one))
    return [word[:LONGEST_WORD] for word in _WORD.findall(bare)]


def fold_words(rows: Rows, event: Titled) -> None:
    match event:
        case CoursePublished():
            texts = [(TITLE, _titles(event.course, event.title, event.titles))]
            _enter(rows, "course", event.course, event.version, [*texts, _taught(event.skills)])
            _enter_skills(rows, event.skills)
        case OfferingOpened():
            _enter(rows, "offering", event.offering, None, [(TITLE, [event.offering])])
        case ProgramDefined():
            texts = [(TITLE, _titles(event.program, event.title, event.titles))]
            _enter(rows, "program", event.program, event.version, texts)
        case AchievementDefined():
            texts = [(TITLE, _titles(event.achievement, event.name, event.names))]
            texts += [_taught(event.skills), (TEXT, [event.description])]
            _enter(rows, "achievement", event.achievement, event.version, texts)
            _enter_skills(rows, event.skills)
        case _:
            assert_never(event)


def _titles(key: str, title: str, titles: Mapping[str, str]) -> list[str]:
    return [key, title, *titles.values()]


def _taught(skills: tuple[Skill, ...]) -> tuple[int, list[str]]:
    return SKILL, [one.name for one in skills]


def _enter_skills(rows: Rows, skills: tuple[Skill, ...]) -> None:
    for skill in skills:
        texts = [skill.name, skill.code or "", skill.framework or ""]
        _enter(rows, "skill", skill.url, None, [(TITLE, texts[:2]), (TEXT, texts[2:])])


def _enter(
    rows: Rows, kind: str, key: str, version: int | None, texts: Iterable[tuple[int, list[str]]]
) -> None:
    weights: dict[str, int] = {}
    for weight, some in texts:
        for word in (word for text in some for word in words_of(text)):
            weights.setdefault(word, weight)
    for word, weight in list(weights.items())[:MOST_WORDS]:
        row = rows.of(WORDS, word, kind, key)
        row.version, row.weight = version, weight
