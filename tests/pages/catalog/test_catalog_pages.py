"""The catalog's pages: found by words, and a course with what one may enter."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import asyncpg
import pytest
from tests.browser import THEMES, reader
from tests.clients import Client, connection_to
from tests.dashboards.conftest import pool
from tests.dashboards.desk import happens
from tests.dashboards.history import DAY, offered
from tests.dashboards.history import defined as program
from tests.dashboards.test_issuers import defined
from tests.dashboards.test_search import WELDING, published
from tests.tenants import new_tenant

from milepost.dashboards.pages.catalog.api import MOST_RUNS, router
from milepost.pages import app as pages
from milepost.web.app import create_app
from milepost.web.auth.development_issuer import DevelopmentIssuer
from milepost.web.auth.tokens import TokenVerifier
from milepost.web.room import Service
from milepost.web.settings import Settings

__all__ = ["pool"]  # a fixture

pytestmark = pytest.mark.servers

ORIGIN = "http://127.0.0.1:8400"
PAGES = {
    "all": "/catalog",
    "found": "/catalog?q=metal",
    "nothing": "/catalog?q=zzz",
    "course": "/catalog/courses/WLD",
}


@pytest.fixture(scope="module")
async def shown(
    pool: asyncpg.Pool, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Client]:
    tenant, settings = new_tenant(), Settings(data_dir=tmp_path_factory.mktemp("catalog"))
    await happens(
        pool,
        tenant,
        [published("WLD", "Joining metal", skills=(WELDING,), titles={"de": "Metall fügen"})],
        [published("ART", "Seeing <b>well</b>"), offered("weld-spring", course="WLD", seats=9)],
        [program("smith", "weld", title="Smith of metal")],
        [defined("weld", name="Welder", description="Joins metal by heat", skills=(WELDING,))],
    )
    catalog = Service(name="catalog", routes=(router(pool),))
    app = create_app([catalog, pages.service()], settings, TokenVerifier(settings), ready={})
    async with connection_to(app, raises=False) as connection:
        issuer = DevelopmentIssuer(settings.data_dir)
        yield Client(connection, issuer, by="learner", subject="ann", tenant=tenant)


async def text(shown: Client, address: str, language: str = "en", **whose: Any) -> str:
    headers = {**shown.headers(**whose), "Accept-Language": language}
    answer = await shown.connection.get(address, headers=headers)
    assert answer.status_code == 200, answer.text
    return " ".join(answer.text.split())


async def test_what_is_found_leads_to_where_one_enrolls(shown):
    html = await text(shown, "/catalog?q=met%20join")
    assert "3 results for “met join”." in html
    assert 'href="/catalog/courses/WLD"' in html
    assert "Metall fügen" in await text(shown, "/catalog?q=join", "de")
    assert "Seeing &lt;b&gt;well" in await text(shown, "/catalog?q=")
    assert "Nothing found" in await text(shown, "/catalog?q=zzz")
    html = await text(shown, "/catalog/courses/WLD")
    assert 'data-command="POST /enrollment/offerings/weld-spring/enrollments"' in html
    assert 'name="learner" value="ann"' in html
    assert "9 of 9 are free" in html
    assert "data-command" not in await text(shown, "/catalog/courses/WLD", by="auditor")
    missing = await shown.connection.get("/catalog/courses/NO", headers=shown.headers())
    assert missing.status_code == 404


async def test_a_course_shows_what_one_may_enter_after_years_of_runs(shown, pool):
    over = [offered(f"old-{n}", course="OLD", starts=DAY, ends=DAY) for n in range(MOST_RUNS)]
    open_now = offered("old-again", course="OLD", starts=DAY + timedelta(days=9))
    await happens(pool, shown.tenant, [published("OLD", "Old"), *over, open_now])
    html = await text(shown, "/catalog/courses/OLD")
    assert "old-again" in html
    assert "old-0" not in html


@pytest.mark.parametrize("scheme", THEMES)
async def test_the_catalog_is_seen_by_everybody(browser: Any, shown: Client, scheme: str):
    headers = shown.headers()
    async with reader(browser, ORIGIN, shown.connection, extra_http_headers=headers) as window:
        for name, address in PAGES.items():
            language = "ar" if scheme == "dark" else "en"
            together = "&" if "?" in address else "?"
            await window.open(f"{address}{together}lang={language}")
            assert await window.faults(f"catalog-{name}", scheme) == []
