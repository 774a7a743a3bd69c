"""What an operator does with the generations of read models while they are used.

A build that was killed goes on where it was committed. Queries see the old generation until the
switch, the new one after it, and never an earlier position. One at a time for each model.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Literal, TypeAlias

import asyncpg
import msgspec

from milepost.events.projections.catch_up import (
    Pace,
    at_heads,
    behind_live,
    bring_to,
    indexed,
    recalled,
    switch_to,
)
from milepost.events.projections.compare import Comparison, compare_with_live
from milepost.events.projections.generations import (
    Generation,
    NoGeneration,
    OtherVersion,
    begin,
    begin_past,
    ensure_live,
    generations,
)
from milepost.events.projections.read_model import ReadModel
from milepost.events.projections.shared_scan import SharedScan
from milepost.events.projections.switch import ParksMore
from milepost.events.projections.writer import GenerationWriter
from milepost.events.runtime.leadership import leases

UNHURRIED = Pace()

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
        copies = [await _begun(pool, model, only_tenant) for model in models]
        ends = at_heads(pool, only_tenant)
        if switch != "always":
            ends = behind_live(pool, [model.name for model in models], only_tenant)
        await bring_to(SharedScan(pool, copies, pace.window), pace, ends)
        for copy in copies:
            await indexed(pool, copy)
        return [await _finished(pool, copy, pace, switch) for copy in copies]


async def switch(pool: asyncpg.Pool, model: ReadModel, pace: Pace = UNHURRIED) -> Rebuilt:
    """Let the generation that was built take over, whatever it parks.

    Raises `NoGeneration`, `OtherVersion`.
    """
    async with _alone(pool, [model]):
        copy = await _standing(pool, model, "building")
        await indexed(pool, copy)
        return await _switched(pool, copy, pace)


async def rollback(pool: asyncpg.Pool, model: ReadModel, pace: Pace = UNHURRIED) -> Rebuilt:
    """Bring the retired generation up to date and let it take over again; the live one retires.

    Raises `NoGeneration`; `OtherVersion` when only other code can feed it.
    """
    async with _alone(pool, [model]):
        return await _switched(pool, await _standing(pool, model, "retired"), pace)


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
        copy = await _standing(pool, model, "building" if "building" in known else "retired")
        only_tenant = copy.generation.only_tenant or only_tenant
        return await compare_with_live(pool, copy, only_tenant, pace)


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
    async with _alone(pool, models):
        built = [await begin_past(pool, one, as_of, ends, only_tenant) for one in models]
        copies = [await recalled(pool, *pair) for pair in zip(models, built, strict=True)]

        async def there() -> Mapping[str, int]:
            return ends

        await bring_to(SharedScan(pool, copies, pace.window), pace, there)
        for copy in copies:
            await indexed(pool, copy)
        return built


@asynccontextmanager
async def _alone(pool: asyncpg.Pool, models: Sequence[ReadModel]) -> AsyncIterator[None]:
    """In order of name, so that two cannot wait for each other."""
    async with leases(pool) as held:
        for name in sorted(model.name for model in models):
            await held.wait(f"rebuild/{name}")
        yield


async def _begun(pool: asyncpg.Pool, model: ReadModel, only_tenant: str | None) -> GenerationWriter:
    await ensure_live(pool, model)
    return await recalled(pool, model, await begin(pool, model, only_tenant))


async def _standing(pool: asyncpg.Pool, model: ReadModel, status: str) -> GenerationWriter:
    known = (await generations(pool, [model.name]))[model.name]
    if status not in known:
        raise NoGeneration(model.name, f"{status} generation")
    if known[status].version != model.version:
        raise OtherVersion(model.name, known[status].version)
    return await recalled(pool, model, known[status])


async def _finished(
    pool: asyncpg.Pool, copy: GenerationWriter, pace: Pace, switch: Switch
) -> Rebuilt:
    new = copy.generation
    rebuilt = Rebuilt(new.name, new.generation, switched=False)
    if switch == "never":
        return rebuilt
    live = (await generations(pool, [new.name]))[new.name]["live"]
    if switch == "proven" and live.version == new.version:
        comparison = await compare_with_live(pool, copy, new.only_tenant, pace)
        rebuilt = msgspec.structs.replace(rebuilt, comparison=comparison)
        if not comparison.identical:
            return rebuilt
    try:
        await switch_to(pool, copy, pace)
    except ParksMore as more:
        return msgspec.structs.replace(rebuilt, parks_more=more.events)
    return msgspec.structs.replace(rebuilt, switched=True)


async def _switched(pool: asyncpg.Pool, copy: GenerationWriter, pace: Pace) -> Rebuilt:
    await switch_to(pool, copy, pace, whatever_it_parks=True)
    return Rebuilt(copy.model.name, copy.generation.generation, switched=True)
