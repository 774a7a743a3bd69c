"""Pages of programs (`/office/programs`) and of a learner's own skills (`/my/skills`)."""

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Annotated, Final, TypeAlias

import msgspec
from litestar import Response, Router, get
from litestar.params import QueryParameter

from milepost.dashboards.api.parameters import After, PathKey, Pool
from milepost.dashboards.api.responses import answer_not_visible
from milepost.dashboards.queries.attainment.program import (
    LEARNERS,
    ProgramLearnersQuery,
    ProgramSnapshot,
    read_program,
)
from milepost.dashboards.queries.attainment.skills import (
    SKILLS,
    LearnerSkill,
    SkillsQuery,
    read_learner_skills,
)
from milepost.dashboards.queries.consistent_read import NotVisibleYet
from milepost.dashboards.queries.lists.listing import read_page
from milepost.dashboards.queries.lists.programs import PROGRAMS, ProgramsQuery
from milepost.pages.locales import Locale
from milepost.pages.shell import PageRequest, Shell
from milepost.web.room import Context

OFFICE: Final = ("registrar",)
ROWS: Final = 25
SHELL: Final = Shell(Path(__file__).parent)
Held: TypeAlias = Annotated[int | None, QueryParameter(ge=0, le=1_000)]


class Bar(msgspec.Struct, frozen=True, kw_only=True):
    label: str
    value: int
    note: str
    href: str


@get("/office/programs", roles=OFFICE)
async def get_office_programs(
    request: PageRequest, pool: Pool, cursor: After = None
) -> Response[bytes]:
    language = SHELL.locale(request).language
    query = ProgramsQuery(sort="title", cursor=cursor, language=language)
    page = await read_page(pool, request.user.tenant, PROGRAMS, query)
    return SHELL.render(
        request, "programs.html", area="office", topics=("school",), page=page, cursor=cursor
    )


@get("/office/programs/{program:str}", roles=OFFICE)
async def get_office_program(
    request: PageRequest, program: PathKey, pool: Pool, held: Held = None, cursor: After = None
) -> Response[bytes]:
    """The stacking funnel, and the learners of a step. Raises `UnknownProgram`."""
    locale, tenant = SHELL.locale(request), request.user.tenant
    found = await read_program(pool, tenant, program, language=locale.language)
    query = ProgramLearnersQuery(
        program=program, held=held, cursor=cursor, sort="held", order="desc", limit=ROWS
    )
    return SHELL.render(
        request,
        "program.html",
        area="office",
        topics=("school",),
        page=found,
        learners=await read_page(pool, tenant, LEARNERS, query),
        held=held,
        cursor=cursor,
        steps=steps_of(found, locale),
        parts=parts_of(found, locale),
    )


@get("/office/skills", roles=OFFICE)
async def get_office_skills(
    request: PageRequest, pool: Pool, cursor: After = None
) -> Response[bytes]:
    page = await read_page(pool, request.user.tenant, SKILLS, SkillsQuery(cursor=cursor))
    return SHELL.render(
        request, "skills.html", area="office", topics=("school",), page=page, cursor=cursor
    )


@get("/my/skills", roles=("learner",))
async def get_my_skills(request: PageRequest, pool: Pool) -> Response[bytes]:
    caller = request.user
    found = await read_learner_skills(pool, caller.tenant, caller.subject, own=True)
    return SHELL.render(
        request,
        "my_skills.html",
        area="my",
        topics=(f"learner/{caller.subject}",),
        page=found,
        frameworks=by_framework(found.skills),
    )


def routes(context: Context) -> Router:
    return SHELL.router(
        (get_office_programs, get_office_program, get_office_skills, get_my_skills),
        {"pool": context.pool},
        exception_handlers={NotVisibleYet: answer_not_visible},
    )


def by_framework(skills: Sequence[LearnerSkill]) -> Sequence[tuple[str | None, list[LearnerSkill]]]:
    return [(name, list(rows)) for name, rows in groupby(skills, key=lambda one: one.framework)]


def steps_of(found: ProgramSnapshot, locale: Locale) -> Sequence[Bar]:
    return [
        Bar(
            label=locale.count("holds", one.held),
            value=one.learners,
            note=locale.text("of_engaged", all=locale.number(found.engaged)),
            href=f"?held={one.held}#learners",
        )
        for one in found.steps
    ]


def parts_of(found: ProgramSnapshot, locale: Locale) -> Sequence[Bar]:
    return [
        Bar(
            label=one.title or one.achievement,
            value=one.holders,
            note=locale.text("of_engaged", all=locale.number(found.engaged)),
            href="",
        )
        for one in found.parts
    ]
