"""Wiring of the pages of bulk jobs, nothing else."""

from milepost.enrollment.bulk.enrollment_kind import store_on
from milepost.enrollment.pages.bulk.api import routes
from milepost.web.room import Context, Service


def service(context: Context) -> Service:
    return Service(name="office-bulk-pages", routes=(routes(store_on(context.pool)),))
