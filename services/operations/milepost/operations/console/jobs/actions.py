"""The actions of a job. After a crash the next worker takes it up where it stood."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import asyncpg

from milepost.events.projections.catch_up import Pace
from milepost.events.projections.compare import Comparison, LiveStands
from milepost.events.projections.generations import (
    Live,
    NoGeneration,
    OtherVersion,
    RebuildUnderWay,
    drop,
    generations,
)
from milepost.events.projections.positions import Overtaken
from milepost.events.projections.read_model import ReadModel
from milepost.events.projections.rebuild import Rebuilt, Switch, compare, rebuild, rollback, switch
from milepost.operations.console.jobs.job import ModelJob
from milepost.operations.console.scope import is_alone

# A rebuild commits little at a time, and rests as long as it works: requests come first.
PACE: Final = Pace(2_000, 1.0)
REFUSALS: Final[Mapping[type[Exception], str]] = {
    RebuildUnderWay: "rebuild_of_others",
    OtherVersion: "other_version",
    Overtaken: "given_up",
    NoGeneration: "no_generation",
    Live: "is_live",
    LiveStands: "live_stands",
    asyncpg.LockNotAvailableError: "readers_hold_on",
}


class Refusal(Exception):
    """It cannot be done; `reason` is one of the values of `REFUSALS`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


async def perform(pool: asyncpg.Pool, models: Sequence[ReadModel], job: ModelJob) -> dict[str, Any]:
    """What came of it: `result`, and the facts of a comparison. Raises `Refusal`."""
    model = next((one for one in models if one.name == job.model), None)
    if model is None:
        raise Refusal("unknown_model")
    if job.whole and not await is_alone(pool, job.tenant):
        raise Refusal("shared_installation")
    try:
        return await _perform(pool, model, job)
    except tuple(REFUSALS) as error:
        kind = next(kind for kind in type(error).__mro__ if kind in REFUSALS)
        raise Refusal(REFUSALS[kind]) from error


async def _perform(pool: asyncpg.Pool, model: ReadModel, job: ModelJob) -> dict[str, Any]:
    tenant = None if job.whole else job.tenant
    match job.action:
        case "rebuild":
            return _rebuilt(await _rebuild(pool, model, tenant, switching=True))
        case "build":
            await _rebuild(pool, model, tenant, switching=False)
            return _compared(await compare(pool, model, only_tenant=tenant, pace=PACE))
        case "compare":
            return _compared(await compare(pool, model, only_tenant=tenant, pace=PACE))
        case "drop":
            return await _drop(pool, model, job)
        case _:
            return await _take_over(pool, model, job)


async def _rebuild(
    pool: asyncpg.Pool, model: ReadModel, tenant: str | None, *, switching: bool
) -> Rebuilt:
    how: Switch = "proven" if switching else "never"
    [built] = await rebuild(pool, [model], only_tenant=tenant, pace=PACE, switch=how)
    return built


async def _take_over(pool: asyncpg.Pool, model: ReadModel, job: ModelJob) -> dict[str, Any]:
    """Only the generation that somebody asked for; it may have been done before a crash."""
    known = (await generations(pool, [model.name]))[model.name]
    if known["live"].generation == job.generation:
        return {"result": "switched", "generation": job.generation}
    status = "building" if job.action == "switch" else "retired"
    if status not in known or known[status].generation != job.generation:
        if job.deaths and not job.whole:  # its rows had taken the place of the live ones
            return {"result": "switched", "generation": job.generation}
        raise Refusal("no_generation")
    work = switch if job.action == "switch" else rollback
    done = await work(pool, model, PACE)
    return {"result": "switched", "generation": done.generation}


async def _drop(pool: asyncpg.Pool, model: ReadModel, job: ModelJob) -> dict[str, Any]:
    try:
        await drop(pool, model.name, job.generation or 0)
    except NoGeneration:
        if not job.deaths:
            raise
    return {"result": "dropped", "generation": job.generation}


def _rebuilt(one: Rebuilt) -> dict[str, Any]:
    told = _compared(one.comparison) if one.comparison else {}
    result = "switched" if one.switched else "parks_more" if one.parks_more else "different"
    return {
        **told,
        "result": result,
        "generation": one.generation,
        "parks_more": one.parks_more,
    }


def _compared(found: Comparison) -> dict[str, Any]:
    """Rows are told by their keys: what stands in them is the school's business."""
    return {
        "result": "identical" if found.identical else "different",
        "generation": found.other,
        "live": found.live,
        "position": found.position,
        "rows": sum(one.rows[0] for one in found.tables),
        "tables": [
            {"table": one.table, "rows": list(one.rows), "identical": one.identical}
            for one in found.tables
        ],
        "differences": [
            {"table": one.table, "key": one.key, "column": one.column} for one in found.differences
        ],
    }
