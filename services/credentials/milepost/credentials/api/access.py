"""What the routes share: who may issue, and the achievement that is asked about."""

from milepost.credentials.domain.achievement import ACHIEVEMENT, Achievement
from milepost.credentials.domain.refusals import RetiredAchievement, UnknownAchievement
from milepost.events.commands.transact import Transactor
from milepost.web.requests.commands import Call

ISSUING = ("issuer", "registrar", "operator", "service")

UNKNOWN_ACHIEVEMENT = UnknownAchievement("data-analyst")
RETIRED_ACHIEVEMENT = RetiredAchievement("data-analyst")


async def defined(
    request: Call, transactor: Transactor, achievement: str
) -> tuple[int, Achievement]:
    """With its stream's version. Raises `UnknownAchievement`."""
    written, state = await transactor.load(request.user.tenant, ACHIEVEMENT.of(achievement))
    if state is None:
        raise UnknownAchievement(achievement)
    return written, state
