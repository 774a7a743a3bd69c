"""Titles in the language that a reader asks for: looked up in the rows of a page, by Postgres."""

from typing import Final


def tags_of(language: str | None) -> list[str]:
    """What is looked for, in this order (RFC 4647, section 3.4): de-ch-1996, de-ch, de."""
    if language is None:
        return []
    subtags = language.lower().split("-")
    return ["-".join(subtags[:length]) for length in range(len(subtags), 0, -1)]


def _found(row: str) -> str:
    return f"""from jsonb_each_text(
            {row}.titles::jsonb || jsonb_build_object({row}.language, {row}.title)) t(tag, title)
        join unnest(:languages::text[]) with ordinality wanted(tag, place)
            on wanted.tag = lower(t.tag)
        where {row}.language is not null order by wanted.place limit 1"""


def title_of(row: str) -> str:
    """Of a row with `title`, its `language` and `titles`; names the tags as `:languages`."""
    return f"coalesce((select t.title {_found(row)}), {row}.title)"


def title_language_of(row: str) -> str:
    return f"coalesce((select t.tag {_found(row)}), {row}.language)"


# What a list of offerings or enrollments `x` calls them by.
COURSE_TITLE: Final = f"""(select {title_of("titled")} from dashboards.catalog_course titled
    where titled.tenant = x.tenant and titled.course = x.course) as course_title"""
# What a list of credentials `x` calls what they attest.
ACHIEVEMENT_TITLE: Final = f"""(select {title_of("titled")}
    from dashboards.catalog_achievement titled
    where titled.tenant = x.tenant and titled.achievement = x.achievement) as achievement_title"""
