"""How far learners have come towards a program: who holds 0, 1, … n of its achievements.

What is held is counted when it is read: what programs ask for changes, and time ends credentials.
It costs as much as there are holders of its achievements, not learners in the school.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

import asyncpg
import msgspec
from msgspec.json import Decoder

from milepost.dashboards.projections.catalog import CATALOG
from milepost.dashboards.projections.credential_registry import CREDENTIAL_REGISTRY
from milepost.dashboards.projections.learner_overview import LEARNER_OVERVIEW
from milepost.dashboards.queries.consistent_read import Select, Snapshot, read
from milepost.dashboards.queries.lists.credentials import CREDENTIAL
from milepost.dashboards.queries.lists.keyset import by_number, by_text
from milepost.dashboards.queries.lists.listing import Listing, ListQuery
from milepost.dashboards.queries.lists.programs import PROGRAM, ProgramView
from milepost.dashboards.queries.lists.titles import tags_of, title_of
from milepost.events.event import Unknown

MODELS = (CATALOG, CREDENTIAL_REGISTRY, LEARNER_OVERVIEW)
# Different orders in which the parts of an ordered program were earned.
MOST_ORDERS = 10_000
ProgramLearnerSort: TypeAlias = Literal["learner", "held"]


@dataclass
class UnknownProgram(Unknown):
    program: str


class ProgramPart(msgspec.Struct, kw_only=True):
    """`holders`: learners who hold the achievement now. `title`: None if it is not defined."""

    achievement: str
    title: str | None
    holders: int


class ProgramStep(msgspec.Struct, frozen=True, kw_only=True):
    """So many `learners` hold exactly `held` of the achievements; `of_engaged`: 0 to 1."""

    held: int
    learners: int
    of_engaged: float | None


class ProgramSnapshot(Snapshot, frozen=True, kw_only=True):
    """`engaged`: hold at least one of the achievements, or hold none and are in a course that one
    of them asks for. `needed` of the achievements complete it, in their order if it is `ordered`.
    `completed`: of those engaged.
    """

    program: ProgramView
    needed: int
    engaged: int
    completed: int
    completed_of_engaged: float | None
    steps: list[ProgramStep]
    parts: list[ProgramPart]


class ProgramLearner(msgspec.Struct, kw_only=True):
    """`latest_at`: since when the newest of them is valid; null for who holds none yet."""

    learner: str
    held: int
    latest_at: datetime | None


class ProgramLearnersQuery(ListQuery, frozen=True, kw_only=True):
    """`held`: exactly so many of the achievements."""

    program: str
    sort: ProgramLearnerSort = "learner"
    held: int | None = None


class _Earned(msgspec.Struct):
    """`places`: of what is held, as they were earned; of an unordered program only how many."""

    places: list[int]
    learners: int


class _Count(msgspec.Struct):
    learners: int


PARTS = """select p.tenant, p.ordered, a.achievement, a.place from dashboards.catalog_program p
    join dashboards.catalog_program_achievement a on a.tenant = p.tenant and a.program = p.program
        and a.version = p.latest_version
    where p.tenant = :tenant and p.program = :program"""
HELD = f"""select c.learner, part.ordered, part.place, part.achievement,
        min(c.valid_from) as since
    from ({PARTS}) part join ({CREDENTIAL}) c
        on c.tenant = part.tenant and c.achievement = part.achievement and c.status = 'active'
    group by c.learner, part.ordered, part.place, part.achievement"""
# In a course that one of them asks for, and none of them held yet.
ON_THE_WAY = f"""select distinct e.learner from ({PARTS}) part
    join dashboards.catalog_achievement d
        on d.tenant = part.tenant and d.achievement = part.achievement
    join dashboards.catalog_course_achievement asks on asks.tenant = d.tenant
        and asks.achievement = d.achievement and asks.version = d.latest_version
    join dashboards.learner_overview e on e.tenant = asks.tenant and e.course = asks.course
        and e.state in ('enrolled', 'active', 'suspended', 'completed')
    where not exists (select from ({PARTS}) other join ({CREDENTIAL}) c
        on c.tenant = other.tenant and c.achievement = other.achievement
            and c.learner = e.learner and c.status = 'active')"""
FACTS = Select(
    Decoder(list[ProgramView]),
    f"select * from ({PROGRAM}) listed where tenant = :tenant and program = :program",
)
HOLDERS = Select(
    Decoder(list[ProgramPart]),
    f"""select part.achievement, (select {title_of("d")} from dashboards.catalog_achievement d
            where d.tenant = part.tenant and d.achievement = part.achievement) as title,
        (select count(*) from ({HELD}) h where h.achievement = part.achievement) as holders
    from ({PARTS}) part order by part.place""",
)
EARNED = Select(
    Decoder(list[_Earned]),
    f"""select places, count(*) as learners from (
        select case when bool_or(ordered) then array_agg(place order by since, place)
            else array_fill(0, array[count(*)::int])::bigint[] end as places
        from ({HELD}) held group by learner) each
    group by places order by learners desc limit {MOST_ORDERS}""",
)
NONE_YET = Select(
    Decoder(list[_Count]), f"select count(*) as learners from ({ON_THE_WAY}) none_yet"
)
LEARNERS = Listing(
    models=MODELS,
    rows=Decoder(list[ProgramLearner]),
    sql=f"""select * from (
        select :tenant::text as tenant, learner, count(*) as held, max(since) as latest_at
        from ({HELD}) held group by learner
        union all
        select :tenant::text, learner, 0, null::timestamptz from ({ON_THE_WAY}) none_yet
    ) standing""",
    key="learner",
    sorts={"learner": by_text("learner"), "held": by_number("held")},
    # In the selects above: always true here.
    filters={"program": ":program::text is not null", "held": "held = :held"},
)


async def read_program(
    pool: asyncpg.Pool,
    tenant: str,
    program: str,
    *,
    language: str | None = None,
    awaited: int | None = None,
) -> ProgramSnapshot:
    """Raises `UnknownProgram`."""
    arguments = {"program": program, "languages": tags_of(language)}
    selects = (FACTS, HOLDERS, EARNED, NONE_YET)
    found = await read(pool, tenant, MODELS, selects, arguments, awaited=awaited)
    facts, parts, earned, none_yet = found.rows
    if not facts:
        raise UnknownProgram(program)
    needed = needed_of(facts[0])
    counts = Counter[int]({0: none_yet[0].learners})
    for one in earned:
        counts[len(one.places)] += one.learners
    completed = sum(one.learners for one in earned if _completes(one, needed, facts[0]))
    engaged = counts.total()
    return ProgramSnapshot(
        position=found.position,
        as_of=found.as_of,
        etag=found.etag,
        program=facts[0],
        needed=needed,
        engaged=engaged,
        completed=completed,
        completed_of_engaged=completed / engaged if engaged else None,
        steps=[
            ProgramStep(
                held=held,
                learners=counts[held],
                of_engaged=counts[held] / engaged if engaged else None,
            )
            for held in range(len(parts) + 1)
        ],
        parts=parts,
    )


def needed_of(program: ProgramView) -> int:
    """How many of the achievements complete it."""
    match program.rule:
        case "any":
            return 1
        case "n_of":
            return program.n or 1
        case _:
            return len(program.achievements)


def _completes(earned: _Earned, needed: int, program: ProgramView) -> bool:
    if not program.ordered:
        return len(earned.places) >= needed
    return longest_in_order(earned.places) >= needed


def longest_in_order(places: Sequence[int]) -> int:
    """How many of them, at most, stand in their order."""
    ends: list[int] = []
    for place in places:
        at = bisect_right(ends, place)
        ends[at : at + 1] = [place]
    return len(ends)
