"""The route on what a definition would change, before it is published."""

from typing import Annotated

from litestar import post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import Meta

from milepost.credentials.api.definition_wire import AchievementDefinition, definition_of
from milepost.credentials.api.wire import PathAchievement
from milepost.credentials.api.wiring import (
    ISSUING,
    RETIRED_ACHIEVEMENT,
    UNKNOWN_ACHIEVEMENT,
    Wiring,
)
from milepost.credentials.domain.achievements.definition import DefinitionFault
from milepost.credentials.domain.refusals import (
    CircularCriteria,
    DefinitionInvalid,
    ImpossibleCriteria,
    OversizedCriteria,
    UnknownCriteria,
)
from milepost.credentials.queries.impact import (
    MAX_LEARNERS,
    Impact,
    ImpactCursor,
    ImpactQuestion,
    impact,
)
from milepost.events.runtime.outages import Overloaded
from milepost.web.openapi.documented_answers import query
from milepost.web.requests.commands import Call
from milepost.web.requests.json_body import Body


class AskImpact(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`definition`: as it would be published; null: the present one, applied to history. At most
    `limit` learners are judged; `cursor` is the `next` of the answer before.
    """

    definition: AchievementDefinition | None = None
    limit: Annotated[int, Meta(ge=1, le=MAX_LEARNERS)] = 1_000
    cursor: ImpactCursor | None = None


@post(
    "/achievements/{achievement:str}/impact",
    summary="Who would gain and who would lose by a definition",
    status_code=200,
    answers=query(
        UNKNOWN_ACHIEVEMENT,
        RETIRED_ACHIEVEMENT,
        DefinitionInvalid("data-analyst", (DefinitionFault("$.renewal_days", "never_ends"),)),
        UnknownCriteria(("python-basics",)),
        CircularCriteria(("data-analyst", "python-basics", "data-analyst")),
        ImpossibleCriteria(3, 2),
        OversizedCriteria(256, 8),
    ),
    roles=ISSUING,
)
async def ask_impact(
    request: Call,
    achievement: PathAchievement,
    data: JSONBody[AskImpact],
    wiring: NamedDependency[Wiring],
) -> Impact:
    """From the log, with the reasons; nothing is written. Who loses keeps what they hold until a
    person decides. Who gains is awarded it by themselves from now on, and for what they have done
    before by `evaluate` or a job of `awards` that names no reason.

    Roles: issuer, registrar, operator, service.
    """
    if wiring.impacts.locked():
        raise Overloaded
    question = ImpactQuestion(
        achievement=achievement,
        definition=definition_of(data.definition) if data.definition else None,
        limit=data.limit,
        cursor=data.cursor,
    )
    log, tenant = wiring.transactor.log, request.user.tenant
    async with wiring.impacts:
        return await impact(log, tenant, question, at=wiring.clock())


HANDLERS = (ask_impact,)
