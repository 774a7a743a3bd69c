"""What must never go wrong between a decision and the log, each forced to the point where it could.

As in `scenarios.py`: quiet when all is well, else an error whose words the table of guards quotes.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any
from uuid import uuid4

from tests.events.hindered import Elsewhere, SlowToRead
from tests.events.scenarios import Ground
from tests.events.visits import (
    VISITS,
    NotAlone,
    Visits,
    stay_if_last,
    visit,
    visit_if_empty,
)
from tests.eventually import eventually

from milepost.events.commands.decision import Needs
from milepost.events.commands.needs import EndlessNeeds
from milepost.events.log import Command, Recorded, Result
from milepost.events.runtime.outages import Overloaded

HOME, AWAY, ABROAD = VISITS.of("home"), VISITS.of("away"), VISITS.of("abroad")


async def together(*answers: Any) -> list[Any]:
    return await asyncio.gather(*answers, return_exceptions=True)


def zoe_comes(ground: Ground) -> Any:
    """Somebody in another process."""
    return ground.transactor(ground.log).transact(ground.tenant, HOME, visit("zoe"))


async def nobody_stays_on_an_append_that_was_lost(ground: Ground) -> None:
    """Ben is decided on the state after Ann, in the same call; Zoe comes first."""
    log = Elsewhere(ground.log, lambda call: zoe_comes(ground) if call == 1 else None)
    here = ground.transactor(log)
    await together(*(here.transact(ground.tenant, HOME, visit(who)) for who in ("ann", "ben")))
    await ground.expect_sound()


async def nobody_stays_on_an_earlier_call_that_was_lost(ground: Ground) -> None:
    """As before, but Ben is handed in when Ann's call has gone."""

    async def before(call: int) -> None:
        if call == 1:
            tasks.append(asyncio.create_task(here.transact(ground.tenant, HOME, visit("ben"))))
            await eventually(lambda: here._group_commit._waiting[ground.tenant])
            await zoe_comes(ground)

    here = ground.transactor(Elsewhere(ground.log, before))
    tasks = [asyncio.create_task(here.transact(ground.tenant, HOME, visit("ann")))]
    await asyncio.gather(tasks[0])
    await asyncio.gather(*tasks)
    await ground.expect_sound()


async def a_lost_race_is_run_again(ground: Ground) -> None:
    log = Elsewhere(ground.log, lambda call: zoe_comes(ground) if call == 1 else None)
    [answer] = await together(ground.transactor(log).transact(ground.tenant, HOME, visit("ann")))
    assert not isinstance(answer, Overloaded), "round in circles"
    await ground.expect_sound()


async def nothing_is_decided_on_a_state_given_up(ground: Ground) -> None:
    """While a pair waits for its second state, the first one's append comes to nothing."""
    ready, lost = asyncio.Event(), asyncio.Event()

    async def fail(call: int) -> None:
        if call == 1:
            await ready.wait()
            raise ValueError("the log will not have it")

    async def wait_until_lost() -> None:
        ready.set()
        await lost.wait()

    log = SlowToRead(Elsewhere(ground.log, fail), AWAY.name, wait_until_lost)
    here = ground.transactor(log)
    ann = asyncio.create_task(here.transact(ground.tenant, HOME, visit("ann")))
    await eventually(lambda: here._group_commit._drains)
    found: list[Visits] = []
    pair = asyncio.create_task(here.transact(ground.tenant, (HOME, AWAY), _look(found)))
    await together(ann)
    lost.set()
    [answer] = await together(pair)
    assert not isinstance(answer, Overloaded), "round in circles"
    assert found == [Visits()], "decided on a state given up"


def _look(found: list[Visits]) -> Any:
    def decide(one: Visits, _: Visits) -> tuple[Sequence[Any], Sequence[Any]]:
        found.append(one)
        return [], []

    return decide


async def nobody_is_refused_for_an_append_that_failed(ground: Ground) -> None:
    def fail(call: int) -> None:
        if call == 1:
            raise ValueError("the log will not have it")

    here = ground.transactor(Elsewhere(ground.log, fail))
    _, ben = await together(
        *(here.transact(ground.tenant, HOME, visit_if_empty(who)) for who in ("ann", "ben"))
    )
    assert not isinstance(ben, NotAlone), "refused for a visit that never was"


async def nobody_is_refused_from_an_old_state(ground: Ground) -> None:
    """Here Ann is the last one; in truth it is Zoe, of another process."""

    def decide(state: Visits) -> Sequence[Any]:
        if state.last != "zoe":
            raise NotAlone(state.last)
        return []

    here = ground.transactor(ground.log)
    await here.transact(ground.tenant, HOME, visit("ann"))
    await zoe_comes(ground)
    [answer] = await together(here.transact(ground.tenant, HOME, decide))
    assert not isinstance(answer, NotAlone), "refused from an old state"


async def nobody_is_refused_from_an_old_state_while_others_go_on(ground: Ground) -> None:
    """Ann's append is committed, then Zoe's, elsewhere; before Ann's answer is heard, a command
    that looks for Zoe is decided on Ann's state, and Ben's moves that state on.
    """
    later: list[asyncio.Task[Any]] = []

    class AnswerLate(Elsewhere):
        async def append(self, tenant: str, commands: Sequence[Command]) -> list[Result]:
            results = await super().append(tenant, commands)
            if self.calls == 1:
                await zoe_comes(ground)
                await submit(look)
                await submit(visit("ben"))
            return results

    async def submit(decide: Any) -> None:
        later.append(asyncio.create_task(here.transact(ground.tenant, HOME, decide)))
        for _ in range(5):  # as far as it comes without an answer of the log
            await asyncio.sleep(0)

    def look(state: Visits) -> Sequence[Any]:
        raise NotAlone(state.last)

    here = ground.transactor(AnswerLate(ground.log, lambda _: None))
    await here.transact(ground.tenant, HOME, visit("ann"))
    answer, _ = await together(*later)
    assert isinstance(answer, NotAlone)
    assert answer.found != "ann", "refused from an old state"


async def nobody_is_silent_from_an_old_state(ground: Ground) -> None:
    here = ground.transactor(ground.log)
    await here.transact(ground.tenant, HOME, visit("ann"))
    await zoe_comes(ground)
    outcome = await here.transact(ground.tenant, HOME, stay_if_last("ann"))
    assert outcome.events, "nothing was done, from an old state"


async def what_is_read_twice_is_folded_once(ground: Ground) -> None:
    """While the log is asked for news, this very process adds some."""

    async def ben_comes() -> None:
        await here.transact(ground.tenant, HOME, visit("ben"))

    log = SlowToRead(ground.log, "", ben_comes)
    here = ground.transactor(log)
    await here.transact(ground.tenant, HOME, visit("ann"))
    log.stream = HOME.name
    await together(here.transact(ground.tenant, HOME, visit_if_empty("cat")))
    version, state = await here.load(ground.tenant, HOME)
    assert (version, state.count) == (2, 2), "an event was folded twice"


async def what_is_loaded_is_no_older_than_the_question(ground: Ground) -> None:
    """A read that began earlier is answered while this one is under way, and knows less."""
    first_read, second_read = asyncio.Event(), asyncio.Event()

    class Overlapping(Elsewhere):
        async def read_stream(self, tenant: str, stream: str, after: int = 0) -> list[Recorded]:
            recorded: list[Recorded] = await self.log.read_stream(tenant, stream, after)
            if not first_read.is_set():
                first_read.set()
                await second_read.wait()
            else:
                second_read.set()
                await first
            return recorded

    here = ground.transactor(Overlapping(ground.log, lambda _: None))
    await zoe_comes(ground)
    await zoe_comes(ground)
    first = asyncio.create_task(here.load(ground.tenant, HOME))
    await first_read.wait()
    await zoe_comes(ground)
    version, state = await here.load(ground.tenant, HOME)
    assert (version, state.count) == (3, 3), "loaded an older state than was there"


async def a_lost_answer_is_asked_for_again(ground: Ground) -> None:
    here = ground.transactor(AnswerLost(ground.log, lambda _: None))
    await here.transact(ground.tenant, HOME, visit("ann"))
    recorded = await ground.log.read(ground.tenant)
    assert len(recorded) == 1, "a visit was done twice"


class AnswerLost(Elsewhere):
    async def append(self, tenant: str, commands: Sequence[Command]) -> list[Result]:
        results = await super().append(tenant, commands)
        if self.calls == 1:
            raise ConnectionResetError
        return results


async def one_command_sent_to_two_processes_is_done_once(ground: Ground) -> None:
    name = uuid4()

    async def there(call: int) -> None:
        if call == 1:
            other = ground.transactor(ground.log)
            await other.transact(ground.tenant, HOME, visit("ann"), command_id=name)

    here = ground.transactor(Elsewhere(ground.log, there))
    outcome = await here.transact(ground.tenant, HOME, visit("ann"), command_id=name)
    recorded = await ground.log.read(ground.tenant)
    assert len(recorded) == 1, "a visit was done twice"
    assert outcome.repeated


async def what_was_done_is_not_refused_when_repeated(ground: Ground) -> None:
    name = uuid4()
    here = ground.transactor(ground.log)
    await here.transact(ground.tenant, HOME, visit_if_empty("ann"), command_id=name)
    [again] = await together(
        here.transact(ground.tenant, HOME, visit_if_empty("ann"), command_id=name)
    )
    assert not isinstance(again, NotAlone), "refused, though it had been done"


async def what_was_done_is_told_when_repeated(ground: Ground) -> None:
    name = uuid4()
    here = ground.transactor(ground.log)
    await here.transact(ground.tenant, HOME, stay_if_last("ann"), command_id=name)
    again = await here.transact(ground.tenant, HOME, stay_if_last("ann"), command_id=name)
    assert again.repeated, "told nothing of what was done before"


async def a_bad_command_spoils_no_other(ground: Ground) -> None:
    class Picky(Elsewhere):
        async def append(self, tenant: str, commands: Sequence[Command]) -> list[Result]:
            if any(b"bad" in e.data for c in commands for e in c.events):
                raise ValueError("unstorable")
            return await self.log.append(tenant, commands)

    here = ground.transactor(Picky(ground.log, lambda _: None))
    names = ["ann", "bad", "cat"]
    answers = await together(
        *(here.transact(ground.tenant, VISITS.of(who), visit(who)) for who in names)
    )
    assert [isinstance(a, ValueError) for a in answers] == [False, True, False], "spoiled"


async def a_pair_falls_with_a_stream_that_it_only_read(ground: Ground) -> None:
    """Ann comes home while nobody is away; just then somebody is."""

    async def before(call: int) -> None:
        if call == 1:
            other = ground.transactor(ground.log)
            await other.transact(ground.tenant, AWAY, visit("zoe"))

    def decide(home: Visits, away: Visits) -> tuple[Sequence[Any], Sequence[Any]]:
        visit_if_empty("ann")(away)
        return visit("ann")(home), []

    here = ground.transactor(Elsewhere(ground.log, before))
    [answer] = await together(here.transact(ground.tenant, (HOME, AWAY), decide))
    assert isinstance(answer, NotAlone), "decided on a stream that has moved on"


async def what_is_needed_belongs_to_the_present_state(ground: Ground) -> None:
    """Ann is looked for away, Ben abroad; while away is read, Ben comes home after Ann."""
    places = {"ann": AWAY, "ben": ABROAD}
    found: list[tuple[str, str]] = []

    async def ben_comes() -> None:
        await here.transact(ground.tenant, HOME, visit("ben"))

    def look(home: Visits, *others: Visits) -> Any:
        if not others:
            return Needs([places[home.last]])
        found.append((home.last, others[0].last))
        return ((), ())

    here = ground.transactor(SlowToRead(ground.log, AWAY.name, ben_comes))
    for stream, who in ((AWAY, "eva"), (ABROAD, "zoe")):
        await ground.transactor(ground.log).transact(ground.tenant, stream, visit(who))
    await here.transact(ground.tenant, HOME, visit("ann"))
    await here.transact(ground.tenant, (HOME,), look)
    assert found[-1] == ("ben", "zoe"), "decided on what an older state had needed"


async def nothing_is_decided_on_a_state_given_up_while_the_needs_are_read(ground: Ground) -> None:
    """Ann's append is under way when it is looked home, and lost when away has been read."""
    found: list[Visits] = []
    ready, lost = asyncio.Event(), asyncio.Event()

    async def fail(call: int) -> None:
        if call == 1:
            await ready.wait()
            raise ValueError("the log will not have it")

    async def wait_until_lost() -> None:
        ready.set()
        await lost.wait()

    def look(home: Visits, *away: Visits) -> Any:
        if not away:
            return Needs([AWAY])
        found.append(home)
        return ((), ())

    here = ground.transactor(SlowToRead(Elsewhere(ground.log, fail), AWAY.name, wait_until_lost))
    ann = asyncio.create_task(here.transact(ground.tenant, HOME, visit("ann")))
    await eventually(lambda: here._group_commit._drains)
    looking = asyncio.create_task(here.transact(ground.tenant, (HOME,), look))
    await together(ann)
    lost.set()
    await together(looking)
    assert found == [Visits()], "decided on a state given up"


async def a_decision_falls_with_a_stream_that_it_needed(ground: Ground) -> None:
    """Ann comes home while nobody is away; just then somebody is."""

    async def before(call: int) -> None:
        if call == 1:
            await ground.transactor(ground.log).transact(ground.tenant, AWAY, visit("zoe"))

    def decide(home: Visits, away: Visits | None = None) -> Any:
        if away is None:
            return Needs([AWAY])
        visit_if_empty("ann")(away)
        return (visit("ann")(home),)

    here = ground.transactor(Elsewhere(ground.log, before))
    [answer] = await together(here.transact(ground.tenant, (HOME,), decide))
    assert isinstance(answer, NotAlone), "decided on a stream that has moved on"


async def needs_that_grow_for_ever_end(ground: Ground) -> None:
    await _expect_an_end(ground, lambda *states: Needs([VISITS.of(f"room-{len(states)}")]))


async def what_is_there_is_not_needed_again(ground: Ground) -> None:
    await _expect_an_end(ground, lambda *_: Needs([HOME]))
    await _expect_an_end(ground, lambda _, *more: Needs([] if more else [AWAY]))


async def _expect_an_end(ground: Ground, decide: Callable[..., Needs]) -> None:
    calls = 0

    def counted(*states: Visits) -> Needs:
        nonlocal calls
        calls += 1
        assert calls < 100, "called without an end"
        return decide(*states)

    here = ground.transactor(ground.log)
    [answer] = await together(here.transact(ground.tenant, (HOME,), counted))
    assert isinstance(answer, EndlessNeeds), answer
    assert not await ground.log.read(ground.tenant), "something was written"
