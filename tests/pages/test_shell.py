"""What stands around every page, and what pages are made of."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from tests.browser import Reader, reader
from tests.clients import Client

from milepost.pages import charts
from milepost.pages.locales import OURS, Locale, Locales
from milepost.pages.navigation import areas_of, home_of

ORIGIN = "http://127.0.0.1:8400"
HOUSE = Path(__file__).parents[2]
PLURAL = re.compile(r"\.(zero|one|two|few|many|other)$")
CATALOGS = sorted({path.parent for path in HOUSE.glob("*/*/milepost/**/catalogs/en.json")})


async def page(gallery: Client, address: str = "/gallery", **headers: str) -> Any:
    return await gallery.connection.get(address, headers={**gallery.headers(), **headers})


async def test_it_tells_who_is_signed_in_where_and_where_to_go(gallery):
    answer = await page(gallery)
    assert answer.status_code == 200, answer.text
    assert answer.headers["vary"].startswith("Cookie, Accept-Language, HX-Request")
    assert answer.headers["cache-control"] == "private, no-store"
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert "<bdi>default</bdi>" in answer.text
    assert 'href="/teach" aria-current="true"' in answer.text
    assert ">Office<" not in answer.text
    assert "style=" not in answer.text
    for guide in re.findall(r'href="/(docs/[^"#]+)"', answer.text):
        assert (HOUSE / f"{guide}.md").exists(), guide
    assert re.search(r"<script(?! src)(?! type=\"module\" src)", answer.text) is None


async def test_what_sends_forms_is_there_before_the_first_of_them(gallery):
    html = (await page(gallery)).text
    first, forms = html.index("<form"), re.search(r'<script src="/pages/static/forms\.', html)
    assert forms is not None, "no module, nor deferred: what is typed early would be lost"
    assert forms.start() < first


async def test_language_and_time_zone_are_the_readers(gallery):
    answer = await page(gallery, "/gallery?lang=de", Cookie="milepost-tz=Asia/Tokyo")
    assert "Auf dem neuesten Stand. Letzte Änderung: 4. März 2026, 23:03 Uhr." in answer.text
    assert answer.headers["set-cookie"].startswith("milepost-lang=de; Path=/")
    cookie = "milepost-lang=ar; milepost-tz=../../etc/passwd"
    answer = await page(gallery, **{"Cookie": cookie, "Accept-Language": "de"})
    assert 'dir="rtl"' in answer.text
    assert "14:03 UTC" in answer.text
    answer = await page(gallery, "/gallery?lang=x%0d%0aSet-Cookie")
    assert "set-cookie" not in answer.headers


def test_a_moment_is_of_the_readers_day_and_a_day_is_itself():
    texts = Locales(OURS).choose("en").texts
    there = Locale("en", texts, ZoneInfo("Pacific/Auckland"))
    assert there.date(datetime(2026, 3, 2, 12, tzinfo=UTC)) == "3 March 2026"
    assert there.date(date(2026, 3, 2)) == "2 March 2026"


async def test_a_part_of_a_page_is_the_block_alone(gallery):
    answer = await page(gallery, "/gallery?part=figures")
    assert answer.text.startswith('<section id="figures"')
    assert "<html" not in answer.text


@pytest.mark.parametrize(
    ("address", "by", "status", "title"),
    [
        ("/gallery", "learner", 403, "This page is not for you"),
        ("/gallery?x=1", "instructor", 400, "This address does not make sense"),
        ("/gallery?part=broken", "instructor", 500, "Something went wrong"),
    ],
)
async def test_what_goes_wrong_is_told_as_a_page(gallery, address, by, status, title):
    answer = await gallery.connection.get(address, headers=gallery.headers(by=by))
    assert answer.status_code == status
    assert f"<h1>{title}</h1>" in answer.text
    assert "on purpose" not in answer.text


async def test_an_address_of_nothing_is_a_page_for_people_and_a_problem_for_programs(gallery):
    for accept, media_type in (("text/html,*/*", "text/html"), ("*/*", "application/problem+json")):
        answer = await gallery.connection.get("/techa", headers={"Accept": accept})
        assert answer.status_code == 404
        assert answer.headers["content-type"].startswith(media_type)
        assert "There is nothing" in answer.text


async def test_the_first_page_is_small(gallery):
    """All that a browser fetches for it, compressed as browsers ask."""
    html = (await page(gallery)).text
    files = set(re.findall(r'(?:href|src)="(/pages/static/[^"]+)"', html))
    names = {path.rpartition("/")[2].split(".")[0] for path in files}
    assert names >= {"milepost", "app", "htmx", "forms", "mark"}
    total = len(html.encode())
    for one in files:
        total += len((await gallery.connection.get(one)).content)
    assert total < 150_000, "not even compressed"


@pytest.mark.parametrize("folder", CATALOGS, ids=lambda one: str(one.relative_to(HOUSE)))
def test_all_languages_say_the_same(folder):
    """The same keys, and in each the same facts; plurals have the forms of their language."""
    read = {one.stem: json.loads(one.read_text("utf-8")) for one in folder.glob("*.json")}
    facts = {
        language: {
            (PLURAL.sub(".*", key), fact)
            for key, text in texts.items()
            for fact in ["", *re.findall(r"\{(\w+)\}", text)]
            if not (PLURAL.search(key) and fact == "number")
        }
        for language, texts in read.items()
    }
    assert set(read) == {"en", "de", "ar"}
    for language, found in facts.items():
        assert found ^ facts["en"] == set(), language


def test_no_room_says_a_shared_text_otherwise():
    """All rooms share the templates that have them, as they were compiled for the first of them."""
    shared, *rooms = sorted(CATALOGS, key=lambda folder: folder != OURS)
    texts = json.loads((shared / "en.json").read_text("utf-8"))
    for room in rooms:
        assert not texts.keys() & json.loads((room / "en.json").read_text("utf-8")), room


def test_ticks_are_round_and_bars_are_seen():
    assert charts.ticks_to(371) == (400, 300, 200, 100, 0)
    assert charts.ticks_to(0) == (4, 3, 2, 1, 0)
    assert charts.ticks_to(0.3, top=1) == (1, 0.75, 0.5, 0.25, 0)
    assert charts.width_of(1, 1_000_000) == 0.5
    assert charts.width_of(0, 10) == 0
    drawn = charts.line_chart([charts.Line("a", [0, None, 4])]).lines[0]
    assert drawn.path == "M0.0 300.0M1000.0 0.0"
    assert [charts.shade(one, 0, 10) for one in (None, 0, 5, 10)] == [0, 1, 3, 5]


@asynccontextmanager
async def opened(browser: Any, gallery: Client, **options: Any) -> AsyncIterator[Reader]:
    headers = gallery.headers()
    async with reader(
        browser, ORIGIN, gallery.connection, extra_http_headers=headers, **options
    ) as window:
        yield window


@pytest.mark.servers
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_components_are_seen_by_everybody(browser: Any, gallery: Client, scheme: str):
    async with opened(browser, gallery) as window:
        for language in ("en", "ar"):
            await window.open(f"/gallery?lang={language}")
            assert await window.faults(f"gallery-{language}", scheme) == []


@pytest.mark.servers
async def test_a_form_sends_json_and_tells_what_came_of_it(browser: Any, gallery: Client):
    async with opened(browser, gallery) as window:
        await window.open("/gallery")
        form = window.page.locator("form[data-command^=POST]")
        await form.locator("[name=learner]").fill("nobody")
        await form.locator("button").click()
        await window.page.wait_for_selector("[aria-invalid]")
        assert (
            await form.locator("#field-learner-fault").inner_text() == "There is no such learner."
        )
        assert await window.page.evaluate("document.activeElement.name") == "learner"
        await form.locator("[name=learner]").fill("late")
        await form.locator("button").click()
        await form.locator(".problem").wait_for(state="visible")
        assert "It is too late." in await form.locator(".problem").inner_text()
        await form.locator("[name=learner]").fill("ana")
        await form.locator("[name='terms.seats']").fill("12")
        await form.locator("[name=tags]").fill("a\nb")
        async with window.page.expect_response("**/commands/spring") as sent:
            await form.locator("button").click()
        answer = json.loads(await (await sent.value).text())
        assert answer["body"] == {
            "learner": "ana",
            "terms": {"mode": "verified", "seats": 12},
            "tags": ["a", "b"],
            "paid": False,
        }
        assert len(answer["key"]) == 32
        await window.page.wait_for_function("document.querySelector('.said').textContent")
        window.complaints = [one for one in window.complaints if "400" not in one]


@pytest.mark.servers
async def test_what_cannot_be_undone_is_typed_first(browser: Any, gallery: Client):
    async with opened(browser, gallery) as window:
        await window.open("/gallery")
        button = window.page.get_by_role("button", name="Erase for good")
        assert await button.is_disabled()
        await window.page.fill("[data-equals]", "ana")
        await button.click()
        await window.page.wait_for_url("**/gallery?done=spring")
        window.complaints = [one for one in window.complaints if "400" not in one]


@pytest.mark.servers
async def test_what_is_sent_while_the_page_comes_waits_until_it_is_there(browser, gallery):
    """But for what is not confirmed: its button waits from then on."""
    came = asyncio.Event()

    async def late(route: Any) -> None:
        await came.wait()
        await route.fallback()

    async with opened(browser, gallery) as window:
        page = window.page
        await page.route("**/htmx.*.js", late)
        await page.goto(f"{ORIGIN}/gallery", wait_until="commit")
        await page.wait_for_selector("[data-equals]")
        restored = "(field) => { field.value = 'another' }"  # as a browser does that comes back
        await page.eval_on_selector("[data-equals]", restored)
        await page.get_by_role("button", name="Erase for good").click()
        await page.fill("[name=learner]", "ana")
        await page.keyboard.press("Enter")
        async with page.expect_response("**/commands/spring") as sent:
            came.set()
        assert (await sent.value).request.method == "POST"
        assert len([one for one in window.asked if "/commands/" in one]) == 1
        await page.wait_for_function("document.querySelector('.said').textContent")
        assert await page.get_by_role("button", name="Erase for good").is_disabled()


@pytest.mark.parametrize(
    ("roles", "home", "shown"),
    [
        ({"learner"}, "/my", ["my", "catalog"]),
        ({"learner", "instructor"}, "/teach", ["teach", "my", "catalog"]),
        ({"registrar"}, "/office", ["office", "issue", "teach", "catalog"]),
        ({"auditor"}, "/console", ["issue", "console"]),
        ({"service"}, None, []),
    ],
)
def test_everybody_begins_where_their_work_is(roles, home, shown):
    assert home_of(roles) == home
    assert [one.name for one in areas_of(roles)] == shown
