"""The documentation in a real browser: seen, tabbed through, read aloud, tried."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import pytest
from tests.browser import WIDTHS, chromium, reader
from tests.clients import PLAN, School
from tests.documentation.conftest import ORIGIN

pytestmark = pytest.mark.servers  # the browser is a process

# One of each kind.
KINDS = {
    "start": "/docs",
    "guides": "/docs/guides",
    "tutorial": "/docs/tutorial",
    "tables": "/docs/reference/settings",
    "words": "/docs/glossary",
    "api": "/docs/api",
    "command": "/docs/api/putAchievement",
    "query": "/docs/api/listEnrollments",
    "file": "/docs/api/startJob",
    "events": "/docs/events",
    "event": "/docs/events/credential_awarded",
    "problems": "/docs/problems",
    "problem": "/docs/problems/prerequisites_missing",
    "search": "/docs/search?q=enroll",
    "nothing": "/docs/nothing",
}
# Together they have most of what others are made of.
FEW = {kind: KINDS[kind] for kind in ("file", "problem")}
LOOKS = [(width, scheme) for width in WIDTHS for scheme in ("light", "dark")]


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Any]:
    async with chromium() as opened:
        yield opened


@pytest.mark.parametrize(
    ("kinds", "looks"),
    [
        pytest.param(FEW, [("phone", "dark"), ("desk", "light")], id="few"),
        pytest.param(KINDS, LOOKS, id="all", marks=pytest.mark.slow),
    ],
)
async def test_it_is_read_by_everybody(
    browser: Any,
    reading_room: School,
    kinds: Mapping[str, str],
    looks: Sequence[tuple[str, str]],
):
    """Axe finds nothing, nothing sticks out, nothing is asked of others."""
    async with reader(browser, ORIGIN, reading_room.connection) as window:
        for kind, address in kinds.items():
            status = (await window.open(address)).status
            assert status == (404 if kind == "nothing" else 200)
            for width, scheme in looks:
                await window.page.set_viewport_size({"width": WIDTHS[width], "height": 900})
                await window.page.emulate_media(color_scheme=scheme)
                assert await window.overflow() == 0, (kind, width)
                assert await window.axe() == [], (kind, width, scheme)
                await window.picture(f"docs-{kind}-{width}-{scheme}")
        # A 404 is an error on the console, too.
        window.complaints = [one for one in window.complaints if "404" not in one]


async def test_an_operation_is_tried_by_keyboard_with_ones_own_token(
    browser: Any, reading_room: School
):
    token = reading_room.headers(by="registrar")["Authorization"].removeprefix("Bearer ")
    async with reader(browser, ORIGIN, reading_room.connection) as window:
        page = window.page
        await window.open("/docs/api/publishCourse")
        await page.focus("#try-token")
        await page.keyboard.type(token)
        await page.keyboard.press("Tab")
        await page.keyboard.press("Control+A")
        await page.keyboard.type("IT'S-1")
        await page.fill("#try-body", json.dumps(PLAN))
        shown = await page.text_content("#try-curl")
        assert "/enrollment/courses/IT's-1/versions" not in shown
        assert "$TOKEN" in shown
        assert token not in await page.content()
        await page.focus("#try-send")
        await page.keyboard.press("Enter")
        await page.locator("#try-content:not(:empty)").wait_for()
        status = await page.text_content("#try-status")
        assert status.startswith("201"), await page.text_content("#try-content")
        assert "milepost-position" in await page.text_content("#try-headers")
        assert json.loads(await page.text_content("#try-content"))["course"] == "IT'S-1"
        assert await window.axe() == []
        await window.picture("docs-tried")
        # The token goes with the reader to the next page, and to nobody else.
        await window.open("/docs/api/readCourse")
        assert await page.input_value("#try-token") == token
        assert all(token not in asked for asked in window.asked)
        assert await page.evaluate("localStorage.length") == 0


async def test_a_refusal_is_shown_as_it_came(browser: Any, reading_room: School):
    async with reader(browser, ORIGIN, reading_room.connection) as window:
        await window.open("/docs/api/listCourses")
        await window.page.click("#try-send")
        await window.page.locator("#try-content:not(:empty)").wait_for()
        assert (await window.page.text_content("#try-status")).startswith("401")
        assert "not_authenticated" in await window.page.text_content("#try-content")
        window.complaints = [one for one in window.complaints if "401" not in one]


async def test_without_javascript_there_is_the_command_line(browser: Any, reading_room: School):
    plain = {"java_script_enabled": False}
    async with reader(browser, ORIGIN, reading_room.connection, **plain) as window:
        await window.open("/docs/api/enrollLearner")
        assert not await window.page.is_visible("#try form")
        shown = await window.page.inner_text("#try")
        assert "Without JavaScript" in shown
        assert f"curl -sS -X POST {ORIGIN}/enrollment/offerings/" in shown
        await window.page.fill("#q", "offering_full")
        await window.page.keyboard.press("Enter")
        await window.page.wait_for_url("**/docs/search?q=offering_full")
        await window.page.click("text=offering_full >> nth=1")
        assert "What to do" in await window.page.inner_text("main")
