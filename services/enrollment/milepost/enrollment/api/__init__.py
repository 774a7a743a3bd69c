"""HTTP of the enrollment service: requests in, facts gathered, decisions asked, answers out."""

from litestar import Router
from litestar.di import Provide

from milepost.enrollment.api import (
    catalog,
    course_files,
    courses,
    enrollments,
    invitations,
    offering_changes,
    offerings,
    programs,
    steps,
    transfers,
)
from milepost.enrollment.api.conventions import Wiring


def routes(wiring: Wiring) -> Router:
    return Router(
        "/enrollment",
        route_handlers=[
            *catalog.HANDLERS,
            *courses.HANDLERS,
            *course_files.HANDLERS,
            *programs.HANDLERS,
            *offerings.HANDLERS,
            *offering_changes.HANDLERS,
            *invitations.HANDLERS,
            *enrollments.HANDLERS,
            *steps.HANDLERS,
            *transfers.HANDLERS,
        ],
        # One dependency, not two: litestar opens a task group for several, on every request.
        dependencies={"wiring": Provide(lambda: wiring, sync_to_thread=False)},
        tags=["enrollment"],
    )
