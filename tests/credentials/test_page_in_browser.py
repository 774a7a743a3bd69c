"""The page of a credential in a real browser: seen, tabbed through, read aloud, verified."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.browser import chromium, reader
from tests.credentials.page_scenes import BASE, Pages, school

from milepost.contracts.records import CredentialRevoked

__all__ = ["school"]  # a fixture

pytestmark = pytest.mark.servers  # the browser is a process


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Any]:
    async with chromium() as opened:
        yield opened


@pytest.fixture
async def shared(school: Pages) -> Pages:
    await school.award()
    await school.share(shows_name=True)
    return school


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_it_is_seen_by_everybody(browser: Any, shared: Pages, scheme: str):
    """Axe finds nothing, nothing sticks out, nothing is asked of others, in any language."""
    pages = {"page": "/c/c-1", "arabic": "/c/c-1?lang=ar", "nothing": "/c/c-none"}
    async with reader(browser, BASE, shared.connection) as window:
        for name, address in pages.items():
            status = (await window.open(address)).status
            assert status == (404 if name == "nothing" else 200)
            assert await window.faults(name, scheme) == []
        # A 404 is an error on the console, too.
        window.complaints = [one for one in window.complaints if "404" not in one]


async def test_a_name_of_one_long_word_stays_on_a_phone(browser: Any, shared: Pages):
    await shared.define(name="Donaudampfschifffahrts" * 8, names={}, version=2)
    await shared.award("c-2", achievement_version=2)
    await shared.share("c-2")
    async with reader(browser, BASE, shared.connection, width=390) as window:
        for media in ("screen", "print"):
            await window.page.emulate_media(media=media)
            await window.open("/c/c-2")
            assert await window.overflow() == 0


async def test_it_is_whole_without_javascript(browser: Any, shared: Pages):
    async with reader(browser, BASE, shared.connection, java_script_enabled=False) as window:
        await window.open("/c/c-1")
        text = await window.page.inner_text("main")
        assert "Data analyst <of> year one" in text
        assert "To verify here, switch JavaScript on" in text
        assert not await window.page.is_visible("#verifier button")


async def test_it_is_used_by_keyboard_alone(browser: Any, shared: Pages):
    focused = "document.activeElement.textContent.trim()"
    async with reader(browser, BASE, shared.connection) as window:
        await window.open("/c/c-1")
        await window.page.keyboard.press("Tab")
        assert await window.page.evaluate(focused) == "Skip to the content"
        await window.page.keyboard.press("Enter")
        reached = []
        for _ in range(30):
            await window.page.keyboard.press("Tab")
            reached.append(await window.page.evaluate(focused))
            if reached[-1] == "Verify in this browser":
                break
        assert reached[-1] == "Verify in this browser"
        assert "Deutsch" not in reached, "it was skipped"


async def test_a_revoked_one_says_so_in_both_themes(browser: Any, shared: Pages):
    on = datetime(2026, 4, 9, tzinfo=UTC)
    await shared.steps(CredentialRevoked, on, reason="issued_in_error")
    async with reader(browser, BASE, shared.connection) as window:
        await window.open("/c/c-1")
        for scheme in ("light", "dark"):
            await window.page.emulate_media(color_scheme=scheme)
            assert await window.axe() == []
            await window.picture(f"revoked-{scheme}")


async def test_it_is_printed_without_what_only_a_screen_needs(browser: Any, shared: Pages):
    async with reader(browser, BASE, shared.connection, color_scheme="dark") as window:
        await window.open("/c/c-1")
        await window.page.emulate_media(media="print")
        text = await window.page.inner_text("body")
        assert "Awarded to Ana Ćirić" in text
        assert f"{BASE}/c/c-1" in text
        for needless in ("Deutsch", "Verify in this browser", "Download", "LinkedIn"):
            assert needless not in text
        ground = "getComputedStyle(document.body).backgroundColor"
        assert await window.page.evaluate(ground) == "rgb(255, 255, 255)"
        await window.picture("print")
