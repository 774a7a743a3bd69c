"""Titles in the language that a reader asks for."""

from collections.abc import Mapping

from msgspec.structs import replace

from milepost.contracts.courses import CoursePublished
from milepost.contracts.programs import ProgramDefined


def in_language(plan: CoursePublished, requested: str | None) -> tuple[CoursePublished, list[str]]:
    """The plan with its titles in that language where there is one, and the languages they are in.

    Lookup of RFC 4647, section 3.4, title by title; the plan's own language is what remains.
    """
    if requested is None:
        return plan, [plan.language]
    title, tag = title_in_language(plan, requested)
    tags = {tag: None}
    lessons = []
    for lesson in plan.lessons:
        translated, tag = _lookup(lesson.title, lesson.titles, plan.language, requested)
        lessons.append(replace(lesson, title=translated))
        tags[tag] = None
    return replace(plan, title=title, lessons=tuple(lessons)), list(tags)


def definition_in_language(
    defined: ProgramDefined, requested: str | None
) -> tuple[ProgramDefined, str]:
    """The program with its title in that language where there is one, and the title's language."""
    title, tag = title_in_language(defined, requested)
    return replace(defined, title=title), tag


def title_in_language(
    version: CoursePublished | ProgramDefined, requested: str | None
) -> tuple[str, str]:
    """The version's title in that language where there is one, and the language it is in."""
    if requested is None:
        return version.title, version.language
    return _lookup(version.title, version.titles, version.language, requested)


def _lookup(
    title: str, titles: Mapping[str, str], language: str, requested: str
) -> tuple[str, str]:
    """`de-CH-1996` is looked for as itself, as `de-CH` and as `de`."""
    by_tag = {tag.lower(): (text, tag) for tag, text in {**titles, language: title}.items()}
    subtags = requested.lower().split("-")
    for length in range(len(subtags), 0, -1):
        if match := by_tag.get("-".join(subtags[:length])):
            return match
    return title, language
