"""HTTP of the enrollment service: requests in, facts gathered, commands run, answers out."""

from litestar import Router
from litestar.di import Provide

from milepost.enrollment.api import (
    enrollment_steps,
    enrollments,
    instructors,
    invitations,
    offering_changes,
    offerings,
    programs,
    transfers,
)
from milepost.enrollment.api.courses import commands, files, queries
from milepost.enrollment.api.groups import commands as groups
from milepost.enrollment.api.groups import members
from milepost.enrollment.api.wiring import Wiring


def routes(wiring: Wiring) -> Router:
    return Router(
        "/enrollment",
        route_handlers=[
            *commands.HANDLERS,
            *queries.HANDLERS,
            *files.HANDLERS,
            *programs.HANDLERS,
            *offerings.HANDLERS,
            *offering_changes.HANDLERS,
            *instructors.HANDLERS,
            *invitations.HANDLERS,
            *enrollments.HANDLERS,
            *enrollment_steps.HANDLERS,
            *transfers.HANDLERS,
            *groups.HANDLERS,
            *members.HANDLERS,
        ],
        # One dependency, not two: litestar opens a task group for several, on every request.
        dependencies={"wiring": Provide(lambda: wiring, sync_to_thread=False)},
        tags=["enrollment"],
    )
