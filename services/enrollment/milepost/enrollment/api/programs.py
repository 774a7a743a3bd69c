"""Programs: define the next version, retire; read one of them in a language, list the versions."""

from datetime import datetime
from functools import partial
from typing import Annotated, Any

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody, QueryParameter
from msgspec import Meta

from milepost.contracts.ids import CODE
from milepost.contracts.programs import ProgramDefined, StackingRule
from milepost.contracts.rules.prerequisites import AchievementHeld
from milepost.contracts.times import Moment
from milepost.enrollment.api.courses.wire import Language, Translations
from milepost.enrollment.api.documented_refusals import (
    PROGRAM_ALREADY_RETIRED,
    PROGRAM_CIRCULAR,
    PROGRAM_INVALID,
    UNKNOWN_PROGRAM,
    UNKNOWN_PROGRAM_VERSION,
)
from milepost.enrollment.api.wiring import (
    CATALOG_KEEPERS,
    AskedLanguage,
    Id,
    ProgramPath,
    Title,
    When,
    Wiring,
)
from milepost.enrollment.commands.catalog_warnings import look_up
from milepost.enrollment.commands.program_circle import circle_through
from milepost.enrollment.domain.catalog_warnings import CatalogWarning
from milepost.enrollment.domain.course.translations import definition_in_language, title_in_language
from milepost.enrollment.domain.program import (
    PROGRAM,
    Program,
    UnknownProgram,
    UnknownProgramVersion,
    define_program,
)
from milepost.enrollment.domain.program import (
    retire_program as retire,
)
from milepost.events.commands.transact import Outcome
from milepost.web.openapi.documented_answers import OCCURRED_IN_FUTURE, command, versioned_query
from milepost.web.requests.commands import Call, run_command
from milepost.web.requests.etags import versioned
from milepost.web.requests.json_body import Body
from milepost.web.requests.positions import created, positioned
from milepost.web.requests.times import occurred


class DefineProgram(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole definition.

    rule     how many of the achievements complete it: all, any one, or `n` of them (`n_of`)
    ordered  they are to be earned in the order in which they stand
    """

    title: Annotated[Title, Meta(examples=["Data analyst"])]
    # The lower bounds are for the schema: the domain tells all that is wrong at once.
    achievements: Annotated[
        tuple[Id, ...],
        Meta(
            max_length=100,
            description="Codes of achievements; `warnings` says which are not defined",
            examples=[["sql-basics", "statistics", "python-basics"]],
            extra_json_schema={"minItems": 1, "uniqueItems": True},
        ),
    ]
    rule: StackingRule = "all"
    n: Annotated[int, Meta(extra_json_schema={"minimum": 1})] | None = None
    ordered: bool = False
    language: Language = "en"
    titles: Translations = msgspec.field(default_factory=dict)
    occurred_at: Moment | None = None


class RetireProgram(When, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`reason`: a code, never text that a person typed. Absent: none, and now."""

    reason: Annotated[str, Meta(pattern=CODE, examples=["replaced"])] | None = None


RETIRE_NOW = RetireProgram()


class ProgramVersion(msgspec.Struct, frozen=True, kw_only=True):
    """`version`: the one just defined, else the newest there is."""

    program: str
    version: int
    retired: bool


class DefinedProgram(ProgramVersion, frozen=True, kw_only=True):
    """`warnings`: achievements that are not defined, or not awarded any more."""

    warnings: tuple[CatalogWarning, ...]


class DefinitionView(msgspec.Struct, frozen=True, kw_only=True):
    """`titles` are all translations there are; `n` is null but for `n_of`."""

    version: int
    title: str
    defined_at: datetime
    achievements: tuple[str, ...]
    rule: StackingRule
    n: int | None
    ordered: bool
    language: str
    titles: dict[str, str]


class ProgramView(msgspec.Struct, frozen=True, kw_only=True):
    """`title` is the newest version's; `definition`: of the one asked for, else of the newest."""

    program: str
    title: str
    latest_version: int
    retired: bool
    retirement_reason: str | None
    definition: DefinitionView


class DefinitionLine(msgspec.Struct, frozen=True, kw_only=True):
    """`achievements`: how many."""

    version: int
    title: str
    defined_at: datetime
    achievements: int
    rule: StackingRule
    n: int | None
    ordered: bool
    language: str


class DefinitionsView(msgspec.Struct, frozen=True, kw_only=True):
    program: str
    retired_at: datetime | None
    versions: tuple[DefinitionLine, ...]


@post(
    "/programs/{program:str}/versions",
    summary="Define the next version of a program",
    description="A version never changes once defined; 200 instead of 201 when the definition "
    "equals the latest version. What makes no sense is told all at once, with its paths; what "
    "would ask for itself, by way of achievements and other programs, is refused with the path; "
    "`warnings` says which achievements are not there.",
    answers=command(
        PROGRAM_INVALID,
        PROGRAM_CIRCULAR,
        PROGRAM_ALREADY_RETIRED,
        OCCURRED_IN_FUTURE,
        also=200,
        creates=True,
    ),
    roles=CATALOG_KEEPERS,
    links=("readProgram", "listProgramVersions"),
)
async def publish_program(
    request: Call,
    program: ProgramPath,
    data: JSONBody[DefineProgram],
    wiring: NamedDependency[Wiring],
) -> Response[DefinedProgram]:
    at = occurred(data.occurred_at, wiring.settings, wiring.clock())
    log, tenant = wiring.transactor.log, request.user.tenant
    circle = await circle_through(log, tenant, program, data.achievements)
    facts = msgspec.structs.asdict(data) | {"occurred_at": at, "circle": circle}
    decide = partial(define_program, program=program, **facts)
    outcome = await run_command(request, wiring.transactor, PROGRAM.of(program), decide)
    address, new = ("enrollment", "programs", program), bool(outcome.events)
    named = [AchievementHeld(achievement=one) for one in data.achievements]
    warnings = await look_up(wiring.transactor, request.user.tenant, named)
    facts = msgspec.structs.asdict(_defined_in(program, outcome))
    view = DefinedProgram(**facts, warnings=warnings)
    return created(view, outcome.position, address, new=new)


@post(
    "/programs/{program:str}/retire",
    status_code=200,
    summary="Retire a program",
    description="No further version; what was earned towards it stays. Repeating it does nothing, "
    "also for another reason.",
    answers=command(UNKNOWN_PROGRAM, OCCURRED_IN_FUTURE),
    roles=CATALOG_KEEPERS,
)
async def retire_program(
    request: Call,
    program: ProgramPath,
    wiring: NamedDependency[Wiring],
    data: JSONBody[RetireProgram] = RETIRE_NOW,
) -> Response[ProgramVersion]:
    at = occurred(data.occurred_at, wiring.settings, wiring.clock())
    decide = partial(retire, program=program, reason=data.reason, occurred_at=at)
    outcome = await run_command(request, wiring.transactor, PROGRAM.of(program), decide)
    return positioned(_defined_in(program, outcome), outcome.position)


@get(
    "/programs/{program:str}",
    summary="Read a program",
    description="The newest definition, or that of `version`. With `language`, titles are in the "
    "one of their languages that it asks for (de-CH finds de; RFC 4647, lookup), else in the "
    "program's own; Content-Language says which the definition's is in.",
    answers=versioned_query(UNKNOWN_PROGRAM, UNKNOWN_PROGRAM_VERSION),
)
async def read_program(
    request: Call,
    program: ProgramPath,
    wiring: NamedDependency[Wiring],
    version: Annotated[int | None, QueryParameter(ge=0)] = None,
    language: AskedLanguage = None,
) -> Response[ProgramView]:
    written, state = await _known(request, wiring, program)
    wanted = len(state.versions) if version is None else version
    defined, spoken = definition_in_language(_version(state, program, wanted), language)
    title, _ = title_in_language(state.versions[-1], language)
    response = versioned(request, _view(program, state, title, defined), written)
    response.headers["Content-Language"] = spoken
    return response


@get(
    "/programs/{program:str}/versions",
    summary="List the versions of a program",
    description="All of them, the first one first. With `language`, titles are in it where there "
    "is one.",
    answers=versioned_query(UNKNOWN_PROGRAM),
)
async def list_program_versions(
    request: Call,
    program: ProgramPath,
    wiring: NamedDependency[Wiring],
    language: AskedLanguage = None,
) -> Response[DefinitionsView]:
    written, state = await _known(request, wiring, program)
    lines = tuple(
        DefinitionLine(
            version=one.version,
            title=title_in_language(one, language)[0],
            defined_at=one.occurred_at,
            achievements=len(one.achievements),
            rule=one.rule,
            n=one.n,
            ordered=one.ordered,
            language=one.language,
        )
        for one in state.versions
    )
    retired_at = state.retired.occurred_at if state.retired else None
    view = DefinitionsView(program=program, retired_at=retired_at, versions=lines)
    return versioned(request, view, written)


HANDLERS = (publish_program, retire_program, read_program, list_program_versions)


def _defined_in(program: str, outcome: Outcome[Any]) -> ProgramVersion:
    state = outcome.state(PROGRAM)
    version = len(state.versions)
    for one in outcome.events:
        event = PROGRAM.codec.read(one)
        version = event.version if isinstance(event, ProgramDefined) else version
    return ProgramVersion(program=program, version=version, retired=state.retired is not None)


async def _known(request: Call, wiring: Wiring, program: str) -> tuple[int, Program]:
    """The stream's version and the program. Raises `UnknownProgram`."""
    written, state = await wiring.transactor.load(request.user.tenant, PROGRAM.of(program))
    if state.latest is None:
        raise UnknownProgram(program)
    return written, state


def _version(state: Program, program: str, version: int) -> ProgramDefined:
    if not 0 < version <= len(state.versions):
        raise UnknownProgramVersion(program, version, len(state.versions))
    return state.versions[version - 1]


def _view(program: str, state: Program, title: str, defined: ProgramDefined) -> ProgramView:
    return ProgramView(
        program=program,
        title=title,
        latest_version=len(state.versions),
        retired=state.retired is not None,
        retirement_reason=state.retired.reason if state.retired else None,
        definition=DefinitionView(
            version=defined.version,
            title=defined.title,
            defined_at=defined.occurred_at,
            achievements=defined.achievements,
            rule=defined.rule,
            n=defined.n,
            ordered=defined.ordered,
            language=defined.language,
            titles=dict(defined.titles),
        ),
    )
