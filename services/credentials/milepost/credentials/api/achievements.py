"""Routes on achievements: define, retire, and award to those who had earned them before."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any, TypeAlias

import msgspec
from litestar import Response, post, put
from litestar.di import NamedDependency
from litestar.params import JSONBody

from milepost.contracts.achievements import Criterion
from milepost.contracts.records import CredentialAwarded, CredentialRenewed, RecordEvent
from milepost.credentials.api.definition_wire import (
    AchievementDefinition,
    AchievementView,
    DefinedAchievement,
    definition_of,
)
from milepost.credentials.api.wire import (
    Evaluated,
    Evaluation,
    EvaluationView,
    KnownAchievement,
    PathAchievement,
)
from milepost.credentials.api.wiring import (
    ISSUING,
    RETIRED_ACHIEVEMENT,
    UNKNOWN_ACHIEVEMENT,
    Wiring,
    references,
)
from milepost.credentials.domain.achievements.achievement import (
    ACHIEVEMENT,
    Achievement,
)
from milepost.credentials.domain.achievements.catalog import Catalog
from milepost.credentials.domain.achievements.criteria import explain
from milepost.credentials.domain.achievements.criteria_tree import asks_beyond_grades
from milepost.credentials.domain.achievements.criteria_warnings import (
    COURSE,
    Course,
    courses_of,
    warnings_of,
)
from milepost.credentials.domain.achievements.define import define, retire
from milepost.credentials.domain.achievements.definition import DefinitionFault
from milepost.credentials.domain.records.awards import RECORD, award_by_history
from milepost.credentials.domain.records.record import Fact, Record
from milepost.credentials.domain.refusals import (
    CircularCriteria,
    DefinitionInvalid,
    ImpossibleCriteria,
    OversizedCriteria,
    RetiredAchievement,
    UnknownCriteria,
)
from milepost.events.commands.transact import Outcome, Transactor
from milepost.events.event import Refused
from milepost.events.log import Log
from milepost.events.streams import Stream, key_of
from milepost.web.openapi.documented_answers import command
from milepost.web.requests.commands import Call, run_command, run_commands
from milepost.web.requests.positions import positioned

EVALUATED_AT_ONCE = 50
EARNING = CredentialAwarded | CredentialRenewed

Decision: TypeAlias = Callable[[Record], list[RecordEvent]]


@put(
    "/achievements/{achievement:str}",
    summary="Define an achievement",
    answers=command(
        RETIRED_ACHIEVEMENT,
        DefinitionInvalid("data-analyst", (DefinitionFault("$.renewal_days", "never_ends"),)),
        UnknownCriteria(("python-basics",)),
        CircularCriteria(("data-analyst", "python-basics", "data-analyst")),
        ImpossibleCriteria(3, 2),
        OversizedCriteria(256, 8),
    ),
    roles=ISSUING,
    links=("getAchievement", "listAchievementVersions", "getEuropeanReport"),
)
async def put_achievement(
    request: Call,
    achievement: PathAchievement,
    data: JSONBody[AchievementDefinition],
    wiring: NamedDependency[Wiring],
) -> Response[DefinedAchievement]:
    """Its next version, or none if nothing changed. Credentials keep the version they were
    awarded by. Criteria may name courses freely, and achievements that are defined; `warnings`
    says which courses are not there, or not any more.

    Roles: issuer, registrar, operator, service.
    """
    definition = definition_of(data)
    catalog = await wiring.achievements.latest(request.user.tenant)
    outcome = await run_command(
        request,
        wiring.transactor,
        ACHIEVEMENT.of(achievement),
        partial(
            define,
            achievement=achievement,
            definition=definition,
            catalog=catalog,
            at=wiring.clock(),
            references=await references(wiring, request.user.tenant, definition),
        ),
    )
    facts = msgspec.structs.asdict(_view(outcome))
    courses = await _courses(wiring.transactor, request.user.tenant, data.criteria)
    warnings = warnings_of(data.criteria, courses, catalog, wiring.clock())
    return positioned(DefinedAchievement(**facts, warnings=warnings), outcome.position)


@post(
    "/achievements/{achievement:str}/retire",
    summary="Retire an achievement",
    status_code=200,
    answers=command(UNKNOWN_ACHIEVEMENT),
    roles=ISSUING,
)
async def retire_achievement(
    request: Call,
    achievement: KnownAchievement,
    wiring: NamedDependency[Wiring],
) -> Response[AchievementView]:
    """It is not awarded or defined any more; credentials already held stay.

    Roles: issuer, registrar, operator, service.
    """
    decide = partial(retire, achievement=achievement, at=wiring.clock())
    outcome = await run_command(request, wiring.transactor, ACHIEVEMENT.of(achievement), decide)
    return positioned(_view(outcome), outcome.position)


@post(
    "/achievements/{achievement:str}/evaluate",
    summary="Award to those who have earned it already",
    status_code=200,
    answers=command(UNKNOWN_ACHIEVEMENT, RETIRED_ACHIEVEMENT),
    roles=ISSUING,
)
async def evaluate_learners(
    request: Call,
    achievement: KnownAchievement,
    data: JSONBody[Evaluation],
    wiring: NamedDependency[Wiring],
) -> Response[EvaluationView]:
    """For an achievement that was defined, or made easier, after learners had passed: a result
    for each of up to 1,000 learners, with the conditions that do not hold yet. Safe to repeat.

    Criteria on lessons, modes, hours and skills are judged by the courses that the learners'
    records know, also where nobody had asked for that when it happened.

    Roles: issuer, registrar, operator, service.
    """
    tenant = request.user.tenant
    catalog = await wiring.achievements.latest(tenant)
    found = catalog.find(achievement)
    if found.retired:
        raise RetiredAchievement(achievement)
    at, facts_of = wiring.clock(), await _history(wiring, tenant, found, catalog)

    async def prepare(learner: str) -> tuple[Stream[Record, RecordEvent], Decision]:
        return RECORD.of(learner), partial(
            award_by_history,
            catalog=catalog,
            learner=learner,
            achievement=achievement,
            facts=await facts_of(learner),
            at=at,
        )

    position, results = await run_commands(
        request,
        wiring.transactor,
        RECORD,
        list(dict.fromkeys(data.learners)),
        prepare=prepare,
        answer=partial(_evaluated, found, catalog, at),
        at_once=EVALUATED_AT_ONCE,
    )
    return positioned(EvaluationView(results=tuple(results)), position)


async def _history(
    wiring: Wiring, tenant: str, achievement: Achievement, catalog: Catalog
) -> Callable[[str], Awaitable[Sequence[Fact]]]:
    """What a learner's record may lack for these criteria, by what the log has by now."""
    upto = (await wiring.transactor.log.heads()).get(tenant, 0)
    beyond = asks_beyond_grades(achievement.definition.criteria)

    async def facts_of(learner: str) -> Sequence[Fact]:
        if not beyond:
            return ()
        _, record = await wiring.transactor.load(tenant, RECORD.of(learner))
        return await wiring.learning.of_record(tenant, record, upto, catalog.lessons)

    return facts_of


async def _courses(transactor: Transactor, tenant: str, criteria: Criterion) -> dict[str, Course]:
    names = courses_of(criteria)
    if names is None:
        return await _all_courses(transactor.log, tenant)
    loaded = await asyncio.gather(*(transactor.load(tenant, COURSE.of(name)) for name in names))
    return {name: state for name, (_, state) in zip(names, loaded, strict=True)}


async def _all_courses(log: Log, tenant: str) -> dict[str, Course]:
    found: dict[str, Course] = {}
    for one in await log.read_category(tenant, COURSE.name):
        key = key_of(one.stream)
        found[key] = COURSE.fold([one], found.get(key))
    return found


def _view(outcome: Outcome[Any]) -> AchievementView:
    state = outcome.state(ACHIEVEMENT)
    assert state is not None
    return AchievementView.of(state)


def _evaluated(
    achievement: Achievement,
    catalog: Catalog,
    at: datetime,
    learner: str,
    outcome: Outcome[Any] | Refused,
) -> Evaluated:
    if isinstance(outcome, Refused):
        raise outcome  # the achievement's, not the learner's: the same for all
    record = outcome.state(RECORD)
    code = achievement.achievement
    if held := record.active.get(code):
        said = (RECORD.codec.read(one) for one in outcome.events)
        new = any(isinstance(one, EARNING) and one.achievement == code for one in said)
        return Evaluated(
            learner=learner,
            outcome="awarded" if new else "already_held",
            credential=held.credential,
        )
    condition = explain(achievement.definition.criteria, record, catalog, at, achievement=code)
    return Evaluated(
        learner=learner,
        outcome="revoked_before" if condition.holds else "not_yet",
        condition=condition,
    )
