"""The routes of the credentials service, at `/credentials`."""

from litestar import Router
from litestar.di import Provide

from milepost.credentials import achievement_api, record_api
from milepost.credentials.achievements import Achievements
from milepost.events.commands.transact import Transactor
from milepost.web.settings import Settings


def routes(transactor: Transactor, achievements: Achievements, settings: Settings) -> Router:
    return Router(
        "/credentials",
        route_handlers=[
            achievement_api.put_achievement,
            achievement_api.get_achievement,
            achievement_api.retire_achievement,
            achievement_api.evaluate_learners,
            record_api.get_record,
            record_api.get_standing,
            record_api.award_credential,
            record_api.revoke_credential,
        ],
        dependencies={
            "transactor": Provide(lambda: transactor, sync_to_thread=False),
            "achievements": Provide(lambda: achievements, sync_to_thread=False),
            "settings": Provide(lambda: settings, sync_to_thread=False),
        },
        tags=["credentials"],
    )
