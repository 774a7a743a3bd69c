"""transact on both logs: exactly once, never on a state that did not come to be."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from uuid import UUID, uuid4

import msgspec
import pytest
from tests.events.given import event
from tests.events.hindered import Elsewhere

from milepost.events.codec import Codec
from milepost.events.commands.state_cache import FOLD_AT_ONCE
from milepost.events.commands.transact import Contended, Transactor
from milepost.events.event import Conflicting, Event
from milepost.events.log import Command, Log, Recorded, Result
from milepost.events.runtime.cancellation import cancel_and_wait
from milepost.events.store.memory import MemoryLog
from milepost.events.streams import Category

WHEN = datetime(2026, 3, 1, tzinfo=UTC)


class PlaceTaken(Event, frozen=True, kw_only=True, tag="place_taken"):
    who: str


class Places(msgspec.Struct, frozen=True):
    taken: tuple[str, ...] = ()


@dataclass
class Full(Conflicting):
    places: int


def evolve(state: Places, event: PlaceTaken) -> Places:
    return Places((*state.taken, event.who))


PLACES = Category("places", Places, evolve, Codec[PlaceTaken](PlaceTaken))


def take(who: str, places: int = 3) -> Callable[[Places], Sequence[PlaceTaken]]:
    def decide(state: Places) -> Sequence[PlaceTaken]:
        if who in state.taken:
            return []
        if len(state.taken) >= places:
            raise Full(places)
        return [PlaceTaken(who=who, occurred_at=WHEN)]

    return decide


def ids(events: Sequence[Recorded]) -> list[tuple[int, UUID]]:
    return [(e.position, e.event_id) for e in events]


async def test_a_decision_is_appended_and_its_state_returned(log: Log, tenant: str) -> None:
    outcome = await Transactor(log).transact(tenant, PLACES.of("1"), take("ann"))
    assert outcome.position == 1
    assert outcome.state(PLACES) == Places(("ann",))
    assert [e.type for e in outcome.events] == ["place_taken"]
    assert ids(outcome.events) == ids(await log.read(tenant))


async def test_nothing_to_do_tells_the_position_where_it_is_visible(log: Log, tenant: str) -> None:
    transactor = Transactor(log)
    await transactor.transact(tenant, PLACES.of("1"), take("ann"))
    again = await transactor.transact(tenant, PLACES.of("1"), take("ann"))
    assert (again.position, again.events) == (1, ())


async def test_a_refusal_reaches_the_caller_and_writes_nothing(log: Log, tenant: str) -> None:
    transactor = Transactor(log)
    with pytest.raises(Full):
        await transactor.transact(tenant, PLACES.of("1"), take("ann", places=0))
    assert await log.read(tenant) == []


async def test_the_same_command_id_is_answered_with_the_first_outcome(
    log: Log, tenant: str
) -> None:
    name = uuid4()
    first = await Transactor(log).transact(tenant, PLACES.of("1"), take("a", 1), command_id=name)
    later = Transactor(log)
    quiet = await later.transact(tenant, PLACES.of("1"), take("a", 1), command_id=name)
    refused = await later.transact(tenant, PLACES.of("1"), take("b", 1), command_id=name)
    assert quiet.repeated
    assert refused.repeated
    assert ids(quiet.events) == ids(refused.events) == ids(await log.read(tenant))
    assert quiet.position == refused.position == first.position


async def test_many_at_once_on_one_stream_are_decided_one_after_another(
    log: Log, tenant: str
) -> None:
    transactors = [Transactor(log), Transactor(log), Transactor(log)]

    async def one(number: int) -> bool:
        try:
            chosen = transactors[number % 3]
            await chosen.transact(tenant, PLACES.of("1"), take(f"w{number}", places=40))
        except Full:
            return False
        return True

    seated = await asyncio.gather(*(one(n) for n in range(120)))
    recorded = await log.read(tenant, limit=1000)
    assert sum(seated) == 40
    assert [e.version for e in recorded] == list(range(1, 41))


async def test_a_stale_cache_does_not_refuse(log: Log, tenant: str) -> None:
    """Somebody else's write is seen before a refusal or a silence is given as the answer."""
    here, there = Transactor(log), Transactor(log)
    await here.transact(tenant, PLACES.of("1"), take("ann"))
    await there.transact(tenant, PLACES.of("1"), take("ben"))

    def leave(state: Places) -> Sequence[PlaceTaken]:
        if "ben" not in state.taken:
            raise Full(0)
        return []

    assert (await here.transact(tenant, PLACES.of("1"), leave)).position == 2


async def test_what_was_decided_on_a_lost_append_is_decided_again(log: Log, tenant: str) -> None:
    """Ann is decided on an empty stream and Ben on the state after her; Zoe gets there first.

    By version alone Ben would fit in behind Zoe, though the last place is then Ann's.
    """
    other = Transactor(log)

    async def zoe() -> None:
        await other.transact(tenant, PLACES.of("1"), take("zoe"))

    here = Transactor(Elsewhere(log, lambda call: zoe() if call == 1 else None))
    answers = await asyncio.gather(
        *(here.transact(tenant, PLACES.of("1"), take(who, 2)) for who in ("ann", "ben")),
        return_exceptions=True,
    )
    [seated] = [a for a in answers if not isinstance(a, BaseException)]
    assert [type(a) for a in answers if a is not seated] == [Full]
    _, state = await other.load(tenant, PLACES.of("1"))
    assert len(state.taken) == 2
    assert state.taken[0] == "zoe"


async def test_a_refusal_is_not_given_on_an_append_that_failed(log: Log, tenant: str) -> None:
    def fail(call: int) -> None:
        if call == 1:
            raise ValueError("the log will not have it")

    here = Transactor(Elsewhere(log, fail))
    answers = await asyncio.gather(
        *(here.transact(tenant, PLACES.of("1"), take(who, 1)) for who in ("ann", "ben")),
        return_exceptions=True,
    )
    assert sorted(type(a).__name__ for a in answers) == ["Outcome", "ValueError"]
    assert len(await log.read(tenant)) == 1


async def test_a_lost_connection_is_tried_again_and_done_once(log: Log, tenant: str) -> None:
    class AnswerLost(Elsewhere):
        async def append(self, tenant: str, commands: Sequence[Command]) -> list[Result]:
            results = await super().append(tenant, commands)
            if self.calls == 1:
                raise ConnectionResetError
            return results

    here = Transactor(AnswerLost(log, lambda _: None))
    outcome = await here.transact(tenant, PLACES.of("1"), take("ann"))
    assert outcome.position == 1
    assert len(await log.read(tenant)) == 1


async def test_one_bad_command_does_not_spoil_its_neighbours(log: Log, tenant: str) -> None:
    class Picky(Elsewhere):
        async def append(self, tenant: str, commands: Sequence[Command]) -> list[Result]:
            if any(b"bad" in e.data for c in commands for e in c.events):
                raise ValueError("unstorable")
            return await self.log.append(tenant, commands)

    here = Transactor(Picky(log, lambda _: None))
    names = ["ann", "bad", "cat"]
    answers = await asyncio.gather(
        *(here.transact(tenant, PLACES.of(n), take(n)) for n in names), return_exceptions=True
    )
    assert [isinstance(a, ValueError) for a in answers] == [False, True, False]


async def test_attempts_are_bounded(tenant: str) -> None:
    log = MemoryLog()
    other = Transactor(log)

    async def somebody(call: int) -> None:
        await other.transact(tenant, PLACES.of("1"), take(f"s{call}", places=1000))

    here = Transactor(Elsewhere(log, somebody))
    with pytest.raises(Contended):
        await here.transact(tenant, PLACES.of("1"), take("ann", places=1000))


async def test_both_streams_of_a_pair_or_neither(log: Log, tenant: str) -> None:
    transactor = Transactor(log)

    def both(_: Places, second: Places) -> tuple[list[PlaceTaken], list[PlaceTaken]]:
        if len(second.taken) >= 1:
            raise Full(1)
        taken = [PlaceTaken(who="ann", occurred_at=WHEN)]
        return taken, taken

    await transactor.transact(tenant, (PLACES.of("1"), PLACES.of("2")), both)
    with pytest.raises(Full):
        await transactor.transact(tenant, (PLACES.of("3"), PLACES.of("2")), both)
    assert [e.stream for e in await log.read(tenant)] == ["places-1", "places-2"]


async def test_the_cache_may_be_smaller_than_what_is_under_way(log: Log, tenant: str) -> None:
    transactor = Transactor(log, cache_size=2)
    await asyncio.gather(
        *(transactor.transact(tenant, PLACES.of(str(n % 7)), take(f"w{n}", 100)) for n in range(70))
    )
    assert len(await log.read(tenant, limit=100)) == 70


async def test_a_stream_that_is_likely_new_is_not_read_first(log: Log, tenant: str) -> None:
    class Unread(Elsewhere):
        async def read_stream(self, *_: object) -> list[Recorded]:
            raise AssertionError("nobody had to read")

    here = Transactor(Unread(log, lambda _: None))
    await here.transact(tenant, PLACES.of("1", likely_new=True), take("ann"))
    outcome = await here.transact(tenant, PLACES.of("1"), take("ben"))
    assert outcome.state(PLACES) == Places(("ann", "ben"))


@pytest.mark.parametrize(("who", "places"), [("ann", 1), ("ben", 1), ("ben", 2)])
async def test_a_stream_that_was_not_new_is_decided_as_it_is(
    log: Log, tenant: str, who: str, places: int
) -> None:
    await Transactor(log).transact(tenant, PLACES.of("1"), take("ann"))
    here, stream = Transactor(log), PLACES.of("1", likely_new=True)
    if (who, places) == ("ben", 1):
        with pytest.raises(Full):
            await here.transact(tenant, stream, take(who, places))
    else:
        await here.transact(tenant, stream, take(who, places))
    _, state = await here.load(tenant, PLACES.of("1"))
    assert state.taken == (("ann", "ben") if places == 2 else ("ann",))


async def test_a_state_asked_for_in_a_race_is_not_read_from_the_beginning(
    log: Log, tenant: str
) -> None:
    crowded = Category("places", Places, evolve, PLACES.codec, copy=lambda state: state)
    asked: list[int] = []
    seen: list[tuple[int, Places]] = []

    class Watched(Elsewhere):
        async def read_stream(self, tenant: str, stream: str, after: int = 0) -> list[Recorded]:
            asked.append(after)
            return await self.log.read_stream(tenant, stream, after)

    async def look(call: int) -> None:
        if call == 3:
            await Transactor(log).transact(tenant, crowded.of("1"), take("zoe", 100))
            seen.append(await here.load(tenant, crowded.of("1")))

    here = Transactor(Watched(log, look))
    for who in ("ann", "ben", "cat"):
        await here.transact(tenant, crowded.of("1"), take(who, 100))
    assert asked[1] == 2
    assert seen == [(3, Places(("ann", "ben", "zoe")))]


async def test_a_lost_race_costs_the_missing_tail_only(log: Log, tenant: str) -> None:
    crowded = Category("places", Places, evolve, PLACES.codec, copy=lambda state: state)
    other = Transactor(log)
    asked: list[int] = []

    class Watched(Elsewhere):
        async def read_stream(self, tenant: str, stream: str, after: int = 0) -> list[Recorded]:
            asked.append(after)
            return await self.log.read_stream(tenant, stream, after)

    async def somebody(call: int) -> None:
        if call == 4:
            await other.transact(tenant, crowded.of("1"), take("zoe", 100))

    here = Transactor(Watched(log, somebody))
    for who in ("ann", "ben", "cat", "dan"):
        await here.transact(tenant, crowded.of("1"), take(who, 100))
    assert asked == [0, 3]
    _, state = await here.load(tenant, crowded.of("1"))
    assert state.taken == ("ann", "ben", "cat", "zoe", "dan")


async def test_a_long_stream_is_folded_with_others_having_their_turn(tenant: str) -> None:
    log, folded = MemoryLog(), 0

    def counted(state: int, _: PlaceTaken) -> int:
        nonlocal folded
        folded += 1
        return state + 1

    async def watch(turns: list[int]) -> None:
        while True:
            turns.append(folded)
            await asyncio.sleep(0)

    counts = Category("counts", int, counted, Codec[PlaceTaken](PlaceTaken))
    for version in range(0, 5 * FOLD_AT_ONCE, FOLD_AT_ONCE):
        new = [event("counts-1", b'{"who":"ann"}', "place_taken") for _ in range(FOLD_AT_ONCE)]
        one = Command(command_id=uuid4(), expects=(("counts-1", version),), events=tuple(new))
        await log.append(tenant, [one])
    turns: list[int] = []
    watching = asyncio.create_task(watch(turns))
    transactor = Transactor(log)
    loaded = await asyncio.gather(*(transactor.load(tenant, counts.of("1")) for _ in range(2)))
    outcome = await transactor.transact(tenant, counts.of("1"), lambda _: take("bob")(Places()))
    await cancel_and_wait(watching)
    assert loaded == [(5 * FOLD_AT_ONCE, 5 * FOLD_AT_ONCE)] * 2
    assert outcome.state(counts) == 5 * FOLD_AT_ONCE + 1
    assert max(later - earlier for earlier, later in pairwise(turns)) <= 2 * FOLD_AT_ONCE
