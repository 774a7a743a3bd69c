"""Wiring of the dashboards service, nothing else."""

import asyncpg

from milepost.dashboards.api import routes
from milepost.process.app import Service
from milepost.process.settings import Settings


def service(pool: asyncpg.Pool, settings: Settings) -> Service:  # noqa: ARG001 - as all have
    return Service(name="dashboards", routes=(routes(pool),))
