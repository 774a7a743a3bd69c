"""The routes of the credentials service, at `/credentials`."""

from litestar import Router
from litestar.di import Provide

from milepost.credentials.achievement_cache import AchievementCache
from milepost.credentials.api import achievements, records
from milepost.events.commands.transact import Transactor
from milepost.web.settings import Settings


def routes(transactor: Transactor, cache: AchievementCache, settings: Settings) -> Router:
    return Router(
        "/credentials",
        route_handlers=[
            achievements.put_achievement,
            achievements.get_achievement,
            achievements.retire_achievement,
            achievements.evaluate_learners,
            records.get_record,
            records.get_standing,
            records.award_credential,
            records.revoke_credential,
        ],
        dependencies={
            "transactor": Provide(lambda: transactor, sync_to_thread=False),
            "achievements": Provide(lambda: cache, sync_to_thread=False),
            "settings": Provide(lambda: settings, sync_to_thread=False),
        },
        tags=["credentials"],
    )
