"""Routes on the steps of a credential's life: release, accept, decline, suspend, renew and so on.

Each is one decision on the learner's record. What has ended for good is changed no more.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, TypeAlias

from litestar import Response, post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from milepost.contracts.records import RecordEvent
from milepost.credentials.api.wire import (
    CredentialView,
    KnownLearner,
    PathCredential,
    ReasonedStep,
    Step,
    SupersededView,
)
from milepost.credentials.api.wiring import ISSUING, RETIRED_ACHIEVEMENT, Wiring
from milepost.credentials.domain.records import life, renewal
from milepost.credentials.domain.records.awards import RECORD
from milepost.credentials.domain.records.record import Record
from milepost.credentials.domain.refusals import (
    AlreadyHeld,
    AlreadyRevoked,
    AlreadySuspended,
    CredentialEnded,
    CredentialWithheld,
    NeverExpires,
    NotHeld,
    NotSuspended,
    NotWithheld,
    NotYetAwarded,
    StepOutOfOrder,
)
from milepost.events.commands.transact import Outcome
from milepost.web.auth.tokens import NotYourOwn
from milepost.web.openapi.documented_answers import OCCURRED_IN_FUTURE, command
from milepost.web.requests.commands import Call, run_command
from milepost.web.requests.positions import positioned
from milepost.web.requests.times import occurred

# A front end acts for the holder with a token of its own.
ACTING = ("service",)

_AT = datetime(2026, 9, 1, 8, tzinfo=UTC)
_LEARNER, _CREDENTIAL = "learner-4711", "5d2b6c0e-8f0f-5b5a-9d0e-1b2c3d4e5f60"
_ANY_STEP = (
    NotHeld(_LEARNER, _CREDENTIAL),
    AlreadyRevoked(_CREDENTIAL, "issued_in_error", _AT),
    CredentialEnded(_CREDENTIAL, "superseded"),
    NotYetAwarded(_CREDENTIAL, _AT),
    StepOutOfOrder(_CREDENTIAL, _AT),
    OCCURRED_IN_FUTURE,
)
_WITHHELD = CredentialWithheld(_CREDENTIAL, _AT)
_SUSPENDED = AlreadySuspended(_CREDENTIAL, "under_review", _AT)
_LATER_ONE = AlreadyHeld("data-analyst", _CREDENTIAL)
_NOT_YOUR_OWN = NotYourOwn(_LEARNER, ACTING)

Decision: TypeAlias = Callable[[Record], list[RecordEvent]]


@post(
    "/learners/{learner:str}/credentials/{credential:str}/release",
    summary="Release what is withheld",
    status_code=200,
    answers=command(*_ANY_STEP, NotWithheld(_CREDENTIAL), _WITHHELD),
    roles=ISSUING,
)
async def release_credential(
    request: Call,
    learner: KnownLearner,
    credential: PathCredential,
    data: JSONBody[Step],
    *,
    wiring: NamedDependency[Wiring],
) -> Response[CredentialView]:
    """From then on the learner sees and holds it. Not before the end of an embargo.

    Roles: issuer, registrar, operator, service.
    """
    decide = partial(
        life.release,
        catalog=await wiring.achievements.latest(request.user.tenant),
        **_step(learner, credential, data, wiring),
    )
    return await _answer(request, wiring, learner, credential, decide)


@post(
    "/learners/{learner:str}/credentials/{credential:str}/accept",
    summary="Accept a credential",
    status_code=200,
    answers=command(*_ANY_STEP, _NOT_YOUR_OWN),
    roles=("learner", *ACTING),
)
async def accept_credential(
    request: Call,
    learner: KnownLearner,
    credential: PathCredential,
    data: JSONBody[Step],
    *,
    wiring: NamedDependency[Wiring],
) -> Response[CredentialView]:
    """Safe to repeat.

    The learner themselves, or service.
    """
    request.user.may_act_for(learner, *ACTING)
    decide = partial(life.accept, **_step(learner, credential, data, wiring))
    return await _answer(request, wiring, learner, credential, decide)


@post(
    "/learners/{learner:str}/credentials/{credential:str}/decline",
    summary="Decline a credential",
    status_code=200,
    answers=command(*_ANY_STEP, _NOT_YOUR_OWN),
    roles=("learner", *ACTING),
)
async def decline_credential(
    request: Call,
    learner: KnownLearner,
    credential: PathCredential,
    data: JSONBody[Step],
    *,
    wiring: NamedDependency[Wiring],
) -> Response[CredentialView]:
    """For good: nobody is shown it, and only a person awards the achievement again.

    The learner themselves, or service.
    """
    request.user.may_act_for(learner, *ACTING)
    decide = partial(life.decline, **_step(learner, credential, data, wiring))
    return await _answer(request, wiring, learner, credential, decide)


@post(
    "/learners/{learner:str}/credentials/{credential:str}/suspend",
    summary="Suspend a credential",
    status_code=200,
    answers=command(*_ANY_STEP, _SUSPENDED),
    roles=ISSUING,
)
async def suspend_credential(
    request: Call,
    learner: KnownLearner,
    credential: PathCredential,
    data: JSONBody[ReasonedStep],
    *,
    wiring: NamedDependency[Wiring],
) -> Response[CredentialView]:
    """It does not count as held until it is reinstated.

    Roles: issuer, registrar, operator, service.
    """
    step = _step(learner, credential, data, wiring)
    decide = partial(life.suspend, reason=data.reason, **step)
    return await _answer(request, wiring, learner, credential, decide)


@post(
    "/learners/{learner:str}/credentials/{credential:str}/reinstate",
    summary="Reinstate a suspended credential",
    status_code=200,
    answers=command(*_ANY_STEP, NotSuspended(_CREDENTIAL)),
    roles=ISSUING,
)
async def reinstate_credential(
    request: Call,
    learner: KnownLearner,
    credential: PathCredential,
    data: JSONBody[ReasonedStep],
    *,
    wiring: NamedDependency[Wiring],
) -> Response[CredentialView]:
    """It counts as held again, and what waited for it is awarded.

    Roles: issuer, registrar, operator, service.
    """
    decide = partial(
        life.reinstate,
        catalog=await wiring.achievements.latest(request.user.tenant),
        reason=data.reason,
        **_step(learner, credential, data, wiring),
    )
    return await _answer(request, wiring, learner, credential, decide)


@post(
    "/learners/{learner:str}/credentials/{credential:str}/renew",
    summary="Renew a credential",
    status_code=200,
    answers=command(
        *_ANY_STEP, _WITHHELD, _LATER_ONE, NeverExpires(_CREDENTIAL), RETIRED_ACHIEVEMENT
    ),
    roles=ISSUING,
)
async def renew_credential(
    request: Call,
    learner: KnownLearner,
    credential: PathCredential,
    data: JSONBody[ReasonedStep],
    *,
    wiring: NamedDependency[Wiring],
) -> Response[CredentialView]:
    """The same credential is valid anew, by a person's decision: before its end or after it. Its
    validity is added to what is left.

    Roles: issuer, registrar, operator, service.
    """
    decide = partial(
        renewal.renew,
        catalog=await wiring.achievements.latest(request.user.tenant),
        reason=data.reason,
        renewed_by=request.user.subject,
        **_step(learner, credential, data, wiring),
    )
    return await _answer(request, wiring, learner, credential, decide)


@post(
    "/learners/{learner:str}/credentials/{credential:str}/supersede",
    summary="Let a new credential stand for one",
    status_code=200,
    answers=command(*_ANY_STEP, _WITHHELD, _SUSPENDED, _LATER_ONE, RETIRED_ACHIEVEMENT),
    roles=ISSUING,
)
async def supersede_credential(
    request: Call,
    learner: KnownLearner,
    credential: PathCredential,
    data: JSONBody[ReasonedStep],
    *,
    wiring: NamedDependency[Wiring],
) -> Response[SupersededView]:
    """By the achievement as it is defined now: after a change of its name, say. Evidence and
    validity stay; each names the other.

    Roles: issuer, registrar, operator, service.
    """
    decide = partial(
        renewal.supersede,
        catalog=await wiring.achievements.latest(request.user.tenant),
        reason=data.reason,
        awarded_by=request.user.subject,
        **_step(learner, credential, data, wiring),
    )
    outcome = await run_command(request, wiring.transactor, RECORD.of(learner), decide)
    record, now = outcome.state(RECORD), wiring.clock()
    old = record.credentials[credential]
    assert old.superseded is not None
    view = SupersededView(
        credential=CredentialView.of(record.credentials[old.superseded.by], now),
        superseded=CredentialView.of(old, now),
    )
    return positioned(view, outcome.position)


def _step(
    learner: str, credential: str, data: Step | ReasonedStep, wiring: Wiring
) -> dict[str, Any]:
    return {
        "learner": learner,
        "credential": credential,
        "at": occurred(data.occurred_at, wiring.settings, wiring.clock()),
        "skew": timedelta(seconds=wiring.settings.clock_skew_seconds),
    }


async def _answer(
    request: Call, wiring: Wiring, learner: str, credential: str, decide: Decision
) -> Response[CredentialView]:
    outcome: Outcome[Any] = await run_command(
        request, wiring.transactor, RECORD.of(learner), decide
    )
    held = outcome.state(RECORD).credentials[credential]
    to_staff = not request.user.roles.isdisjoint(ISSUING)
    view = CredentialView.of(held, wiring.clock(), to_staff=to_staff)
    return positioned(view, outcome.position)


HANDLERS = (
    release_credential,
    accept_credential,
    decline_credential,
    suspend_credential,
    reinstate_credential,
    renew_credential,
    supersede_credential,
)
