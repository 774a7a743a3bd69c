"""Whatever is asked of the two logs, in any order, they answer and hold the same."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID, uuid4, uuid5

import asyncpg
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.events.given import event, shapes
from tests.events.soundness import unsound

from milepost.events.log import Command, Log, Recorded
from milepost.events.store.memory import MemoryLog
from milepost.events.store.postgres import PostgresLog, connect_pool

STREAMS = ["a-1", "a-2", "b-1"]
NAMES = [uuid5(UUID(int=0), str(number)) for number in range(5)]


class Asked(NamedTuple):
    """Each expectation is wrong by a number, mostly 0; `after` counts back in the call."""

    name: UUID
    expects: tuple[tuple[str, int], ...]
    writes: tuple[int, ...]
    after: frozenset[int]


@st.composite
def asked(draw: st.DrawFn) -> Asked:
    streams = draw(st.lists(st.sampled_from(STREAMS), min_size=1, max_size=3, unique=True))
    off = st.sampled_from([0, 0, 0, 0, 1, -1, 2])
    return Asked(
        draw(st.sampled_from(NAMES) | st.uuids()),
        tuple((stream, draw(off)) for stream in streams),
        tuple(draw(st.lists(st.integers(0, len(streams) - 1), min_size=1, max_size=4))),
        draw(st.frozensets(st.integers(1, 3), max_size=2)),
    )


calls = st.lists(st.lists(asked(), min_size=1, max_size=6), min_size=1, max_size=8)


def commands(call: Sequence[Asked], versions: Counter[str]) -> list[Command]:
    """Expectations as a writer has them who foresees that all of the call comes to be."""
    made: list[Command] = []
    for one in call:
        expects = tuple((stream, max(0, versions[stream] + off)) for stream, off in one.expects)
        events = tuple(event(one.expects[number][0]) for number in one.writes)
        after = tuple({made[-back].command_id for back in one.after if back <= len(made)})
        made.append(Command(command_id=one.name, expects=expects, events=events, after=after))
        versions.update(new.stream for new in events)
    return made


@pytest.fixture(scope="module")
async def pool(postgres: str):
    pool = await connect_pool(postgres, name="test")
    yield pool
    await pool.close()


@settings(max_examples=60, deadline=None)
@given(calls=calls)
async def test_both_logs_answer_the_same_and_hold_the_same(
    pool: asyncpg.Pool, calls: list[list[Asked]]
):
    tenant = f"t-{uuid4().hex}"
    model, log = MemoryLog(), PostgresLog(pool)
    for call in calls:
        recorded = await model.read(tenant, limit=1000)
        made = commands(call, Counter(one.stream for one in recorded))
        answers = shapes(await model.append(tenant, made))
        assert shapes(await log.append(tenant, made)) == answers
    assert await contents(log, tenant) == await contents(model, tenant)
    assert await unsound(pool, tenant) == []


async def contents(log: Log, tenant: str) -> list[object]:
    """All that can be read of a tenant, in every way it can be read."""
    reads = [await log.read(tenant, after, limit) for after, limit in [(0, 1000), (2, 3), (90, 1)]]
    reads.append(await log.read(tenant, types=["thing_happened"]))
    reads.append(await log.read(tenant, types=["nothing_happened"]))
    reads += [await log.read_category(tenant, category, 1) for category in "ab"]
    reads += [
        await log.read_stream(tenant, stream, after) for stream in STREAMS for after in (0, 2)
    ]
    head = (await log.heads()).get(tenant, 0)
    return [head, await log.done(tenant, NAMES), [[same(one) for one in read] for read in reads]]


def same(one: Recorded) -> Recorded:
    """Without the log's clock, and without the spaces that jsonb puts in."""
    data = msgspec.json.encode(msgspec.json.decode(one.data))
    return msgspec.structs.replace(one, recorded_at=one.occurred_at, data=data)
