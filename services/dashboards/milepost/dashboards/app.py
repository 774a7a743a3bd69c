"""Wiring of the dashboards service, nothing else."""

import asyncpg

from milepost.dashboards.api.routes import routes
from milepost.web.app import Service
from milepost.web.settings import Settings


def service(pool: asyncpg.Pool, settings: Settings) -> Service:  # noqa: ARG001 - as all have
    return Service(name="dashboards", routes=(routes(pool),))
