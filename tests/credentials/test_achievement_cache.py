"""The achievements kept in memory hold everything defined up to the position asked for."""

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Any
from uuid import uuid4

from tests.credentials.scenes import achievement, catalog, day, passed, program

from milepost.contracts.achievements import ProgramCompleted
from milepost.credentials.achievement_cache import AchievementCache
from milepost.credentials.domain.achievements.achievement import ACHIEVEMENT
from milepost.credentials.domain.achievements.catalog import PROGRAM
from milepost.credentials.domain.achievements.define import define, retire
from milepost.credentials.domain.achievements.definition import Definition
from milepost.events.commands.transact import Transactor
from milepost.events.log import LAST, PAGE, Recorded
from milepost.events.store.memory import MemoryLog

TOP = ProgramCompleted(program="program")


class CountingLog(MemoryLog):
    """Counts reads, and lets other tasks run meanwhile."""

    reads = 0

    async def read_category(self, tenant: str, category: str, after: int = 0) -> list[Recorded]:
        self.reads += 1
        await asyncio.sleep(0)
        return await super().read_category(tenant, category, after)

    async def read(
        self,
        tenant: str,
        after: int = 0,
        limit: int = PAGE,
        types: Sequence[str] | None = None,
        upto: int = LAST,
    ) -> list[Recorded]:
        self.reads += 1
        await asyncio.sleep(0)
        return await super().read(tenant, after, limit, types, upto)


def written(event, _):
    return [event]


async def defined(transactor, name, course="AAA", tenant="school"):
    what = achievement(name, passed(course)).definition
    outcome = await transactor.transact(
        tenant,
        ACHIEVEMENT.of(name),
        lambda state: define(state, name, what, catalog(), day(0)),
        command_id=uuid4(),
    )
    return outcome.position


async def test_what_was_defined_before_a_position_is_known_at_it():
    log = CountingLog()
    transactor = Transactor(log)
    achievements = AchievementCache(log)
    first = await defined(transactor, "first")
    assert set((await achievements.up_to("school", first)).achievements) == {"first"}
    second = await defined(transactor, "second")
    known = await achievements.up_to("school", second)
    assert set(known.achievements) == {"first", "second"}
    assert known.by_course["AAA"] == ("first", "second")
    await transactor.close()


async def test_positions_already_covered_are_answered_from_memory():
    log = CountingLog()
    transactor = Transactor(log)
    achievements = AchievementCache(log)
    position = await defined(transactor, "badge")
    await asyncio.gather(*(achievements.up_to("school", n) for n in range(1, position + 1)))
    await achievements.up_to("school", position)
    assert log.reads == 1
    await transactor.close()


async def test_many_who_ask_at_once_share_a_read():
    log = CountingLog()
    transactor = Transactor(log)
    achievements = AchievementCache(log)
    positions = [await defined(transactor, f"badge{n}") for n in range(50)]
    seen = await asyncio.gather(*(achievements.up_to("school", n) for n in positions))
    assert all(f"badge{n}" in known.achievements for n, known in enumerate(seen))
    assert log.reads <= 4  # two categories, twice
    await transactor.close()


async def test_a_redefinition_and_a_retirement_are_seen():
    log = CountingLog()
    transactor = Transactor(log)
    achievements = AchievementCache(log)
    await defined(transactor, "badge")
    await achievements.latest("school")
    await defined(transactor, "badge", course="BBB")
    known = await achievements.latest("school")
    assert known.by_course == {"BBB": ("badge",)}
    await transactor.transact(
        "school", ACHIEVEMENT.of("badge"), lambda state: retire(state, "badge", day(1))
    )
    assert (await achievements.latest("school")).find("badge").retired
    await transactor.close()


async def test_tenants_are_kept_apart_and_forgotten_when_there_are_too_many():
    log = CountingLog()
    transactor = Transactor(log)
    achievements = AchievementCache(log, tenants=2)
    for tenant in ("one", "two", "three"):
        await defined(transactor, f"badge-of-{tenant}", tenant=tenant)
    for tenant in ("one", "two", "three", "one"):
        assert set((await achievements.up_to(tenant, 1)).achievements) == {f"badge-of-{tenant}"}
    assert log.reads == 4
    await transactor.close()


async def test_programs_are_part_of_the_catalog():
    log = CountingLog()
    transactor = Transactor(log)
    achievements = AchievementCache(log)
    await defined(transactor, "x")
    [top] = define(None, "top", Definition(name="Top", criteria=TOP), catalog(), day(0))
    await transactor.transact("school", ACHIEVEMENT.of("top"), lambda _: [top])
    for parts, by_achievement in ((("x",), {"x": ("top",)}), (("y", "z"), {"y", "z"})):
        event = program(*parts).definition
        decide: Any = partial(written, event)
        outcome = await transactor.transact("school", PROGRAM.of("program"), decide)
        for known in (
            await achievements.up_to("school", outcome.position),
            await AchievementCache(log).latest("school"),
        ):
            assert known.programs["program"].definition == event
            assert known.by_achievement.keys() == set(by_achievement)
    await transactor.close()


async def test_what_was_read_by_category_is_not_folded_again():
    log = CountingLog()
    transactor = Transactor(log)
    achievements = AchievementCache(log)
    await defined(transactor, "badge")
    await achievements.latest("school")
    position = await defined(transactor, "badge", course="BBB")
    known = (await achievements.up_to("school", position)).find("badge")
    assert (known.version, known.criteria_of(1), known.criteria_of(2)) == (
        2,
        passed("AAA"),
        passed("BBB"),
    )
    assert len(known.earlier) == 1
    await transactor.close()
