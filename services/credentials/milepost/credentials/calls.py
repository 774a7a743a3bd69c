"""What the routes share: who may issue, and how a request becomes a command."""

from collections.abc import Callable, Sequence
from typing import TypeAlias, TypeVar

from litestar import Request
from litestar.datastructures import State

from milepost.credentials.catalog import ACHIEVEMENT, Achievement
from milepost.credentials.refusals import RetiredAchievement, UnknownAchievement
from milepost.events.category import Stream
from milepost.events.event import Event
from milepost.events.transact import Outcome, Transactor
from milepost.process.requests import check_repeat, command_id, metadata
from milepost.process.tokens import Caller, RoleMissing

ISSUING = ("issuer", "registrar", "operator", "service")

NOT_AN_ISSUER = RoleMissing(ISSUING)
UNKNOWN_ACHIEVEMENT = UnknownAchievement("data-analyst")
RETIRED_ACHIEVEMENT = RetiredAchievement("data-analyst")

Call: TypeAlias = Request[Caller, None, State]
S = TypeVar("S")
E = TypeVar("E", bound=Event)


async def decided(
    request: Call, transactor: Transactor, stream: Stream[S, E], decide: Callable[[S], Sequence[E]]
) -> Outcome:
    outcome = await transactor.transact(
        request.user.tenant,
        stream,
        decide,
        command_id=command_id(request),
        metadata=metadata(request),
    )
    check_repeat(outcome, request)
    return outcome


async def defined(request: Call, transactor: Transactor, achievement: str) -> Achievement:
    """Raises `UnknownAchievement`."""
    _, state = await transactor.load(request.user.tenant, ACHIEVEMENT.of(achievement))
    if state is None:
        raise UnknownAchievement(achievement)
    return state
