"""Routes on endorsements: another issuer of the school vouches for an achievement."""

from functools import partial
from typing import Annotated, Final
from uuid import uuid4

from litestar import Response, post
from litestar.di import NamedDependency
from litestar.params import JSONBody, PathParameter
from msgspec import Meta

from milepost.contracts.ids import KEY, TEXT
from milepost.credentials.api.definition_wire import AchievementView, Issuer
from milepost.credentials.api.wire import Code, KnownAchievement
from milepost.credentials.api.wiring import ISSUING, UNKNOWN_ACHIEVEMENT, Wiring
from milepost.credentials.domain.achievements.achievement import ACHIEVEMENT
from milepost.credentials.domain.achievements.definition import DEFAULT_ISSUER
from milepost.credentials.domain.achievements.endorse import MAX_ENDORSEMENTS, endorse, withdraw
from milepost.credentials.domain.refusals import (
    AlreadyEndorsed,
    OwnEndorsement,
    RetiredIssuer,
    TooManyEndorsements,
    UnknownEndorsement,
    UnknownIssuer,
)
from milepost.credentials.issuers.issuer import ISSUER
from milepost.web.openapi.documented_answers import command
from milepost.web.requests.commands import Call, run_command
from milepost.web.requests.json_body import Body
from milepost.web.requests.positions import positioned

_ENDORSEMENT: Final = "0b8f7a52-6d1c-4a58-9f43-5f0f3c7d2e11"


class Endorsing(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    issuer: Annotated[Issuer, Meta(examples=["employers-council"])]
    comment: Annotated[
        str,
        Meta(
            max_length=2_000,
            pattern=TEXT,
            description="Why, for whoever reads a badge",
            examples=["We hire by it."],
        ),
    ] = ""


class Withdrawing(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    reason: Code


@post(
    "/achievements/{achievement:str}/endorsements",
    summary="Endorse an achievement",
    status_code=200,
    answers=command(
        UNKNOWN_ACHIEVEMENT,
        UnknownIssuer("employers-council"),
        RetiredIssuer("employers-council"),
        OwnEndorsement("data-analyst", "school"),
        AlreadyEndorsed("data-analyst", "employers-council", _ENDORSEMENT),
        TooManyEndorsements("data-analyst", MAX_ENDORSEMENTS),
    ),
    roles=ISSUING,
    links=("getAchievement",),
)
async def endorse_achievement(
    request: Call,
    achievement: KnownAchievement,
    data: JSONBody[Endorsing],
    wiring: NamedDependency[Wiring],
) -> Response[AchievementView]:
    """An issuer of the school that does not award it itself vouches for it, once. It is signed
    with that issuer's key, and stands in every badge as long as it is not withdrawn.

    Roles: issuer, registrar, operator, service.
    """
    await _require_issuer(request, wiring, data.issuer)
    decide = partial(
        endorse,
        achievement=achievement,
        issuer=data.issuer,
        comment=data.comment,
        endorsement=str(uuid4()),
        at=wiring.clock(),
    )
    outcome = await run_command(request, wiring.transactor, ACHIEVEMENT.of(achievement), decide)
    state = outcome.state(ACHIEVEMENT)
    assert state is not None
    return positioned(AchievementView.of(state), outcome.position)


@post(
    "/achievements/{achievement:str}/endorsements/{endorsement:str}/withdraw",
    summary="Withdraw an endorsement",
    status_code=200,
    answers=command(UNKNOWN_ACHIEVEMENT, UnknownEndorsement("data-analyst", _ENDORSEMENT)),
    roles=ISSUING,
)
async def withdraw_endorsement(
    request: Call,
    achievement: KnownAchievement,
    endorsement: Annotated[str, PathParameter(pattern=KEY, description="The endorsement's id")],
    data: JSONBody[Withdrawing],
    *,
    wiring: NamedDependency[Wiring],
) -> Response[AchievementView]:
    """Badges stand without it from now on, and its address answers 404.

    Roles: issuer, registrar, operator, service.
    """
    decide = partial(
        withdraw,
        achievement=achievement,
        endorsement=endorsement,
        reason=data.reason,
        at=wiring.clock(),
    )
    outcome = await run_command(request, wiring.transactor, ACHIEVEMENT.of(achievement), decide)
    state = outcome.state(ACHIEVEMENT)
    assert state is not None
    return positioned(AchievementView.of(state), outcome.position)


async def _require_issuer(request: Call, wiring: Wiring, issuer: str) -> None:
    """Raises `UnknownIssuer`, `RetiredIssuer`."""
    _, state = await wiring.transactor.load(request.user.tenant, ISSUER.of(issuer))
    if state.profile is None and issuer != DEFAULT_ISSUER:
        raise UnknownIssuer(issuer)
    if state.retired:
        raise RetiredIssuer(issuer)


HANDLERS = (endorse_achievement, withdraw_endorsement)
