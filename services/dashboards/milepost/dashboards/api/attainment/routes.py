"""Programs and skills: how far learners have come, and one learner's skills."""

from datetime import datetime
from typing import Annotated

import msgspec
from litestar import Response, get
from litestar.params import QueryParameter

from milepost.dashboards.api.list_answers import Form, ListReads, list_answers
from milepost.dashboards.api.parameters import (
    WHOLE_SCHOOL,
    After,
    Call,
    Filter,
    Language,
    Limit,
    PathKey,
    Pool,
)
from milepost.dashboards.api.responses import NOT_YOUR_OWN, read_answers, respond
from milepost.dashboards.api.views import ListBody
from milepost.dashboards.queries.attainment.program import (
    LEARNERS,
    ProgramLearner,
    ProgramLearnerSort,
    ProgramLearnersQuery,
    ProgramPart,
    ProgramStep,
    UnknownProgram,
    read_program,
)
from milepost.dashboards.queries.attainment.skills import (
    SKILLS,
    LearnerSkill,
    SkillListed,
    SkillSort,
    SkillsQuery,
    read_learner_skills,
)
from milepost.dashboards.queries.lists.keyset import Order
from milepost.dashboards.queries.lists.programs import ProgramView
from milepost.web.requests.positions import awaited_position


class ProgramPage(msgspec.Struct, frozen=True, kw_only=True):
    """`engaged`: hold at least one of the achievements, or are in a course that one asks for;
    `completed` of them. `needed` achievements complete it.
    """

    position: int
    as_of: datetime | None
    program: ProgramView
    needed: int
    engaged: int
    completed: int
    completed_of_engaged: float | None
    steps: list[ProgramStep]
    parts: list[ProgramPart]


class ProgramLearnersPage(ListBody, frozen=True, kw_only=True):
    learners: list[ProgramLearner]


class SkillsPage(ListBody, frozen=True, kw_only=True):
    skills: list[SkillListed]


class LearnerSkillsPage(msgspec.Struct, frozen=True, kw_only=True):
    position: int
    as_of: datetime | None
    learner: str
    skills: list[LearnerSkill]


@get(
    "/programs/{program:str}",
    summary="How far learners have come towards a program",
    answers=read_answers(UnknownProgram("data-analyst")),
    roles=WHOLE_SCHOOL,
)
async def get_program_funnel(
    request: Call, program: PathKey, pool: Pool, language: Language = None
) -> Response[ProgramPage]:
    """Roles: registrar, issuer, operator, service, auditor."""
    tenant, awaited = request.user.tenant, awaited_position(request)
    found = await read_program(pool, tenant, program, language=language, awaited=awaited)
    page = ProgramPage(
        position=found.position,
        as_of=found.as_of,
        program=found.program,
        needed=found.needed,
        engaged=found.engaged,
        completed=found.completed,
        completed_of_engaged=found.completed_of_engaged,
        steps=found.steps,
        parts=found.parts,
    )
    return respond(request, page, found)


@get(
    "/programs/{program:str}/learners",
    summary="The learners behind each step of a program",
    answers=list_answers(),
    roles=WHOLE_SCHOOL,
)
async def list_program_learners(
    request: Call,
    program: PathKey,
    lists: ListReads,
    *,
    sort: Annotated[ProgramLearnerSort, QueryParameter()] = "learner",
    order: Annotated[Order, QueryParameter()] = "asc",
    limit: Limit = 50,
    cursor: After = None,
    held: Annotated[int | None, QueryParameter(ge=0, le=1_000)] = None,
    form: Form = None,
) -> Response[ProgramLearnersPage]:
    """`held`: exactly so many of its achievements. Empty for a program that is not there. Roles:
    registrar, issuer, operator, service, auditor.
    """
    query = ProgramLearnersQuery(
        program=program, sort=sort, order=order, limit=limit, cursor=cursor, held=held
    )
    return await lists.answer(request, LEARNERS, query, ProgramLearnersPage, "learners", form=form)


@get("/skills", summary="Skills held and in progress", answers=list_answers(), roles=WHOLE_SCHOOL)
async def list_skills(
    request: Call,
    lists: ListReads,
    *,
    sort: Annotated[SkillSort, QueryParameter()] = "name",
    order: Annotated[Order, QueryParameter()] = "asc",
    limit: Limit = 50,
    cursor: After = None,
    framework: Filter = None,
    form: Form = None,
) -> Response[SkillsPage]:
    """`framework`: ESCO, CASE, CTDL, O*NET or another's name. Roles: registrar, issuer, operator,
    service, auditor.
    """
    query = SkillsQuery(sort=sort, order=order, limit=limit, cursor=cursor, framework=framework)
    return await lists.answer(request, SKILLS, query, SkillsPage, "skills", form=form)


@get(
    "/learners/{learner:str}/skills",
    summary="A learner's skills, with levels",
    answers=read_answers(NOT_YOUR_OWN),
)
async def get_learner_skills(
    request: Call, learner: PathKey, pool: Pool
) -> Response[LearnerSkillsPage]:
    """The learner themselves, who alone are told the grade behind a level. Roles: registrar,
    issuer, operator, service, auditor.
    """
    caller, awaited = request.user, awaited_position(request)
    caller.may_act_for(learner, *WHOLE_SCHOOL)
    own = caller.subject == learner and "learner" in caller.roles
    found = await read_learner_skills(pool, caller.tenant, learner, own=own, awaited=awaited)
    page = LearnerSkillsPage(
        position=found.position, as_of=found.as_of, learner=learner, skills=found.skills
    )
    return respond(request, page, found)


HANDLERS = (get_program_funnel, list_program_learners, list_skills, get_learner_skills)
