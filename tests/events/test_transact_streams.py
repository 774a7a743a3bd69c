"""A decision on any number of streams: what it may answer, and what its outcome tells."""

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import uuid4

import pytest
from tests.events.hindered import Elsewhere, SlowToRead
from tests.events.test_transact import PLACES, WHEN, Full, Places, PlaceTaken

from milepost.events.codec import Codec
from milepost.events.commands.decision import Needs
from milepost.events.commands.transact import Outcome, Transactor
from milepost.events.log import Log
from milepost.events.streams import Category


def everywhere(*states: Places) -> tuple[list[PlaceTaken], ...]:
    if any(len(state.taken) >= 2 for state in states):
        raise Full(2)
    return tuple([PlaceTaken(who="ann", occurred_at=WHEN)] for _ in states)


async def test_all_of_four_streams_are_written_or_none(log: Log, tenant: str) -> None:
    transactor = Transactor(log)
    four = [PLACES.of(str(number)) for number in range(4)]
    outcome = await transactor.transact(tenant, four, everywhere)
    assert [event.stream for event in outcome.events] == [stream.name for stream in four]
    assert [outcome.state(stream) for stream in four] == [Places(("ann",))] * 4
    await transactor.transact(tenant, four[3:], everywhere)
    with pytest.raises(Full):
        await transactor.transact(tenant, four, everywhere)
    assert len(await log.read(tenant)) == 5


ONE, OTHER, THIRD = (PLACES.of(number) for number in ("one", "other", "third"))


def taken(who: str = "ann") -> list[PlaceTaken]:
    return [PlaceTaken(who=who, occurred_at=WHEN)]


class Counted(NamedTuple):
    events: Sequence[PlaceTaken]
    before: int


def count_and_take(state: Places) -> Counted:
    return Counted(taken(), len(state.taken))


async def test_an_answer_may_tell_more_than_events(log: Log, tenant: str) -> None:
    transactor = Transactor(log)
    await transactor.transact(tenant, ONE, lambda _: taken())
    outcome = await transactor.transact(tenant, ONE, count_and_take)
    assert outcome.value is not None
    assert outcome.value.before == 1
    assert len(outcome.events) == 1


async def test_an_answer_without_events_is_told_too(log: Log, tenant: str) -> None:
    outcome = await Transactor(log).transact(tenant, ONE, lambda _: Counted([], 7))
    assert (outcome.value, outcome.events) == (Counted([], 7), ())


async def test_a_repeated_command_has_no_answer_but_events_and_states(
    log: Log, tenant: str
) -> None:
    name = uuid4()
    for repeated in (False, True):
        outcome = await Transactor(log).transact(tenant, ONE, count_and_take, command_id=name)
        assert outcome.repeated is repeated
        assert outcome.value == (None if repeated else Counted(taken(), 0))
        assert [event.version for event in outcome.events] == [1]
        assert outcome.state(PLACES) == Places(("ann",))


async def test_a_state_of_one_of_several_is_asked_for_by_its_stream(log: Log, tenant: str) -> None:
    def take_the_other(_: Places, __: Places) -> tuple[list[PlaceTaken], list[PlaceTaken]]:
        return [], taken()

    outcome = await Transactor(log).transact(tenant, (ONE, OTHER), take_the_other)
    assert outcome.state(OTHER) == Places(("ann",))
    assert outcome.state(PLACES.of("one")) == Places()
    with pytest.raises(LookupError):
        outcome.state(PLACES)
    with pytest.raises(LookupError):
        outcome.state(THIRD)


async def test_streams_beyond_a_shorter_answer_are_read_only(log: Log, tenant: str) -> None:
    outcome = await Transactor(log).transact(tenant, [ONE, OTHER, THIRD], lambda *_: (taken(),))
    assert [event.stream for event in outcome.events] == [ONE.name]


async def test_a_longer_answer_may_not_write_beyond_the_streams(log: Log, tenant: str) -> None:
    transactor = Transactor(log)
    outcome: Outcome[Any] = await transactor.transact(tenant, [ONE], lambda _: (taken(), [], ()))
    assert [event.stream for event in outcome.events] == [ONE.name]
    with pytest.raises(AssertionError, match="was not called with"):
        await transactor.transact(tenant, [ONE], lambda _: (taken(), [], taken()))
    assert len(await log.read(tenant)) == 1


def look_elsewhere(*states: Places) -> tuple[list[PlaceTaken], ...] | Needs:
    """Round by round: the other when it has seen the first, the third when it has seen both."""
    if len(states) < 3:
        return Needs([(OTHER, THIRD)[len(states) - 1]])
    return (*([] for _ in states[1:]), taken(who=str(sum(len(one.taken) for one in states))))


async def test_what_is_needed_is_read_and_may_be_written(log: Log, tenant: str) -> None:
    transactor = Transactor(log)
    await transactor.transact(tenant, OTHER, lambda _: taken())
    outcome = await transactor.transact(tenant, (ONE,), look_elsewhere)
    assert outcome.state(THIRD) == Places(("1",))
    assert outcome.state(OTHER) == Places(("ann",))
    assert [event.stream for event in outcome.events] == [THIRD.name]


async def test_a_refusal_may_rest_on_what_was_needed(log: Log, tenant: str) -> None:
    def refuse(_: Places, *others: Places) -> tuple[list[PlaceTaken], ...] | Needs:
        if not others:
            return Needs([OTHER])
        raise Full(len(others[0].taken))

    here = Transactor(log)
    await here.transact(tenant, OTHER, lambda _: taken())
    await Transactor(log).transact(tenant, OTHER, lambda _: taken("ben"))
    with pytest.raises(Full) as refused:
        await here.transact(tenant, (ONE,), refuse)
    assert refused.value.places == 2, "refused from an old state"


async def test_what_is_not_needed_any_more_is_not_expected(log: Log, tenant: str) -> None:
    """The other is needed until somebody has taken a place; meanwhile it moves on itself."""
    calls = 0

    def decide(state: Places, *others: Places) -> tuple[list[PlaceTaken], ...] | Needs:
        nonlocal calls
        calls += 1
        if not others and not state.taken:
            return Needs([OTHER])
        return (taken("cat"),)

    async def both_move() -> None:
        await here.transact(tenant, ONE, lambda _: taken())

    slow = SlowToRead(log, OTHER.name, both_move)
    stranger = Elsewhere(slow, lambda call: zoe() if call == 2 else None)

    async def zoe() -> None:
        await Transactor(log).transact(tenant, OTHER, lambda _: taken("zoe"))

    here = Transactor(stranger)
    outcome = await here.transact(tenant, (ONE,), decide)
    assert calls == 2, "it fell with what it did not need"
    assert outcome.state(ONE) == Places(("ann", "cat"))


async def test_rooms_of_one_process_see_the_same_stream_each_in_its_own_way(
    log: Log, tenant: str
) -> None:
    counts: Category[int, PlaceTaken] = Category(
        PLACES.name, int, lambda count, _: count + 1, Codec(PlaceTaken)
    )
    transactor, seen = Transactor(log), list[int]()

    def count_and_take_another(count: int, _: Places) -> tuple[list[PlaceTaken], list[PlaceTaken]]:
        seen.append(count)
        return [], taken()

    for number in range(1, 4):
        await transactor.transact(tenant, ONE, lambda _: taken())
        _, state = await transactor.load(tenant, ONE)
        assert len(state.taken) == number
        assert await transactor.load(tenant, counts.of(ONE.key)) == (number, number)
        streams = (counts.of(ONE.key), OTHER)
        await transactor.transact(tenant, streams, count_and_take_another)
        assert seen[-1] == number
