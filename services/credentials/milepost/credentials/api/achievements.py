"""Routes on achievements: define, retire, and award to those who had earned them before."""

import asyncio
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import uuid5

from litestar import Response, get, post, put
from litestar.di import NamedDependency
from litestar.params import JSONBody

from milepost.credentials.achievement_cache import AchievementCache
from milepost.credentials.api.access import (
    ISSUING,
    NOT_AN_ISSUER,
    RETIRED_ACHIEVEMENT,
    UNKNOWN_ACHIEVEMENT,
    defined,
)
from milepost.credentials.api.wire import (
    AchievementDefinition,
    AchievementView,
    Evaluated,
    Evaluation,
    EvaluationView,
    PathAchievement,
)
from milepost.credentials.domain.achievement import (
    ACHIEVEMENT,
    Achievement,
    Definition,
    define,
    retire,
)
from milepost.credentials.domain.awards import RECORD, award_if_earned
from milepost.credentials.domain.criteria import explain
from milepost.credentials.domain.refusals import (
    CircularCriteria,
    ImpossibleCriteria,
    OversizedCriteria,
    RetiredAchievement,
    UnknownCriteria,
)
from milepost.events.commands.transact import Outcome, Transactor
from milepost.web.openapi.documented_answers import command, versioned_query
from milepost.web.requests.commands import Call, run_command
from milepost.web.requests.etags import versioned
from milepost.web.requests.idempotency import check_repeat, command_id, metadata
from milepost.web.requests.positions import positioned

EVALUATED_AT_ONCE = 50


@put(
    "/achievements/{achievement:str}",
    summary="Define an achievement",
    answers=command(
        NOT_AN_ISSUER,
        RETIRED_ACHIEVEMENT,
        UnknownCriteria(("python-basics",)),
        CircularCriteria(("data-analyst", "python-basics", "data-analyst")),
        ImpossibleCriteria(3, 2),
        OversizedCriteria(256, 8),
    ),
)
async def put_achievement(
    request: Call,
    achievement: PathAchievement,
    data: JSONBody[AchievementDefinition],
    transactor: NamedDependency[Transactor],
    achievements: NamedDependency[AchievementCache],
) -> Response[AchievementView]:
    """Its next version, or none if nothing changed. Credentials keep the version they were
    awarded by. Criteria may name courses freely, and achievements that are defined.

    Roles: issuer, registrar, operator, service.
    """
    request.user.require(*ISSUING)
    definition = Definition(
        name=data.name,
        criteria=data.criteria,
        narrative=data.narrative,
        validity_days=data.validity_days,
    )
    outcome = await run_command(
        request,
        transactor,
        ACHIEVEMENT.of(achievement),
        partial(
            define,
            achievement=achievement,
            definition=definition,
            catalog=await achievements.latest(request.user.tenant),
            at=datetime.now(UTC),
        ),
    )
    return positioned(_view(outcome), outcome.position)


@get(
    "/achievements/{achievement:str}",
    summary="An achievement as it is defined now",
    answers=versioned_query(UNKNOWN_ACHIEVEMENT),
)
async def get_achievement(
    request: Call, achievement: PathAchievement, transactor: NamedDependency[Transactor]
) -> Response[AchievementView]:
    """Any role."""
    written, state = await defined(request, transactor, achievement)
    return versioned(request, AchievementView.of(state), written)


@post(
    "/achievements/{achievement:str}/retire",
    summary="Retire an achievement",
    status_code=200,
    answers=command(NOT_AN_ISSUER, UNKNOWN_ACHIEVEMENT),
)
async def retire_achievement(
    request: Call,
    achievement: PathAchievement,
    transactor: NamedDependency[Transactor],
) -> Response[AchievementView]:
    """It is not awarded or defined any more; credentials already held stay.

    Roles: issuer, registrar, operator, service.
    """
    request.user.require(*ISSUING)
    decide = partial(retire, achievement=achievement, at=datetime.now(UTC))
    outcome = await run_command(request, transactor, ACHIEVEMENT.of(achievement), decide)
    return positioned(_view(outcome), outcome.position)


@post(
    "/achievements/{achievement:str}/evaluate",
    summary="Award to those who have earned it already",
    status_code=200,
    answers=command(NOT_AN_ISSUER, UNKNOWN_ACHIEVEMENT, RETIRED_ACHIEVEMENT),
)
async def evaluate_learners(
    request: Call,
    achievement: PathAchievement,
    data: JSONBody[Evaluation],
    transactor: NamedDependency[Transactor],
    achievements: NamedDependency[AchievementCache],
) -> Response[EvaluationView]:
    """For an achievement that was defined, or made easier, after learners had passed: a result
    for each of up to 1,000 learners, with the conditions that do not hold yet. Safe to repeat.

    Roles: issuer, registrar, operator, service.
    """
    request.user.require(*ISSUING)
    catalog = await achievements.latest(request.user.tenant)
    found = catalog.find(achievement)
    if found.retired:
        raise RetiredAchievement(achievement)
    at, command = datetime.now(UTC), command_id(request)
    turn = asyncio.Semaphore(EVALUATED_AT_ONCE)

    async def evaluate(learner: str) -> tuple[int, Evaluated]:
        decide = partial(
            award_if_earned, catalog=catalog, learner=learner, achievement=achievement, at=at
        )
        async with turn:
            outcome = await transactor.transact(
                request.user.tenant,
                RECORD.of(learner),
                decide,
                command_id=uuid5(command, learner),
                metadata=metadata(request),
            )
        check_repeat(outcome, request)
        return outcome.position, _evaluated(learner, found, outcome)

    answers = await asyncio.gather(*map(evaluate, dict.fromkeys(data.learners)))
    position = max(position for position, _ in answers)
    return positioned(EvaluationView(results=tuple(result for _, result in answers)), position)


def _view(outcome: Outcome[Any]) -> AchievementView:
    state = outcome.state(ACHIEVEMENT)
    assert state is not None
    return AchievementView.of(state)


def _evaluated(learner: str, achievement: Achievement, outcome: Outcome[Any]) -> Evaluated:
    record = outcome.state(RECORD)
    if held := record.active.get(achievement.achievement):
        new = bool(outcome.events)
        return Evaluated(
            learner=learner,
            outcome="awarded" if new else "already_held",
            credential=held.credential,
        )
    condition = explain(achievement.definition.criteria, record)
    return Evaluated(
        learner=learner,
        outcome="revoked_before" if condition.holds else "not_yet",
        condition=condition,
    )
