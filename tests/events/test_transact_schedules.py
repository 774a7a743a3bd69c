"""Any schedule of commands, strangers and delays: nothing rests on a state that never was.

The log is in memory, so that hypothesis alone decides who comes when; every call to it takes as
many turns of the loop as it draws, before and after it takes effect.
"""

import asyncio
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple
from uuid import UUID, uuid5

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.events.visits import (
    CROWDED,
    VISITS,
    NotAlone,
    Visited,
    Visits,
    phantoms,
    visit,
    visit_both,
)

from milepost.events.commands.decision import Needs
from milepost.events.commands.transact import Contended, Outcome, Transactor
from milepost.events.log import Command, Recorded, Result
from milepost.events.store.memory import MemoryLog

TENANT = "t"
STREAMS = [VISITS.of("a"), CROWDED.of("b")]


class Slow(MemoryLog):
    """Turns of the loop pass before a call takes effect, and before its answer is heard."""

    def __init__(self, turns: Iterator[int]) -> None:
        super().__init__()
        self.turns = turns

    async def pass_turns(self) -> None:
        for _ in range(next(self.turns, 0)):
            await asyncio.sleep(0)

    async def append(self, tenant: str, commands: Sequence[Command]) -> list[Result]:
        await self.pass_turns()
        if next(self.turns, 0) == 9:
            raise ValueError("the log will not have it")
        results = await super().append(tenant, commands)
        await self.pass_turns()
        return results

    async def read_stream(self, tenant: str, stream: str, after: int = 0) -> list[Recorded]:
        await self.pass_turns()
        recorded = list(await super().read_stream(tenant, stream, after))
        await self.pass_turns()
        return recorded


class Sent(NamedTuple):
    at: int
    process: int
    kind: str
    stream: int
    command: int


sent = st.builds(
    Sent,
    st.integers(0, 25),
    st.integers(0, 1),
    st.sampled_from(["visit", "visit", "pair", "needs", "refuse", "stay", "load"]),
    st.integers(0, 1),
    st.integers(0, 12),
)


class Told(NamedTuple):
    """An answer: what was there at the latest when the command was sent, and what it then said."""

    one: Sent
    committed: int
    found: list[int]
    answer: object


@settings(max_examples=200, deadline=None)
@given(
    sents=st.lists(sent, min_size=2, max_size=14),
    turns=st.lists(st.integers(0, 9), max_size=120),
)
def test_whatever_the_schedule_answers_rest_on_what_was_there(sents: list[Sent], turns: list[int]):
    asyncio.run(play(sents, turns))


async def play(sents: list[Sent], turns: list[int]) -> None:
    log = Slow(iter(turns))
    processes = [Transactor(log, cache_size=1 + len(turns) % 2), Transactor(log)]
    told = await asyncio.gather(*(send(log, processes[one.process], one) for one in sents))
    recorded = await MemoryLog.read(log, TENANT)
    assert phantoms(recorded) == []
    done = {UUID(bytes=e.metadata) for e in recorded}
    for one in told:
        expect_true(one, recorded, done)
    for transactor in processes:
        for stream in STREAMS:
            expected = await MemoryLog.read_stream(log, TENANT, stream.name)
            version, state = await transactor.load(TENANT, stream)
            assert (version, state) == (len(expected), VISITS.fold(expected))
        await transactor.close()


async def send(log: Slow, transactor: Transactor, one: Sent) -> Told:
    for _ in range(one.at):
        await asyncio.sleep(0)
    name = uuid5(UUID(int=0), f"{one.command} {one.kind} {one.stream}")
    stream, other = STREAMS[one.stream], STREAMS[1 - one.stream]
    committed = len(log._streams[TENANT, stream.name])
    found: list[int] = []

    def look(state: Visits) -> Sequence[Visited]:
        found.append(state.count)
        if one.kind == "refuse":
            raise NotAlone(state.last)
        return []

    def visit_with_company(state: Visits, company: Visits | None = None) -> Any:
        """Where an odd number of visits has been, the other stream is visited too."""
        if state.count % 2 == 0:
            return (visit(str(name))(state),)
        return Needs([other]) if company is None else visit_both(str(name))(state, company)

    try:
        if one.kind == "pair":
            answer: Any = await transactor.transact(
                TENANT, (stream, other), visit_both(str(name)), command_id=name, metadata=name.bytes
            )
        elif one.kind == "needs":
            answer = await transactor.transact(
                TENANT, (stream,), visit_with_company, command_id=name, metadata=name.bytes
            )
        elif one.kind == "load":
            answer = await transactor.load(TENANT, stream)
            found.append(answer[1].count)
        else:
            decide = visit(str(name)) if one.kind == "visit" else look
            answer = await transactor.transact(
                TENANT, stream, decide, command_id=name, metadata=name.bytes
            )
    except (NotAlone, ValueError, Contended) as error:
        answer = error
    return Told(one, committed, found, answer)


def expect_true(told: Told, recorded: Sequence[Recorded], done: set[UUID]) -> None:
    if isinstance(told.answer, Contended):
        assert told.one.process == 0, "only where two streams fight for the one place in the cache"
    elif told.one.kind in {"refuse", "stay", "load"}:
        assert told.found[-1] >= told.committed, "answered from a state older than the question"
    elif isinstance(told.answer, Outcome):
        assert [e.event_id for e in told.answer.events] == [
            e.event_id for e in recorded if e.metadata == told.answer.events[0].metadata
        ], "not done as told, or done twice"
        assert UUID(bytes=told.answer.events[0].metadata) in done
