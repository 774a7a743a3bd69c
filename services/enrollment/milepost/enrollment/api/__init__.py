"""HTTP of the enrollment service: requests in, facts gathered, decisions asked, answers out."""

from litestar import Router
from litestar.di import Provide

from milepost.enrollment.api import catalog, enrollments, offerings
from milepost.enrollment.api.conventions import Wiring


def routes(wiring: Wiring) -> Router:
    return Router(
        "/enrollment",
        route_handlers=[*catalog.HANDLERS, *offerings.HANDLERS, *enrollments.HANDLERS],
        # One dependency, not two: litestar opens a task group for several, on every request.
        dependencies={"wiring": Provide(lambda: wiring, sync_to_thread=False)},
        tags=["enrollment"],
    )
