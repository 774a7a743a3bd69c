"""Routes on a learner's record: read it, explain it, award by hand, revoke, let stand."""

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from milepost.contracts.records import CredentialAwarded
from milepost.credentials.api.wire import (
    CredentialView,
    HandAward,
    KnownAchievement,
    KnownLearner,
    LiftingFlag,
    PathCredential,
    PathLearner,
    RecordView,
    RevokedView,
    Revoking,
    StandingView,
)
from milepost.credentials.api.wiring import (
    ISSUING,
    READING,
    RETIRED_ACHIEVEMENT,
    UNKNOWN_ACHIEVEMENT,
    Wiring,
    defined,
)
from milepost.credentials.domain.achievements.criteria import explain
from milepost.credentials.domain.records.awards import RECORD, award_by_hand
from milepost.credentials.domain.records.credential import Credential
from milepost.credentials.domain.records.flags import lift_flag
from milepost.credentials.domain.records.life import dependents_of, revoke
from milepost.credentials.domain.refusals import (
    AlreadyHeld,
    AlreadyRevoked,
    NotFlagged,
    NotHeld,
    NotYetAwarded,
)
from milepost.events.commands.transact import Outcome
from milepost.web.answers.lookup import Looked, LookedUpIds, look_up_many
from milepost.web.auth.tokens import NotYourOwn
from milepost.web.openapi.documented_answers import OCCURRED_IN_FUTURE, command, versioned_query
from milepost.web.requests.commands import Call, run_command
from milepost.web.requests.etags import digested, versioned
from milepost.web.requests.positions import created, positioned
from milepost.web.requests.times import occurred

NOT_YOUR_OWN = NotYourOwn("learner-4711", READING)
_CREDENTIAL = "5d2b6c0e-8f0f-5b5a-9d0e-1b2c3d4e5f60"
_NOT_HELD = NotHeld("learner-4711", _CREDENTIAL)
_ALREADY_REVOKED = AlreadyRevoked(
    _CREDENTIAL, "issued_in_error", datetime(2026, 9, 1, 8, tzinfo=UTC)
)


class RecordLooked(Looked, frozen=True, kw_only=True, omit_defaults=True):
    found: RecordView | None = None


class RecordsLooked(msgspec.Struct, frozen=True):
    """In the order they were asked for, each once."""

    results: list[RecordLooked]


@get(
    "/learners/{learner:str}/record",
    summary="All that a learner has passed and earned",
    answers=versioned_query(NOT_YOUR_OWN),
)
async def get_learner_record(
    request: Call,
    learner: KnownLearner,
    wiring: NamedDependency[Wiring],
) -> Response[RecordView]:
    """Empty for a learner who has not completed anything.

    The learner themselves, or issuer, registrar, operator, service, auditor.
    """
    written, view = await _record(request, wiring, learner)
    # Credentials expire, and embargoes end, by the clock, and nothing is written then.
    states = [one.status for one in view.credentials]
    return versioned(request, view, written, states.count("active"), len(states))


@get(
    "/learners",
    summary="All that many learners have passed and earned",
    answers=versioned_query(),
)
async def look_up_records(
    request: Call, wiring: NamedDependency[Wiring], learner: LookedUpIds = None
) -> Response[RecordsLooked]:
    """Each as `GET /credentials/learners/{learner}/record` would answer it; one that is refused is
    a `problem`, and hinders no other.
    """

    async def read(one: str) -> RecordView:
        return (await _record(request, wiring, one))[1]

    return digested(request, RecordsLooked(await look_up_many(learner, read, RecordLooked)))


async def _record(request: Call, wiring: Wiring, learner: str) -> tuple[int, RecordView]:
    """With the version of its stream."""
    request.user.may_act_for(learner, *READING)
    written, record = await wiring.transactor.load(request.user.tenant, RECORD.of(learner))
    return written, RecordView.of(learner, record, wiring.clock(), to_staff=_sees_all(request))


@get(
    "/learners/{learner:str}/achievements/{achievement:str}",
    summary="Why, or why not yet",
    answers=versioned_query(NOT_YOUR_OWN, UNKNOWN_ACHIEVEMENT),
)
async def get_achievement_standing(
    request: Call,
    learner: KnownLearner,
    achievement: KnownAchievement,
    wiring: NamedDependency[Wiring],
) -> Response[StandingView]:
    """Which conditions hold, since which event, and which do not yet hold.

    The learner themselves, or issuer, registrar, operator, service, auditor.
    """
    request.user.may_act_for(learner, *READING)
    defined_at, found = await defined(request, wiring.transactor, achievement)
    written, record = await wiring.transactor.load(request.user.tenant, RECORD.of(learner))
    held, now = record.active.get(achievement), wiring.clock()
    catalog = await wiring.achievements.latest(request.user.tenant)
    shown = held if held and _sees(request, held, now) else None
    view = StandingView(
        learner=learner,
        achievement=achievement,
        version=found.version,
        retired=found.retired,
        held=CredentialView.of(shown, now, to_staff=_sees_all(request)) if shown else None,
        condition=explain(found.definition.criteria, record, catalog, now, achievement=achievement),
    )
    active = view.held is not None and view.held.status == "active"
    return versioned(request, view, defined_at, written, int(active))


@post(
    "/learners/{learner:str}/credentials",
    summary="Award by hand",
    answers=command(
        UNKNOWN_ACHIEVEMENT,
        RETIRED_ACHIEVEMENT,
        AlreadyHeld("data-analyst", _CREDENTIAL),
        OCCURRED_IN_FUTURE,
        creates=True,
    ),
    roles=ISSUING,
    links=("getCredentialDocument", "getCredentialShares", "getLearnerRecord"),
)
async def award_credential(
    request: Call,
    learner: PathLearner,
    data: JSONBody[HandAward],
    *,
    wiring: NamedDependency[Wiring],
) -> Response[CredentialView]:
    """Whether or not the criteria hold; what rests on it is awarded with it.

    Roles: issuer, registrar, operator, service.
    """
    at = occurred(data.occurred_at, wiring.settings, wiring.clock())
    decide = partial(
        award_by_hand,
        catalog=await wiring.achievements.latest(request.user.tenant),
        learner=learner,
        achievement=data.achievement,
        reason=data.reason,
        awarded_by=request.user.subject,
        at=at,
    )
    outcome = await run_command(request, wiring.transactor, RECORD.of(learner), decide)
    credential = outcome.state(RECORD).credentials[_awarded(outcome)]
    view = CredentialView.of(credential, wiring.clock())
    address = ("credentials", "learners", learner, "achievements", data.achievement)
    return created(view, outcome.position, address)


@post(
    "/learners/{learner:str}/credentials/{credential:str}/revoke",
    summary="Revoke a credential",
    status_code=200,
    answers=command(
        _NOT_HELD,
        _ALREADY_REVOKED,
        NotYetAwarded(_CREDENTIAL, datetime(2026, 9, 1, 8, tzinfo=UTC)),
        OCCURRED_IN_FUTURE,
    ),
    roles=ISSUING,
)
async def revoke_credential(
    request: Call,
    learner: KnownLearner,
    credential: PathCredential,
    data: JSONBody[Revoking],
    *,
    wiring: NamedDependency[Wiring],
) -> Response[RevokedView]:
    """The same evidence will not earn it again by itself; better results or a person may.

    Roles: issuer, registrar, operator, service.
    """
    at = occurred(data.occurred_at, wiring.settings, wiring.clock())
    decide = partial(
        revoke,
        learner=learner,
        credential=credential,
        reason=data.reason,
        at=at,
        skew=timedelta(seconds=wiring.settings.clock_skew_seconds),
    )
    outcome = await run_command(request, wiring.transactor, RECORD.of(learner), decide)
    record, now = outcome.state(RECORD), wiring.clock()
    view = RevokedView(
        credential=CredentialView.of(record.credentials[credential], now),
        resting_on_it=tuple(
            CredentialView.of(one, now) for one in dependents_of(record, credential)
        ),
    )
    return positioned(view, outcome.position)


@post(
    "/learners/{learner:str}/credentials/{credential:str}/flag/lift",
    summary="Let a flagged credential stand",
    status_code=200,
    answers=command(_NOT_HELD, _ALREADY_REVOKED, NotFlagged(_CREDENTIAL)),
    roles=ISSUING,
)
async def lift_credential_flag(
    request: Call,
    learner: KnownLearner,
    credential: PathCredential,
    data: JSONBody[LiftingFlag],
    *,
    wiring: NamedDependency[Wiring],
) -> Response[CredentialView]:
    """It is flagged anew only when what it rests on holds again and falls again, or when the
    completion of the course is revoked. What was flagged on its account stands with it.

    Roles: issuer, registrar, operator, service.
    """
    decide = partial(
        lift_flag,
        catalog=await wiring.achievements.latest(request.user.tenant),
        learner=learner,
        credential=credential,
        reason=data.reason,
        at=wiring.clock(),
    )
    outcome = await run_command(request, wiring.transactor, RECORD.of(learner), decide)
    held = outcome.state(RECORD).credentials[credential]
    return positioned(CredentialView.of(held, wiring.clock()), outcome.position)


def _sees_all(request: Call) -> bool:
    return not request.user.roles.isdisjoint(READING)


def _sees(request: Call, credential: Credential, now: datetime) -> bool:
    """What is withheld is there for staff only."""
    return _sees_all(request) or not credential.is_withheld(now)


def _awarded(outcome: Outcome[Any]) -> str:
    """The credential that the command awarded, also when it is repeated after a revocation."""
    first = outcome.events[0]
    event = RECORD.codec.read(first)
    assert isinstance(event, CredentialAwarded)
    return event.credential
