"""Routes on approvals: a person approves of an award, or takes that back before it is made.

Who approved is told to those who award, and to nobody else.
"""

from datetime import datetime
from functools import partial

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from milepost.credentials.api.wire import Code, KnownAchievement, KnownLearner, PathLearner
from milepost.credentials.api.wiring import (
    READING,
    RETIRED_ACHIEVEMENT,
    UNKNOWN_ACHIEVEMENT,
    Wiring,
    defined,
)
from milepost.credentials.domain.achievements.achievement import Achievement
from milepost.credentials.domain.achievements.criteria_tree import approvals_needed
from milepost.credentials.domain.records.approve import approve, withdraw_approval
from milepost.credentials.domain.records.awards import RECORD
from milepost.credentials.domain.records.record import Record
from milepost.credentials.domain.refusals import (
    AlreadyHeld,
    ApprovalNotAsked,
    NotApproved,
    OwnAward,
)
from milepost.web.openapi.documented_answers import command, versioned_query
from milepost.web.requests.commands import Call, run_command
from milepost.web.requests.etags import versioned
from milepost.web.requests.json_body import Body
from milepost.web.requests.positions import positioned

# Persons: a service approves of nothing.
APPROVING = ("issuer", "registrar", "operator")

_ALREADY_HELD = AlreadyHeld("data-analyst", "5d2b6c0e-8f0f-5b5a-9d0e-1b2c3d4e5f60")


class Approval(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    reason: Code | None = None


class Withdrawal(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    reason: Code


class ApprovalView(msgspec.Struct, frozen=True, kw_only=True):
    """`approved_by` is the subject of a person's token."""

    approved_by: str
    approved_at: datetime


class ApprovalsView(msgspec.Struct, frozen=True, kw_only=True):
    """`persons`: how many different ones the criteria ask for, 0 if they ask for none.

    Those of an earlier cycle are not among them. `credential`: it is held.
    """

    learner: str
    achievement: str
    persons: int
    approvals: tuple[ApprovalView, ...]
    credential: str | None

    @classmethod
    def of(
        cls, learner: str, achievement: Achievement, record: Record, at: datetime
    ) -> "ApprovalsView":
        code = achievement.achievement
        held = record.held(at).get(code)
        given = record.approvals_of(code, at).items()
        return cls(
            learner=learner,
            achievement=code,
            persons=approvals_needed(achievement.definition.criteria),
            approvals=tuple(
                ApprovalView(approved_by=person, approved_at=moment) for person, moment in given
            ),
            credential=held.credential if held else None,
        )


@get(
    "/learners/{learner:str}/achievements/{achievement:str}/approvals",
    summary="Who has approved of an award",
    answers=versioned_query(UNKNOWN_ACHIEVEMENT),
    roles=READING,
)
async def get_award_approvals(
    request: Call,
    learner: KnownLearner,
    achievement: KnownAchievement,
    wiring: NamedDependency[Wiring],
) -> Response[ApprovalsView]:
    """Roles: issuer, registrar, operator, service, auditor."""
    now = wiring.clock()
    defined_at, found = await defined(request, wiring.transactor, achievement)
    written, record = await wiring.transactor.load(request.user.tenant, RECORD.of(learner))
    view = ApprovalsView.of(learner, found, record, now)
    return versioned(request, view, defined_at, written, int(view.credential is not None))


@post(
    "/learners/{learner:str}/achievements/{achievement:str}/approve",
    summary="Approve of an award",
    status_code=200,
    answers=command(
        UNKNOWN_ACHIEVEMENT,
        RETIRED_ACHIEVEMENT,
        ApprovalNotAsked("data-analyst"),
        OwnAward("data-analyst"),
        _ALREADY_HELD,
    ),
    roles=APPROVING,
)
async def approve_award(
    request: Call,
    learner: PathLearner,
    achievement: KnownAchievement,
    data: JSONBody[Approval],
    *,
    wiring: NamedDependency[Wiring],
) -> Response[ApprovalsView]:
    """In the caller's name, once. It is awarded as soon as nothing else is missing.

    Criteria say whether one person is enough or it takes two. Roles: issuer, registrar, operator.
    """
    now = wiring.clock()
    catalog = await wiring.achievements.latest(request.user.tenant)
    decide = partial(
        approve,
        catalog=catalog,
        learner=learner,
        achievement=achievement,
        person=request.user.subject,
        reason=data.reason,
        at=now,
    )
    outcome = await run_command(request, wiring.transactor, RECORD.of(learner), decide)
    found, record = catalog.find(achievement), outcome.state(RECORD)
    return positioned(ApprovalsView.of(learner, found, record, now), outcome.position)


@post(
    "/learners/{learner:str}/achievements/{achievement:str}/approval/withdraw",
    summary="Take an approval back",
    status_code=200,
    answers=command(UNKNOWN_ACHIEVEMENT, NotApproved("data-analyst"), _ALREADY_HELD),
    roles=APPROVING,
)
async def withdraw_award_approval(
    request: Call,
    learner: KnownLearner,
    achievement: KnownAchievement,
    data: JSONBody[Withdrawal],
    *,
    wiring: NamedDependency[Wiring],
) -> Response[ApprovalsView]:
    """The caller's own, before the award: afterwards there is a credential to revoke.

    Roles: issuer, registrar, operator.
    """
    now = wiring.clock()
    _, found = await defined(request, wiring.transactor, achievement)
    decide = partial(
        withdraw_approval,
        learner=learner,
        achievement=achievement,
        person=request.user.subject,
        reason=data.reason,
        at=now,
    )
    outcome = await run_command(request, wiring.transactor, RECORD.of(learner), decide)
    view = ApprovalsView.of(learner, found, outcome.state(RECORD), now)
    return positioned(view, outcome.position)


HANDLERS = (get_award_approvals, approve_award, withdraw_award_approval)
