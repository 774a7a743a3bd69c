"""One reader for all pages: who is told of what, and what a thousand of them cost."""

import asyncio
import resource
from contextlib import ExitStack
from functools import partial
from typing import Any, cast

import pytest
from tests.dashboards.desk import happens
from tests.dashboards.history import Life, offered, project, record, teaches
from tests.eventually import eventually
from tests.tenants import new_tenant

from milepost.dashboards.live import reader as live
from milepost.dashboards.live.reader import Reader, School
from milepost.dashboards.live.topics import EVERYTHING, Changes, parsed
from milepost.events.runtime.cancellation import cancel_and_wait
from milepost.events.store.postgres import connect_pool
from milepost.web.problems import Malformed


class Counted:
    """A pool that counts the statements that go through it."""

    def __init__(self, pool):
        self._pool = pool
        self.statements = 0

    async def fetch(self, *asked, **more):
        self.statements += 1
        return await self._pool.fetch(*asked, **more)


@pytest.fixture(scope="module")
async def pool(postgres):
    made = await connect_pool(postgres, name="live", size=4)
    yield made
    await made.close()


@pytest.fixture
async def counted(pool):
    return Counted(pool)


@pytest.fixture
async def reader(counted):
    made = Reader(counted, tick_seconds=0.01)
    running = asyncio.create_task(made.run())
    await asyncio.sleep(0)
    yield made
    await cancel_and_wait(running)


@pytest.fixture
def tenant():
    return new_tenant()


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    """What is told seldom is told always, unless a test says otherwise."""
    monkeypatch.setattr(live, "ROUGHLY_SECONDS", 0.0)


def is_known(school):
    return school.known


def topics(*names):
    return parsed(names)


async def told(listener):
    await eventually(lambda: listener.changed)
    return set(listener.collect()[0])


async def test_each_page_is_told_what_changed_of_its_own_topics(reader, pool, tenant):
    ana, bo = Life("art", "ana"), Life("art", "bo")
    await happens(
        pool, tenant, [offered("art"), teaches("ines", "art")], ana.enrolls(), bo.enrolls()
    )
    pages = {
        name: topics(*name.split())
        for name in (
            f"enrollment/{ana.id} learner/ana", "learner/bo", "offering/art", "offering/b",
            "course/ART", "school", "console", "issuer/one",
        )
    }  # fmt: skip
    open_ = ExitStack()
    listeners = {
        name: open_.enter_context(reader.listen(tenant, wanted, None))[0]
        for name, wanted in pages.items()
    }
    known = reader._schools[tenant]
    await eventually(lambda: known.known)
    await happens(pool, tenant, ana.visits("one"))
    assert await told(listeners[f"enrollment/{ana.id} learner/ana"]) == {
        f"enrollment/{ana.id}",
        "learner/ana",
    }
    for name in ("offering/art", "course/ART", "school", "console", "issuer/one"):
        assert await told(listeners[name]) == {name}
    assert not listeners["learner/bo"].changed
    assert not listeners["offering/b"].changed
    open_.close()


async def test_nobody_is_told_before_the_read_models_show_it(reader, pool, tenant):
    ana = Life("art", "ana")
    await happens(pool, tenant, [offered("art")], ana.enrolls())
    with reader.listen(tenant, topics("learner/ana"), None) as (listener, school):
        await eventually(lambda: school.known)
        shown = school.shown
        await record(pool, tenant, ana.visits("one"))
        await asyncio.sleep(0.1)
        assert (school.shown, listener.changed) == (shown, set())
        await project(pool)
        assert await told(listener) == {"learner/ana"}
        assert school.shown > shown


async def test_who_comes_back_is_told_what_was_missed(reader, pool, tenant):
    ana, bo = Life("art", "ana"), Life("art", "bo")
    before = await happens(pool, tenant, [offered("art")], ana.enrolls(), bo.enrolls())
    with reader.listen(tenant, topics("school"), None) as (_, school):
        await eventually(lambda: school.known)
        after = await happens(pool, tenant, ana.visits("one"))
        await eventually(lambda: school.shown == after)
        for wanted, missed in (("learner/ana", {"learner/ana"}), ("learner/bo", set())):
            with reader.listen(tenant, topics(wanted), before) as (listener, _):
                assert listener.changed == missed
        with reader.listen(tenant, topics("learner/bo"), before - 1) as (listener, _):
            assert listener.changed == {"learner/bo"}, "it is not remembered so far back"
        with reader.listen(tenant, topics("learner/ana"), after) as (listener, _):
            assert not listener.changed


async def test_of_a_school_that_nobody_followed_it_is_known_only_whether_anything_happened(
    reader, pool, tenant
):
    now = await happens(pool, tenant, [offered("art")], Life("art", "ana").enrolls())
    for after, missed in ((now, set()), (now - 1, {"learner/ana"})):
        with reader.listen(tenant, topics("learner/ana"), after) as (listener, school):
            await eventually(partial(is_known, school))
            assert listener.changed == missed


async def test_too_much_to_look_at_is_told_to_all(reader, pool, tenant, monkeypatch):
    monkeypatch.setattr(live, "MOST_EVENTS", 3)
    ana = Life("art", "ana")
    await happens(pool, tenant, [offered("art")], ana.enrolls())
    with reader.listen(tenant, topics("learner/zoe"), None) as (listener, school):
        await eventually(lambda: school.known)
        await happens(pool, tenant, *(ana.visits(f"l-{one}") for one in range(5)))
        assert await told(listener) == {"learner/zoe"}


async def test_a_thousand_pages_cost_one_reader(reader, counted, pool, tenant):
    """Statements are a few for each look, however many pages there are, and so is memory."""
    lives = [Life("art", f"l-{one}") for one in range(1_000)]
    await happens(pool, tenant, [offered("art")], *(one.enrolls() for one in lives[:50]))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    contexts = [reader.listen(tenant, topics(f"learner/{one.learner}"), None) for one in lives]
    listeners = [context.__enter__()[0] for context in contexts]
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory) < 20_000  # KiB
    school = reader._schools[tenant]
    await eventually(lambda: school.known)
    before = counted.statements
    await happens(pool, tenant, *(one.visits("one") for one in lives[:50]))
    await eventually(lambda: all(one.changed for one in listeners[:50]))
    looks = counted.statements - before
    quiet = counted.statements
    await asyncio.sleep(0.2)
    assert counted.statements - quiet <= 25, "one a look, and 100 looks a second here"
    assert looks < 1_000 / 4, "not by the page"
    assert not any(one.changed for one in listeners[50:])
    assert 0 < listeners[0].spread <= 50 / live.AGAIN_PER_SECOND
    for context in contexts:
        context.__exit__(None, None, None)
    assert tenant not in reader._schools, "nothing is kept of whoever has left"


def test_a_school_that_falls_behind_is_stale_after_a_while_and_fresh_when_it_has_caught_up():
    school = School()
    school.begin(10, None)
    assert not school.judge(10, 0.0)
    assert not school.judge(12, 1.0)
    assert not school.judge(15, 1.0 + live.LAG_SECONDS)
    assert school.judge(20, 1.1 + live.LAG_SECONDS), "12 is not shown yet"
    assert school.stale
    school.moved(12, None, EVERYTHING)
    assert school.judge(20, 12.0), "it goes on, and is not late with what came since"
    assert not school.stale


def test_a_busy_school_is_not_stale_while_it_keeps_up():
    school = School()
    school.begin(0, None)
    for second in range(100):
        school.moved(10 * second, None, EVERYTHING)
        school.judge(10 * second + 10, float(second))
        assert not school.stale


async def test_rough_topics_are_told_seldom_and_in_the_end(monkeypatch):
    monkeypatch.setattr(live, "ROUGHLY_SECONDS", 5.0)
    school = School()
    listener = live.Listener(topics("school"))
    school.listeners["school"].add(listener)
    school.tell(Changes(frozenset()), 100.0)
    assert listener.collect()[0] == ["school"]
    school.tell(Changes(frozenset()), 101.0)
    assert listener.collect()[0] == []
    school.tell_roughly(104.0)
    assert listener.collect()[0] == []
    school.tell_roughly(105.0)
    assert listener.collect()[0] == ["school"]
    school.tell_roughly(200.0)
    assert listener.collect()[0] == []


async def test_what_postgres_does_not_answer_is_stale(tenant, monkeypatch):
    monkeypatch.setattr(live, "LAG_SECONDS", 0.0)

    class Away:
        async def fetch(self, *_):
            raise ConnectionRefusedError

    made = Reader(cast("Any", Away()), tick_seconds=0.01)
    running = asyncio.create_task(made.run())
    with made.listen(tenant, topics("school"), None) as (listener, school):
        await eventually(lambda: school.stale)
        assert listener.ring.is_set()
    await cancel_and_wait(running)


@pytest.mark.parametrize(
    "given",
    [
        *([], ["offering"], ["offering/"], ["school/x"], ["lesson/x"], ["/x"], [""]),
        *([f"learner/{one}" for one in range(21)], ["learner/" + "x" * 300], ["learner/\n"]),
    ],
)
def test_a_topic_that_is_none_is_refused(given):
    with pytest.raises(Malformed):
        parsed(given)


async def test_who_leaves_before_anything_is_known_is_not_kept(pool, tenant):
    """Postgres is away: nothing becomes known, and pages come and go."""
    reader = Reader(pool)
    with reader.listen(tenant, topics("school"), 1) as (stays, school):
        with reader.listen(tenant, topics("school"), 1) as (goes, _):
            pass
        school.begin(5, None)
        assert stays.changed == {"school"}
        assert not goes.changed
