"""Read models: their generations, and the jobs that change them."""

from collections.abc import Sequence
from itertools import groupby
from operator import attrgetter

import asyncpg
import msgspec

from milepost.events.projections.positions import ModelStatus, model_status
from milepost.operations.console.api.jobs import views
from milepost.operations.console.api.wiring import ModelJobView
from milepost.operations.console.jobs.job import UnknownReadModel
from milepost.operations.console.jobs.store import page
from milepost.operations.console.scope import is_alone
from milepost.operations.rooms import read_models

JOBS = 20


class Model(msgspec.Struct, frozen=True, kw_only=True):
    """`version`: of this code; the live generation may be of another."""

    name: str
    version: int
    generations: tuple[ModelStatus, ...]

    def of(self, status: str) -> ModelStatus | None:
        return next((one for one in self.generations if one.status == status), None)


class Projections(msgspec.Struct, frozen=True, kw_only=True):
    models: Sequence[Model]
    jobs: Sequence[ModelJobView]
    alone: bool

    @property
    def busy(self) -> bool:
        return any(one.state in {"queued", "running"} for one in self.jobs)


async def read_projections(pool: asyncpg.Pool, tenant: str) -> Projections:
    alone = await is_alone(pool, tenant)
    standing = [
        one for one in await model_status(pool, tenant) if one.only_tenant in {None, tenant}
    ]
    known = {name: tuple(some) for name, some in groupby(standing, key=attrgetter("name"))}
    models = [
        Model(name=one.name, version=one.version, generations=known.get(one.name, ()))
        for one in sorted(read_models(), key=attrgetter("name"))
    ]
    jobs = await page(pool, tenant, None, JOBS)
    return Projections(models=models, jobs=await views(pool, jobs), alone=alone)


async def read_model(pool: asyncpg.Pool, tenant: str, name: str) -> tuple[Projections, Model]:
    """All of it, and the one that is named. Raises `UnknownReadModel`."""
    found = await read_projections(pool, tenant)
    for one in found.models:
        if one.name == name:
            return found, one
    raise UnknownReadModel(name, tuple(one.name for one in found.models))
