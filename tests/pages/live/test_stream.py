"""`GET /live` over loopback: what is told, to whom, and when it ends."""

import asyncio
from contextlib import asynccontextmanager

import msgspec
import pytest
from tests.clients import AsyncClient
from tests.dashboards.desk import happens
from tests.dashboards.history import Life, offered, project, record, teaches
from tests.eventually import eventually
from tests.openid_provider import serving
from tests.tenants import new_tenant

from milepost.dashboards.live import api, reader, stream
from milepost.events.commands.transact import Transactor
from milepost.events.runtime.cancellation import cancel_and_wait
from milepost.events.store.postgres import PostgresLog, connect_pool
from milepost.operations.local.embedded import free_port
from milepost.web.app import create_app
from milepost.web.auth.session import SessionEnds
from milepost.web.auth.session_cookie import SessionCookie
from milepost.web.auth.tokens import TokenVerifier
from milepost.web.room import Context
from milepost.web.settings import Settings


class Page:
    """What came so far."""

    def __init__(self):
        self.events = []
        self.position = None
        self.comments = []
        self.ended = False

    def hear(self, block):
        fields = [line.partition(": ") for line in block.splitlines()]
        told = {name: value for name, _, value in fields}
        self.comments += [value for name, _, value in fields if name == ""]
        if "id" in told:
            self.position = int(told["id"])
        if "event" in told:
            self.events.append((told["event"], msgspec.json.decode(told["data"])))

    @property
    def topics(self):
        return [
            topic for name, told in self.events if name == "changed" for topic in told["topics"]
        ]


class Site:
    """`worker` is the reader's task, which the process cancels when it ends."""

    def __init__(self, client, cookie, pool, worker):
        self.client = client
        self.cookie = cookie
        self.pool = pool
        self.worker = worker
        self.tenant = new_tenant()

    def signed_in(self, subject, *roles, **more):
        token = self.cookie.sessions.issue(subject, self.tenant, roles)
        return {"Cookie": f"{self.cookie.name}={token}", **more}

    async def status(self, headers, query):
        async with self.client.stream("GET", f"/live?{query}", headers=headers) as answer:
            return answer.status_code

    @asynccontextmanager
    async def open(self, headers, query):
        page = Page()

        async def listen():
            async with self.client.stream("GET", f"/live?{query}", headers=headers) as answer:
                assert answer.status_code == 200, await answer.aread()
                assert "content-encoding" not in answer.headers
                text = ""
                async for more in answer.aiter_text():
                    *blocks, text = (text + more).split("\n\n")
                    for block in blocks:
                        page.hear(block)
            page.ended = True

        listening = asyncio.create_task(listen())
        try:
            await eventually(lambda: page.comments or listening.done())
            yield page
        finally:
            await cancel_and_wait(listening)


@pytest.fixture(scope="module")
async def pool(postgres):
    made = await connect_pool(postgres, name="live", size=4)
    yield made
    await made.close()


@pytest.fixture
async def site(pool, tmp_path, monkeypatch):
    monkeypatch.setattr(reader, "TICK_SECONDS", 0.02)
    monkeypatch.setattr(reader, "ROUGHLY_SECONDS", 0.0)
    settings = Settings(data_dir=tmp_path)
    cookie = SessionCookie(settings)
    service = api.service(Context(Transactor(PostgresLog(pool)), settings, pool))
    app = create_app([service], settings, TokenVerifier(settings), ready={}, cookie=cookie)
    port = free_port(0)
    (work,) = service.workers
    worker = asyncio.create_task(work())
    async with (
        serving(app, port),
        AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30) as client,
    ):
        yield Site(client, cookie, pool, worker)
        await cancel_and_wait(worker)


async def test_a_page_is_told_and_goes_on_where_it_was(site):
    ana = Life("art", "ana")
    shown = await happens(site.pool, site.tenant, [offered("art")], ana.enrolls())
    query = f"topic=learner/ana&topic=enrollment/{ana.id}"
    async with site.open(site.signed_in("ana", "learner"), f"{query}&after={shown}") as page:
        await happens(site.pool, site.tenant, ana.visits("one"))
        await eventually(lambda: page.topics)
        assert set(page.topics) == {"learner/ana", f"enrollment/{ana.id}"}
        was = page.position
        assert was is not None
        assert was > shown
    now = await happens(site.pool, site.tenant, ana.visits("two"))
    back = site.signed_in("ana", "learner", **{"Last-Event-ID": str(was)})
    async with site.open(back, query) as page:
        await eventually(lambda: page.topics)
        assert page.position == now
    async with site.open(site.signed_in("ana", "learner", **{"Last-Event-ID": "x" * 50}), query):
        pass


async def test_roles_decide_the_topics(site):
    ana, bo = Life("art", "ana"), Life("b", "bo")
    await happens(
        site.pool, site.tenant, [offered("art"), offered("b"), teaches("ines", "art")],
        ana.enrolls(), bo.enrolls(),
    )  # fmt: skip
    people = {
        "ana": site.signed_in("ana", "learner"),
        "ines": site.signed_in("ines", "instructor"),
        "office": site.signed_in("office", "registrar"),
        "olga": site.signed_in("olga", "operator"),
        "none": site.signed_in("nobody"),
    }
    may = {
        "learner/ana": "ana ines office olga",
        "learner/bo": "office olga",
        f"enrollment/{ana.id}": "ana ines office olga",
        f"enrollment/{bo.id}": "office olga",
        "enrollment/there-is-none": "office olga",
        "offering/art": "ines office olga",
        "offering/b": "office olga",
        "course/ART": "ines office olga",
        "group/acme": "office olga",
        "issuer/one": "office olga",
        "school": "office olga",
        "console": "olga",
    }
    for topic, allowed in may.items():
        for name, headers in people.items():
            expected = 200 if name in allowed.split() else 403
            assert await site.status(headers, f"topic={topic}") == expected, (topic, name)
    assert await site.status({}, "topic=school") == 401
    assert await site.status(people["office"], "topic=lesson/x") == 400
    assert await site.status(people["office"], "") == 400
    both = "topic=learner/ana&topic=learner/bo"
    assert await site.status(people["ana"], both) == 403, "one that is not one's own is enough"


async def test_it_ends_with_the_session(site, monkeypatch):
    monkeypatch.setattr(stream, "BEAT_SECONDS", 0.05)
    headers = site.signed_in("office", "registrar")
    caller = site.cookie.sessions.read(headers["Cookie"].partition("=")[2])
    async with site.open(headers, "topic=school") as page:
        await eventually(lambda: ("beat", {}) in page.events)
        site.cookie.sessions.end(SessionEnds(caller.session, caller.expires_at))
        await eventually(lambda: page.ended)
        assert "the session has ended" in page.comments
    assert await site.status(headers, "topic=school") == 401


async def test_it_begins_anew_now_and_then(site, monkeypatch):
    monkeypatch.setattr(stream, "LIFETIME_SECONDS", range(1))
    async with site.open(site.signed_in("office", "registrar"), "topic=school") as page:
        await eventually(lambda: page.ended)
        assert "come back" in page.comments


async def test_it_ends_with_the_process(site):
    async with site.open(site.signed_in("office", "registrar"), "topic=school") as page:
        await cancel_and_wait(site.worker)
        await eventually(lambda: page.ended)
        assert "this process ends: come back" in page.comments


async def test_models_that_fall_behind_are_told(site, monkeypatch):
    monkeypatch.setattr(reader, "LAG_SECONDS", 0.05)
    await happens(site.pool, site.tenant, [offered("art")])
    async with site.open(site.signed_in("office", "registrar"), "topic=school") as page:
        await record(site.pool, site.tenant, [offered("b")])
        await eventually(lambda: [name for name, _ in page.events] == ["stale"])
        await project(site.pool)
        await eventually(lambda: "fresh" in [name for name, _ in page.events])


async def test_a_caller_has_so_many_and_who_leaves_makes_room(site):
    headers = site.signed_in("office", "registrar")
    pages = [site.open(headers, "topic=school") for _ in range(api.OF_CALLER)]
    for one in pages:
        await one.__aenter__()
    assert await site.status(headers, "topic=school") == 429
    assert await site.status(site.signed_in("olga", "operator"), "topic=school") == 200
    await pages[0].__aexit__(None, None, None)

    async def has_room():
        return await site.status(headers, "topic=school") == 200

    await eventually(has_room)
    for one in pages[1:]:
        await one.__aexit__(None, None, None)
