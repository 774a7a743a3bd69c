"""Sign-in and sign-out in a real browser, over loopback: its cookies, policy and navigation."""

import re
from contextlib import asynccontextmanager

import pytest
from litestar import Response, get
from tests.browser import WIDTHS, Reader
from tests.clients import AsyncClient
from tests.dashboards.desk import happens
from tests.dashboards.history import Life, offered, teaches
from tests.openid_provider import CLIENT, SECRET, OpenIdProvider, serving

from milepost.operations.local.embedded import free_port
from milepost.operations.sign_in.app import service
from milepost.operations.sign_in.front import SHELL
from milepost.pages import app as pages
from milepost.pages.shell import PageRequest
from milepost.web.app import create_app
from milepost.web.auth.session_cookie import SessionCookie
from milepost.web.auth.tokens import TokenVerifier
from milepost.web.room import Service
from milepost.web.settings import Settings


@get("/teach", opt={"roles": ["instructor"]})
async def get_teaching(request: PageRequest) -> Response[bytes]:
    """A page of somebody's, in the place of the real one."""
    return SHELL.render(request, "no_role.html", area="teach")


def app_of(settings, pool, **develops):
    cookie = SessionCookie(settings)
    home = Service("home", (SHELL.router([get_teaching]),))
    services = [service(settings, pool, cookie, **develops), home, pages.service()]
    return create_app(services, settings, TokenVerifier(settings), ready={}, cookie=cookie)


@asynccontextmanager
async def window(browser, origin, *, width=1_280, **options):
    """What it asks for goes over loopback, so that cookies are a browser's own."""
    context = await browser.new_context(
        viewport={"width": width, "height": 900}, reduced_motion="reduce", **options
    )
    async with AsyncClient() as unused:
        yield Reader(await context.new_page(), origin, unused)
    await context.close()


async def session_of(page):
    kept = await page.context.cookies()
    return next((one for one in kept if re.fullmatch("milepost-[0-9]+", one["name"])), None)


async def looks_right(reader, name):
    assert await reader.axe() == []
    assert await reader.overflow() == 0
    await reader.picture(name)


async def test_somebody_of_the_school_is_chosen_and_signs_out(browser, pool, tmp_path):
    """With the rules as they are: the kernel says that the browser is this user's."""
    art = Life("art", "amal")
    waits = Life("art", "bo").waits()
    await happens(pool, "school", [offered("art"), teaches("ines", "art")], art.enrolls(), waits)
    await happens(pool, "school", art.visits("one"))
    port = free_port(0)
    origin = f"http://127.0.0.1:{port}"
    settings = Settings(data_dir=tmp_path, port=port)
    async with (
        serving(app_of(settings, pool, develops="pages"), port),
        window(browser, origin) as reader,
    ):
        page = reader.page
        await reader.open("/teach")
        assert page.url == f"{origin}/sign-in?return=/teach"
        assert await page.get_by_role("button", name="Be ines").count() == 1
        await page.keyboard.press("Tab")
        assert await page.evaluate("document.activeElement.className") == "skip"
        await page.get_by_role("button", name="Be ines").click()
        await page.wait_for_url(f"{origin}/teach")
        cookie = await session_of(page)
        assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Lax")
        assert "milepost=" not in await page.evaluate("document.cookie")
        await page.locator("details.menu summary").click()
        await page.get_by_role("button", name="Sign out").click()
        await page.wait_for_url(f"{origin}/")
        assert await session_of(page) is None
        assert reader.complaints == []


@pytest.mark.slow
async def test_its_pages_are_for_everybody(browser, pool, tmp_path):
    """On a phone and at a desk, in light and dark, in three languages."""
    port = free_port(0)
    origin = f"http://127.0.0.1:{port}"
    settings = Settings(data_dir=tmp_path, port=port)
    async with serving(app_of(settings, pool, develops="pages"), port):
        for size, scheme, language in (
            ("phone", "light", "en"),
            ("phone", "dark", "ar"),
            ("desk", "light", "ar"),
            ("desk", "dark", "de"),
        ):
            options = {"color_scheme": scheme, "locale": language, "width": WIDTHS[size]}
            async with window(browser, origin, **options) as reader:
                for name, path in (("front", "/"), ("development", "/sign-in")):
                    await reader.open(path)
                    await looks_right(reader, f"sign-in-{name}-{size}-{scheme}-{language}")
                assert reader.complaints == []


async def test_a_provider_signs_in_and_out(browser, pool, tmp_path):
    port, provider_port = free_port(0), free_port(0)
    origin = f"http://127.0.0.1:{port}"
    provider = OpenIdProvider(
        tmp_path / "id", f"http://127.0.0.1:{provider_port}", f"{origin}/sign-in/callback"
    )
    settings = Settings(
        data_dir=tmp_path,
        port=port,
        token_issuer=provider.url,
        token_keys=f"{provider.url}/jwks",
        token_tenant_claim="school",
        token_roles_claim="groups",
        token_role_names="teachers=instructor",
        sign_in_client_id=CLIENT,
        sign_in_client_secret=SECRET,
    )
    async with (
        serving(provider.app(), provider_port),
        serving(app_of(settings, pool), port),
        window(browser, origin) as reader,
    ):
        page = reader.page
        await reader.open("/")
        await page.get_by_role("link", name="Sign in").click()
        assert page.url.startswith(f"{provider.url}/authorize?")
        await page.get_by_role("button", name="Let me in").click()
        await page.wait_for_url(f"{origin}/teach")
        assert await session_of(page)
        await page.locator("details.menu summary").click()
        await page.get_by_role("button", name="Sign out").click()
        await page.wait_for_url(f"{provider.url}/end?**")
        assert provider.signed_out[0]["post_logout_redirect_uri"] == f"{origin}/"
        await reader.open("/teach")
        assert page.url.startswith(f"{provider.url}/authorize?"), "signed out here, too"
        await reader.open("/sign-in/callback?state=x")
        assert await page.locator("h1").inner_text() == "That sign-in could not be finished"
        await looks_right(reader, "sign-in-failed")
        expected = ("400", "404")  # this page's status, and the provider's icon
        assert [one for one in reader.complaints if not any(code in one for code in expected)] == []
