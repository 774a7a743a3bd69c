"""The routes under `/operations`, in the order in which people read of them."""

from litestar import Router
from litestar.di import Provide

from milepost.operations.console.api import integrity, jobs, parked
from milepost.operations.console.api.wiring import Wiring


def routes(wiring: Wiring) -> Router:
    return Router(
        "/operations",
        route_handlers=[
            jobs.start_model_job,
            jobs.list_model_jobs,
            jobs.get_model_job,
            jobs.cancel_model_job,
            parked.list_parked,
            parked.get_parked,
            parked.retry_parked,
            parked.skip_parked,
            integrity.get_integrity,
            integrity.check_integrity,
        ],
        dependencies={"wiring": Provide(lambda: wiring, sync_to_thread=False)},
        tags=["operations"],
    )
