"""Routes on a learner's way through programs: how far towards each, and what beneath it is open."""

from typing import Annotated

import msgspec
from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import PathParameter, QueryParameter

from milepost.contracts.ids import KEY
from milepost.credentials.api.wire import KnownLearner
from milepost.credentials.api.wiring import READING, Wiring
from milepost.credentials.domain.achievements.program_progress import (
    ProgramProgress,
    progress_towards,
)
from milepost.credentials.domain.records.awards import RECORD
from milepost.credentials.domain.refusals import UnknownProgram
from milepost.web.auth.tokens import NotYourOwn
from milepost.web.openapi.documented_answers import query
from milepost.web.requests.commands import Call

NOT_YOUR_OWN = NotYourOwn("learner-4711", READING)


class ProgramsView(msgspec.Struct, frozen=True, kw_only=True):
    """By code. `next`: ask for those `after` it; None: that was all."""

    learner: str
    programs: tuple[ProgramProgress, ...]
    next: str | None


class ProgramView(msgspec.Struct, frozen=True, kw_only=True):
    """`beneath`: the programs that its achievements ask for, to any depth, each once."""

    learner: str
    program: ProgramProgress
    beneath: tuple[ProgramProgress, ...]


@get(
    "/learners/{learner:str}/programs",
    summary="How far a learner is towards each program",
    answers=query(NOT_YOUR_OWN),
)
async def list_program_progress(
    request: Call,
    learner: KnownLearner,
    wiring: NamedDependency[Wiring],
    after: Annotated[str, QueryParameter(description="Codes after this one", max_length=128)] = "",
    limit: Annotated[int, QueryParameter(ge=1, le=100)] = 20,
) -> Response[ProgramsView]:
    """Programs that are retired are left out, unless the learner holds something of them.

    The learner themselves, or issuer, registrar, operator, service, auditor.
    """
    request.user.may_act_for(learner, *READING)
    now, tenant = wiring.clock(), request.user.tenant
    catalog = await wiring.achievements.latest(tenant)
    _, record = await wiring.transactor.load(tenant, RECORD.of(learner))
    held = record.held(now).keys()
    codes = sorted(
        code
        for code, program in catalog.programs.items()
        if code > after
        and not (program.retired and held.isdisjoint(program.definition.achievements))
    )
    asked = set(codes[:limit])
    found = progress_towards(codes[:limit], record, catalog, now)
    shown = tuple(one for one in found if one.program in asked)
    more = codes[limit - 1] if len(codes) > limit else None
    return Response(ProgramsView(learner=learner, programs=shown, next=more))


@get(
    "/learners/{learner:str}/programs/{program:str}",
    summary="How far a learner is towards a program, and what is beneath it",
    answers=query(NOT_YOUR_OWN, UnknownProgram("data-analyst")),
)
async def get_program_progress(
    request: Call,
    learner: KnownLearner,
    program: Annotated[
        str, PathParameter(pattern=KEY, description="The program's code, as `data-analyst`")
    ],
    wiring: NamedDependency[Wiring],
) -> Response[ProgramView]:
    """Which achievements are held, and how far those are that are not.

    The learner themselves, or issuer, registrar, operator, service, auditor.
    """
    request.user.may_act_for(learner, *READING)
    tenant = request.user.tenant
    catalog = await wiring.achievements.latest(tenant)
    if program not in catalog.programs:
        raise UnknownProgram(program)
    _, record = await wiring.transactor.load(tenant, RECORD.of(learner))
    found, *beneath = progress_towards((program,), record, catalog, wiring.clock())
    return Response(ProgramView(learner=learner, program=found, beneath=tuple(beneath)))


HANDLERS = (list_program_progress, get_program_progress)
