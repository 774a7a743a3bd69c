"""`live.js` in a real browser: it asks again when it is told, and says when it is cut off."""

import asyncio

import pytest
from litestar import Response, get
from tests.browser import Reader
from tests.clients import AsyncClient
from tests.dashboards.desk import happens
from tests.dashboards.history import Life, offered
from tests.eventually import eventually
from tests.openid_provider import serving
from tests.tenants import new_tenant

from milepost.dashboards.live import api, reader
from milepost.events.commands.transact import Transactor
from milepost.events.runtime.cancellation import cancel_and_wait
from milepost.events.store.postgres import PostgresLog, connect_pool
from milepost.operations.local.embedded import free_port
from milepost.operations.sign_in.front import SHELL
from milepost.pages import app as pages
from milepost.pages.shell import PageRequest
from milepost.web.app import create_app
from milepost.web.auth.session_cookie import SessionCookie
from milepost.web.auth.tokens import TokenVerifier
from milepost.web.room import Context, Service
from milepost.web.settings import Settings

COUNT = "(window.told = 0, document.body.addEventListener('changed', () => window.told += 1))"


@get("/teach", opt={"roles": ["learner"]})
async def get_page(request: PageRequest) -> Response[bytes]:
    """Any page of somebody's, that follows them."""
    topics = (f"learner/{request.user.subject}",)
    return SHELL.render(request, "no_role.html", topics=topics)


@pytest.fixture
async def pool(postgres):
    made = await connect_pool(postgres, name="live", size=4)
    yield made
    await made.close()


async def test_a_page_asks_again_and_says_when_it_is_cut_off(browser, pool, tmp_path, monkeypatch):
    monkeypatch.setattr(reader, "TICK_SECONDS", 0.05)
    tenant, port, ana = new_tenant(), free_port(0), Life("art", "ana")
    await happens(pool, tenant, [offered("art")], ana.enrolls())
    settings = Settings(data_dir=tmp_path, port=port)
    cookie = SessionCookie(settings)
    live = api.service(Context(Transactor(PostgresLog(pool)), settings, pool))
    services = [live, Service("page", (SHELL.router([get_page]),)), pages.service()]
    app = create_app(services, settings, TokenVerifier(settings), ready={}, cookie=cookie)
    (work,) = live.workers
    worker = asyncio.create_task(work())
    origin = f"http://127.0.0.1:{port}"
    session = cookie.sessions.issue("ana", tenant, ["learner"])
    context = await browser.new_context()
    await context.add_cookies([{"name": cookie.name, "value": session, "url": origin}])
    page = await context.new_page()
    await page.clock.install()
    async with AsyncClient() as unused:
        window = Reader(page, origin, unused)
        async with serving(app, port):
            async with page.expect_response("**/live?*") as answered:
                await window.open("/teach")
            assert (await answered.value).status == 200
            await page.evaluate(COUNT)
            await happens(pool, tenant, ana.visits("one"))

            async def told():
                await page.clock.run_for(1_000)
                return await page.evaluate("window.told") > 0

            await eventually(told)
            assert await page.locator("#live-note").count() == 0
            assert window.complaints == []
            await cancel_and_wait(worker)
        await page.clock.run_for(15_000)
        note = page.locator("#live-note")
        assert "lost its connection" in await note.inner_text()
        assert await note.get_attribute("role") == "status"
        assert await window.axe() == []
    await context.close()
