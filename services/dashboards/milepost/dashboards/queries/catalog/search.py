"""The catalog, searched: what all words of the question lead to, the best first.

Each word of the question matches words that begin with it; a whole word counts more than a
beginning, a title more than a skill that is taught, and that more than a text. Matched is in every
language there is; shown in the one asked for.
"""

from collections.abc import Sequence
from typing import Final, Literal, TypeAlias

import asyncpg
import msgspec
from msgspec.json import Decoder

from milepost.dashboards.projections.catalog import CATALOG
from milepost.dashboards.projections.catalog_words import words_of
from milepost.dashboards.queries.consistent_read import Select, Snapshot, read
from milepost.dashboards.queries.lists.titles import tags_of, title_language_of, title_of

FoundKind: TypeAlias = Literal["course", "offering", "program", "achievement", "skill"]

MOST_WORDS: Final = 8
# So many rows of the index are read for a word: a beginning of one letter would be half of it.
MOST_ROWS: Final = 2_000
EXACT: Final = 2


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """`id`: of a skill its address. `title` is in `title_language`, null where that is not known;
    `course`: of an offering. `score`: the more the better, of no other meaning.
    """

    kind: FoundKind
    id: str
    title: str
    title_language: str | None
    course: str | None
    score: int


class SearchResults(Snapshot, frozen=True, kw_only=True):
    """`words`: what was looked for, folded; without any there are no results. `more`: there are
    further ones; ask for more of a kind, or with another word.
    """

    words: list[str]
    results: list[Found]
    more: bool


# Words of an earlier version do not count; what has no versions has none here.
_LATEST: Final = """(case i.kind
        when 'course' then (select c.latest_version from dashboards.catalog_course c
            where c.tenant = i.tenant and c.course = i.id)
        when 'program' then (select c.latest_version from dashboards.catalog_program c
            where c.tenant = i.tenant and c.program = i.id)
        when 'achievement' then (select c.latest_version from dashboards.catalog_achievement c
            where c.tenant = i.tenant and c.achievement = i.id) end)"""
# A row for each thing that has every word, with the sum of each word's best match.
_HITS: Final = f"""select h.kind, h.id, sum(h.best)::bigint as score
    from (select wanted.word, w.kind, w.id,
            max(w.weight * case when w.word = wanted.word then {EXACT} else 1 end) as best
        from unnest(:words::text[]) as wanted(word)
        cross join lateral (select i.word, i.kind, i.id, i.weight
            from dashboards.catalog_word i
            where i.tenant = :tenant and i.word >= wanted.word
                and i.word < wanted.word || chr(1114111)
                and i.version is not distinct from {_LATEST}
            order by i.word limit {MOST_ROWS}) w
        group by wanted.word, w.kind, w.id) h
    group by h.kind, h.id having count(*) = cardinality(:words::text[])"""


def _titled(kind: str, table: str, key: str, where: str) -> str:
    return f"""select '{kind}' as kind, c.{key} as id, {title_of("c")} as title,
            {title_language_of("c")} as title_language, null::text as course, hit.score
        from hit join dashboards.{table} c on c.tenant = :tenant and c.{key} = hit.id
        where hit.kind = '{kind}' and c.retired_at is null {where}"""


# Those of which one of the words is the id, and those of a course that was found.
_OFFERINGS: Final = f"""select 'offering' as kind, o.offering as id,
            coalesce({title_of("c")}, o.offering) as title,
            {title_language_of("c")} as title_language, o.course, max(hit.score) as score
        from hit
        join dashboards.catalog_offering o on o.tenant = :tenant
            and case hit.kind when 'offering' then o.offering when 'course' then o.course end
                = hit.id
        left join dashboards.catalog_course c on c.tenant = o.tenant and c.course = o.course
        where o.closed_at is null and o.canceled_at is null and (o.ends is null or o.ends > now())
        group by o.offering, o.course, c.title, c.language, c.titles"""
_SKILLS: Final = """select 'skill' as kind, s.skill as id, coalesce(s.name, s.skill) as title,
            null::text as title_language, null::text as course, hit.score
        from hit join dashboards.catalog_skill s on s.tenant = :tenant and s.skill = hit.id
        where hit.kind = 'skill'"""
_PARTS: Final = (
    _titled("course", "catalog_course", "course", "and c.latest_version > 0"),
    _OFFERINGS,
    _titled("program", "catalog_program", "program", ""),
    _titled("achievement", "catalog_achievement", "achievement", ""),
    _SKILLS,
)
_RESULTS: Final = Select(
    Decoder(list[Found]),
    f"""with hit as materialized ({_HITS})
    select * from ({" union all ".join(f"({part})" for part in _PARTS)}) found
    where :kind::text is null or kind = :kind
    order by score desc, kind, title, id limit :limit""",
)


async def search_catalog(
    pool: asyncpg.Pool,
    tenant: str,
    question: str,
    *,
    kind: FoundKind | None = None,
    limit: int = 50,
    language: str | None = None,
    awaited: int | None = None,
) -> SearchResults:
    """Published courses, offerings that are not over, programs, achievements and skills.

    Of the question the first 8 words matter. Raises `NotVisibleYet`, `BeyondTheLog`.
    """
    words = list(dict.fromkeys(words_of(question)))[:MOST_WORDS]
    arguments = {
        "words": words,
        "kind": kind,
        "limit": limit + 1,
        "languages": tags_of(language),
    }
    found = await read(pool, tenant, (CATALOG,), (_RESULTS,), arguments, awaited=awaited)
    results: Sequence[Found] = found.rows[0] if words else ()
    return SearchResults(
        position=found.position,
        as_of=found.as_of,
        etag=found.etag,
        words=words,
        results=list(results[:limit]),
        more=len(results) > limit,
    )
