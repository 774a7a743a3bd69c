"""A learner shows a credential to others by form, and takes that back. Each is a command."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import asyncpg
import pytest
from tests.browser import THEMES
from tests.pages.campus import ORIGIN, Campus, campus_on

from milepost.credentials.credential_index import indexing
from milepost.credentials.issuers.register import registering
from milepost.events.store.postgres import connect_pool
from milepost.operations.rooms import ENROLLMENT_ROLE

pytestmark = pytest.mark.servers
ANN: dict[str, Any] = {"by": "learner", "subject": "ann"}
BADGE = {
    "name": "Data reader",
    "names": {"de": "Datenleserin"},
    "criteria": {"type": "course_passed", "course": "DATA-101"},
}


@pytest.fixture(scope="module")
async def pool(postgres: str) -> AsyncIterator[asyncpg.Pool]:
    opened = await connect_pool(postgres, name="pages", size=8, role=ENROLLMENT_ROLE)
    yield opened
    await opened.close()


@pytest.fixture(scope="module")
async def campus(
    pool: asyncpg.Pool, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Campus]:
    folder: Path = tmp_path_factory.mktemp("holding")
    async with campus_on(pool, folder) as school:
        await school.define("reader", BADGE)
        await school.put("/enrollment/learners/ann", {"name": "Ann-Kathrin Müller"})
        yield school


async def awarded(campus: Campus, learner: str) -> str:
    """A credential that nobody has shown to anybody yet."""
    answer = await campus.award(learner, {"achievement": "reader", "reason": "portfolio"})
    assert answer.is_success, answer.text
    record = (await campus.get(f"/credentials/learners/{learner}/record")).json()
    await registered(campus)
    await campus.settle()
    return str(record["credentials"][0]["credential"])


async def registered(campus: Campus) -> None:
    """What the handlers of credentials hear: where a page is, and its place in status lists."""
    log = await campus.transactor.log.read(campus.tenant, limit=1_000)
    for handler in (indexing(), registering()):
        for recorded in log:
            if ("credentials", recorded.type) in handler.types:
                async with campus.pool.acquire() as connection, connection.transaction():
                    await handler.handle(connection, recorded)


async def test_it_is_shown_to_everybody_with_the_name_and_hidden_again(
    browser: Any, campus: Campus
):
    credential = await awarded(campus, "ann")
    async with campus.window(browser, **ANN) as window:
        page = window.page
        await window.open(f"/my/credentials/{credential}?lang=en")
        assert "Add to LinkedIn" not in await page.inner_text("main")
        await page.check("#page-name")
        await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        await page.wait_for_selector("text=Everybody can see it")
        profile = page.get_by_role("link", name="Add to LinkedIn profile")
        asked = parse_qs(urlsplit(await profile.get_attribute("href")).query)
        assert asked["certUrl"] == [f"{ORIGIN}/c/{credential}"]
        await window.picture("held-shown-desk-light")
        anybody = await campus.connection.get(f"/c/{credential}")
        assert "Ann-Kathrin Müller" in anybody.text
        await page.click("#hide-form button")
        await page.wait_for_selector("text=Nobody sees a page of it")
    assert (await campus.connection.get(f"/c/{credential}")).status_code == 404


async def test_a_link_is_told_once_and_can_be_taken_back(browser: Any, campus: Campus):
    credential = await awarded(campus, "lea")
    async with campus.window(browser, by="learner", subject="lea") as window:
        page = window.page
        await window.open(f"/my/credentials/{credential}?lang=en")
        await page.fill("#link-form [name=ends]", "2020-01-01T09:00")
        await page.click("#link-form [type=submit]")
        await page.wait_for_selector("#link-form .problem:visible")
        assert "That time is over" in await page.inner_text("#link-form .problem")
        window.complaints = [one for one in window.complaints if "422" not in one]
        await page.fill("#link-form [name=ends]", "2090-01-01T09:00")
        await page.click("#link-form [type=submit]")
        await page.wait_for_selector("#told-address:visible")
        link = (await page.input_value("#told-address")).removeprefix(ORIGIN)
        await page.wait_for_selector("#open-links form")
        assert "until 1 January 2090" in await page.inner_text("#open-links")
        assert (await campus.connection.get(link)).status_code == 200
        assert await window.axe() == []
        await window.picture("held-link-desk-light")
        await page.reload()
        assert await page.is_hidden("#told-address")
        await page.click("#open-links button")
        await page.wait_for_selector("text=There is none.")
    assert (await campus.connection.get(link)).status_code == 404


async def test_nobody_elses_is_there_and_files_are_its_holders(campus: Campus):
    credential = await awarded(campus, "mia")
    address = f"/my/credentials/{credential}"
    text = (await campus.read(address, by="learner", subject="mia", lang="de")).text
    campus.connection.cookies.clear()  # the language that was chosen
    assert "Datenleserin" in text
    for form in ("png", "svg", "json", "vc%2Bjwt"):
        file = f"/credentials/learners/mia/credentials/{credential}/document?format={form}"
        assert f'href="{file}"' in text
        assert (await campus.get(file, by="learner", subject="mia")).status_code == 200
    assert (await campus.read(address, **ANN)).status_code == 404
    assert f'href="{address}"' in (await campus.read("/my", by="learner", subject="mia")).text


@pytest.mark.parametrize("scheme", THEMES)
async def test_it_is_for_everybody(browser: Any, campus: Campus, scheme: str):
    """Axe finds nothing, nothing sticks out."""
    credential = await awarded(campus, f"zoe-{scheme}")
    whose: dict[str, Any] = {"by": "learner", "subject": f"zoe-{scheme}"}
    path = f"/credentials/learners/zoe-{scheme}/credentials/{credential}/shares"
    await campus.post(path, {"kind": "public"}, **whose)
    await campus.post(path, {"kind": "link", "shows_name": True}, **whose)
    async with campus.window(browser, **whose) as window:
        for language in ("en", "ar"):
            address = f"/my/credentials/{credential}?lang={language}"
            assert (await window.open(address)).status == 200
            assert await window.faults(f"held-{language}", scheme) == []
