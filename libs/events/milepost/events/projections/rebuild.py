"""What an operator does with the generations of read models while they are used.

A build that was killed goes on where it was committed. Queries see the old generation until the
switch, the new one after it, and never an earlier position. One at a time for each model.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Literal, TypeAlias

import asyncpg
import msgspec

from milepost.events.projections.catch_up import UNHURRIED, CatchUp, Pace
from milepost.events.projections.compare import Comparison, compare_with_live
from milepost.events.projections.generations import (
    Generation,
    NoGeneration,
    OtherVersion,
    begin,
    begin_past,
    drop,
    ensure_live,
    generations,
)
from milepost.events.projections.read_model import ReadModel
from milepost.events.projections.switch import ParksMore
from milepost.events.projections.writer import GenerationWriter, writer_of
from milepost.events.runtime.leadership import leases

# proven: when its version is new, or when it is identical to the live one.
Switch: TypeAlias = Literal["always", "proven", "never"]


class Rebuilt(msgspec.Struct, frozen=True):
    """`comparison` with the live generation, if that was asked for and of the same version.

    `parks_more`: events that it parks and the live one does not, for which it did not take over.
    """

    name: str
    generation: int
    switched: bool
    comparison: Comparison | None = None
    parks_more: int = 0


async def rebuild(
    pool: asyncpg.Pool,
    models: Sequence[ReadModel],
    *,
    only_tenant: str | None = None,
    pace: Pace = UNHURRIED,
    switch: Switch = "always",
) -> list[Rebuilt]:
    """Rebuild these models together, for one tenant or for all.

    Raises `RebuildUnderWay`, `OtherVersion`, `Overtaken` (it was given up meanwhile), `LiveStands`.
    """
    async with _alone(pool, models):
        writers = [await _begin(pool, model, only_tenant) for model in models]
        catch_up = CatchUp(pool, writers, pace, only_tenant)
        await (catch_up.to_heads() if switch == "always" else catch_up.to_live())
        await catch_up.index()
        return [await _finish(catch_up.of(writer), switch) for writer in writers]


async def switch(pool: asyncpg.Pool, model: ReadModel, pace: Pace = UNHURRIED) -> Rebuilt:
    """Let the generation that was built take over, whatever it parks.

    Raises `NoGeneration`, `OtherVersion`.
    """
    async with _alone(pool, [model]):
        catch_up = await _beside(pool, model, "building", pace)
        await catch_up.index()
        return await _switch(catch_up)


async def rollback(pool: asyncpg.Pool, model: ReadModel, pace: Pace = UNHURRIED) -> Rebuilt:
    """Bring the retired generation up to date and let it take over again; the live one retires.

    Raises `NoGeneration`; `OtherVersion` when only other code can feed it.
    """
    async with _alone(pool, [model]):
        return await _switch(await _beside(pool, model, "retired", pace))


async def compare(
    pool: asyncpg.Pool,
    model: ReadModel,
    *,
    only_tenant: str | None = None,
    pace: Pace = UNHURRIED,
) -> Comparison:
    """The generation that was built, else the retired one, against the live one.

    Raises `NoGeneration`, `OtherVersion`, `LiveStands`.
    """
    async with _alone(pool, [model]):
        known = (await generations(pool, [model.name]))[model.name]
        status = "building" if "building" in known else "retired"
        return await compare_with_live(await _beside(pool, model, status, pace, only_tenant))


async def prove(
    pool: asyncpg.Pool, models: Sequence[ReadModel], tenant: str, *, pace: Pace = UNHURRIED
) -> Mapping[str, Comparison]:
    """Whether the live rows of a tenant are what its log says: built beside, compared, dropped.

    Nothing shown changes. Models that are being built, or whose live generation is of another
    version, are left out. Raises `LiveStands`, `Overtaken`.
    """
    async with _alone(pool, models):
        known = await generations(pool, [model.name for model in models])
        fit = [model for model in models if _may_prove(known[model.name], model, tenant)]
        writers = [await _begin(pool, model, tenant) for model in fit]
        try:
            await CatchUp(pool, writers, pace, tenant).to_live()
            return {
                one.model.name: await compare_with_live(CatchUp(pool, [one], pace, tenant))
                for one in writers
            }
        finally:
            for one in writers:
                await drop(pool, one.model.name, one.generation.generation)


def _may_prove(known: Mapping[str, Generation], model: ReadModel, tenant: str) -> bool:
    """What was left by who died while proving is gone on with."""
    live, building = known.get("live"), known.get("building")
    own = building is None or building.only_tenant == tenant
    return live is not None and live.version == model.version and own


async def build_past(
    pool: asyncpg.Pool,
    models: Sequence[ReadModel],
    as_of: str,
    ends: Mapping[str, int],
    *,
    only_tenant: str | None = None,
    pace: Pace = UNHURRIED,
) -> list[Generation]:
    """Build generations that end at these positions and are never live."""

    async def there() -> Mapping[str, int]:
        return ends

    async with _alone(pool, models):
        built = [await begin_past(pool, one, as_of, ends, only_tenant) for one in models]
        writers = [await writer_of(pool, *pair) for pair in zip(models, built, strict=True)]
        catch_up = CatchUp(pool, writers, pace, only_tenant)
        await catch_up.to(there)
        await catch_up.index()
        return built


@asynccontextmanager
async def _alone(pool: asyncpg.Pool, models: Sequence[ReadModel]) -> AsyncIterator[None]:
    """In order of name, so that two cannot wait for each other."""
    async with leases(pool) as held:
        for name in sorted(model.name for model in models):
            await held.wait(f"rebuild/{name}")
        yield


async def _begin(pool: asyncpg.Pool, model: ReadModel, only_tenant: str | None) -> GenerationWriter:
    await ensure_live(pool, model)
    return await writer_of(pool, model, await begin(pool, model, only_tenant))


async def _beside(
    pool: asyncpg.Pool,
    model: ReadModel,
    status: str,
    pace: Pace,
    only_tenant: str | None = None,
) -> CatchUp:
    """The generation with this status; what was built for one tenant stays with that one."""
    known = (await generations(pool, [model.name]))[model.name]
    if status not in known:
        raise NoGeneration(model.name, f"{status} generation")
    found = known[status]
    if found.version != model.version:
        raise OtherVersion(model.name, found.version)
    writer = await writer_of(pool, model, found)
    return CatchUp(pool, [writer], pace, found.only_tenant or only_tenant)


async def _finish(catch_up: CatchUp, switch: Switch) -> Rebuilt:
    new = catch_up.writer.generation
    rebuilt = Rebuilt(new.name, new.generation, switched=False)
    if switch == "never":
        return rebuilt
    if switch == "proven" and (await catch_up.live()).version == new.version:
        comparison = await compare_with_live(catch_up)
        rebuilt = msgspec.structs.replace(rebuilt, comparison=comparison)
        if not comparison.identical:
            return rebuilt
    try:
        await catch_up.switch()
    except ParksMore as more:
        return msgspec.structs.replace(rebuilt, parks_more=more.events)
    return msgspec.structs.replace(rebuilt, switched=True)


async def _switch(catch_up: CatchUp) -> Rebuilt:
    await catch_up.switch(whatever_it_parks=True)
    new = catch_up.writer.generation
    return Rebuilt(new.name, new.generation, switched=True)
