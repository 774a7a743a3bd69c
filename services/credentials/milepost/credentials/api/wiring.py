"""What the routes of this service are given to work with."""

from collections.abc import Callable
from datetime import datetime

from msgspec import Struct

from milepost.credentials.achievement_cache import AchievementCache
from milepost.events.commands.transact import Transactor
from milepost.web.settings import Settings


class Wiring(Struct, frozen=True):
    transactor: Transactor
    settings: Settings
    clock: Callable[[], datetime]
    achievements: AchievementCache
