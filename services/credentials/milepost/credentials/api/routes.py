"""The routes of the credentials service, at `/credentials`."""

from litestar import Router
from litestar.di import Provide

from milepost.credentials.api import (
    achievement_queries,
    achievements,
    approvals,
    endorsements,
    impact,
    life,
    programs,
    records,
    sharing,
)
from milepost.credentials.api.wiring import Wiring
from milepost.credentials.verification import api as verification


def routes(wiring: Wiring) -> Router:
    return Router(
        "/credentials",
        route_handlers=[
            achievements.put_achievement,
            *achievement_queries.HANDLERS,
            achievements.retire_achievement,
            achievements.evaluate_learners,
            records.get_learner_record,
            records.look_up_records,
            records.get_achievement_standing,
            records.award_credential,
            records.revoke_credential,
            records.lift_credential_flag,
            *endorsements.HANDLERS,
            *impact.HANDLERS,
            *life.HANDLERS,
            *approvals.HANDLERS,
            *programs.HANDLERS,
            *sharing.HANDLERS,
            *verification.HANDLERS,
        ],
        # One dependency, not several: litestar opens a task group for those, on every request.
        dependencies={"wiring": Provide(lambda: wiring, sync_to_thread=False)},
        tags=["credentials"],
    )
