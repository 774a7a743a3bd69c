"""A real browser for pages: Debian's Chromium, driven by playwright, asking the app in memory.

Nothing it asks for leaves the process: what is not of the page's own origin is refused and told.
"""

import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from tests.clients import AsyncClient

CHROMIUM = os.environ.get("MILEPOST_CHROMIUM", "/usr/bin/chromium")
INSTALLED = Path(CHROMIUM).exists()
ARGUMENTS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
# Where pictures of the pages are put, for people who want to look at them.
SCREENSHOTS = os.environ.get("MILEPOST_SCREENSHOTS")
WIDTHS = {"phone": 390, "desk": 1_280}
VIOLATIONS = """axe.run({resultTypes: ["violations"]}).then((found) =>
    found.violations.flatMap((one) => one.nodes.map((node) => `${one.id}: ${node.html}`)))"""
# One theme finds what is wrong with a page, the other what is wrong with a colour.
THEMES = ["light", pytest.param("dark", marks=pytest.mark.slow)]


@asynccontextmanager
async def chromium() -> AsyncIterator[Any]:
    """Skips where there is none."""
    driver = pytest.importorskip("playwright.async_api", reason="playwright is not installed")
    if not INSTALLED:
        pytest.skip(f"there is no Chromium at {CHROMIUM}: apt-get install chromium")
    async with driver.async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        try:
            yield browser
        finally:
            await browser.close()


class Reader:
    """Somebody with a browser window; `complaints` is what a good page has none of."""

    def __init__(self, page: Any, origin: str, connection: AsyncClient | None = None) -> None:
        self.page = page
        self.origin = origin
        self.complaints: list[str] = []
        self.asked: list[str] = []
        self.answers: dict[str, bytes] = {}
        self._connection = connection
        page.on("console", self._hear_console)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    async def open(self, address: str) -> Any:
        return await self.page.goto(f"{self.origin}{address}")

    async def answer(self, route: Any) -> None:
        """Of the origin from the app, unless the test has put another answer in its place."""
        request = route.request
        address = request.url.removeprefix(self.origin)
        self.asked.append(request.url)
        if address == request.url:
            self.complaints.append(f"asked for {request.url}")
            await route.abort()
            return
        if (instead := self.answers.get(urlsplit(address).path)) is not None:
            await route.fulfill(status=200, body=instead)
            return
        assert self._connection is not None, "answered by a Milepost that runs"
        got = await self._connection.request(
            request.method,
            address,
            headers={**request.headers, "Accept-Encoding": "identity"},
            content=request.post_data_buffer,
        )
        await route.fulfill(status=got.status_code, headers=dict(got.headers), body=got.content)

    async def faults(self, name: str, *schemes: str) -> list[str]:
        """Of the page that is open, at each width and in each of these themes: what axe finds and
        what sticks out. Takes a picture of each.
        """
        found = []
        for width, pixels in WIDTHS.items():
            await self.page.set_viewport_size({"width": pixels, "height": 900})
            for scheme in schemes:
                await self.page.emulate_media(color_scheme=scheme)
                if wider := await self.overflow():
                    found.append(f"{width}: {wider} pixels stick out")
                found += [f"{width} {scheme}: {one}" for one in await self.axe()]
                await self.picture(f"{name}-{width}-{scheme}")
        return found

    async def axe(self) -> list[str]:
        """What axe finds, a line each."""
        if not await self.page.evaluate("'axe' in window"):
            await self.page.evaluate(_axe())
        return list(await self.page.evaluate(VIOLATIONS))

    async def overflow(self) -> int:
        """By how many pixels the page is wider than the window."""
        wider = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        return int(await self.page.evaluate(wider))

    async def picture(self, name: str) -> None:
        if SCREENSHOTS:
            await self.page.screenshot(path=f"{SCREENSHOTS}/{name}.png", full_page=True)

    def hear_request(self, address: str) -> None:
        if not address.startswith((f"{self.origin}/", "data:")):
            self.complaints.append(f"asked for {address}")

    def _hear_console(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)


@asynccontextmanager
async def reader(
    browser: Any, origin: str, connection: AsyncClient, *, width: int = 1_280, **options: Any
) -> AsyncIterator[Reader]:
    """Fails at the end if the page asked for anything outside or broke its own policy."""
    viewport = {"width": width, "height": 900}
    context = await browser.new_context(viewport=viewport, reduced_motion="reduce", **options)
    window = Reader(await context.new_page(), origin, connection)
    await context.route("**/*", window.answer)
    try:
        yield window
    finally:
        complaints = [*window.complaints]
        await context.unroute_all(behavior="ignoreErrors")  # what is under way is of no use now
        await context.close()
    assert complaints == [], complaints


class Visitor(Reader):
    """Somebody at a Milepost that runs: every request goes to it, and nowhere else."""

    async def sign_in(self, school: str, subject: str, roles: Sequence[str]) -> None:
        """In the development sign-in, as a person does."""
        fields = {"tenant": school, "subject": subject, "role": list(roles)}
        answer = await self.page.context.request.post(
            f"{self.origin}/sign-in",
            data=urlencode(fields, doseq=True),
            headers={
                "Content-Type": "application/x-www-form-urlencoded",
                "Origin": self.origin,
                "Sec-Fetch-Site": "same-origin",
            },
            max_redirects=0,
        )
        assert answer.status == 303, await answer.text()


@asynccontextmanager
async def visitor(
    browser: Any, origin: str, *, width: int = 1_280, **options: Any
) -> AsyncIterator[Visitor]:
    """Fails as `reader` does."""
    viewport = {"width": width, "height": 900}
    context = await browser.new_context(viewport=viewport, reduced_motion="reduce", **options)
    window = Visitor(await context.new_page(), origin)
    window.page.on("request", lambda one: window.hear_request(one.url))
    try:
        yield window
    finally:
        await context.close()
    assert window.complaints == []


@lru_cache
def _axe() -> str:
    script: str = pytest.importorskip("axe_playwright_python.async_playwright").Axe().axe_script
    return script
