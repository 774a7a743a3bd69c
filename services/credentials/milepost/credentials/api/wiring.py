"""What the routes share: who may issue, what they are given to work with, what is asked about."""

from asyncio import Semaphore
from collections.abc import Callable
from datetime import datetime

from msgspec import Struct, field

from milepost.credentials.achievement_cache import AchievementCache
from milepost.credentials.domain.achievements.achievement import ACHIEVEMENT, Achievement
from milepost.credentials.domain.achievements.definition import (
    DEFAULT_ISSUER,
    Definition,
    References,
)
from milepost.credentials.domain.refusals import RetiredAchievement, UnknownAchievement
from milepost.credentials.images.store import Images
from milepost.credentials.issuers.issuer import ISSUER
from milepost.credentials.learning import Learning
from milepost.credentials.verification.verifier import Verifier
from milepost.events.commands.transact import Transactor
from milepost.web.requests.commands import Call
from milepost.web.settings import Settings

ISSUING = ("issuer", "registrar", "operator", "service")
READING = (*ISSUING, "auditor")

UNKNOWN_ACHIEVEMENT = UnknownAchievement("data-analyst")
RETIRED_ACHIEVEMENT = RetiredAchievement("data-analyst")


class Wiring(Struct, frozen=True):
    """`impacts`: so many are asked at a time, for each reads the log."""

    transactor: Transactor
    settings: Settings
    clock: Callable[[], datetime]
    achievements: AchievementCache
    learning: Learning
    images: Images
    verifier: Verifier
    trusted: frozenset[str]
    impacts: Semaphore = field(default_factory=lambda: Semaphore(1))


async def defined(
    request: Call, transactor: Transactor, achievement: str
) -> tuple[int, Achievement]:
    """With its stream's version. Raises `UnknownAchievement`."""
    written, state = await transactor.load(request.user.tenant, ACHIEVEMENT.of(achievement))
    if state is None:
        raise UnknownAchievement(achievement)
    return written, state


async def references(wiring: Wiring, tenant: str, definition: Definition) -> References:
    """Of what the definition names, what there is."""
    named = {*definition.co_issuers, definition.issuer or DEFAULT_ISSUER} - {DEFAULT_ISSUER}
    issuers = set()
    for code in sorted(named):
        _, issuer = await wiring.transactor.load(tenant, ISSUER.of(code))
        if issuer.profile is not None and not issuer.retired:
            issuers.add(code)
    image = definition.image
    seen = {image} if image and await wiring.images.knows(tenant, image) else set()
    return References(issuers=issuers, images=seen)
