"""The instructor's pages in a real browser: seen by everybody, used by keyboard alone."""

from datetime import timedelta
from typing import Any

import asyncpg
import pytest
from tests.browser import THEMES, Reader
from tests.dashboards.history import DAY, Life, offered, project, record
from tests.pages.campus import Campus, tab_to

pytestmark = pytest.mark.servers  # the browser is a process

INES = {"by": "instructor", "subject": "ines"}
PAGES = {
    "teach": "/teach",
    "teach-offering": "/teach/offerings/spring",
    "teach-learners": "/teach/offerings/spring/learners",
    "teach-at-risk": "/teach/offerings/spring/at-risk",
    "teach-gradebook": "/teach/offerings/spring/gradebook",
    "teach-enrollment": "/teach/enrollments/{ben}",
    "teach-grade": "/teach/enrollments/{ben}/lessons/quiz",
    "teach-offering-ar": "/teach/offerings/spring?lang=ar",
}


@pytest.mark.parametrize("scheme", THEMES)
async def test_they_are_seen_by_everybody(browser: Any, campus: Campus, scheme: str):
    """Axe finds nothing, nothing sticks out."""
    async with campus.window(browser, **INES) as window:
        for name, address in PAGES.items():
            assert (await window.open(address.format(**campus.seats))).status == 200
            assert await window.faults(name, scheme) == []


async def test_a_lesson_is_graded_by_keyboard_alone(browser: Any, campus: Campus):
    enrollment = campus.seats["cem"]
    async with campus.window(browser, **INES) as window:
        await window.open(f"/teach/enrollments/{enrollment}/lessons/essay")
        await tab_to(window, "reports.0.raw")
        await window.page.keyboard.type("12")
        await window.page.keyboard.press("Tab")
        await window.page.keyboard.type("15")
        await window.page.keyboard.press("Enter")
        await window.page.wait_for_url(f"**/teach/enrollments/{enrollment}")
        assert "Attempt 1 at “Essay”: 80 %" in await window.page.inner_text("main")


async def test_a_score_that_cannot_be_is_told_at_the_form(browser: Any, campus: Campus):
    """The call is answered 200: what was refused is in it."""
    async with campus.window(browser, **INES) as window:
        await window.open(f"/teach/enrollments/{campus.seats['cem']}/lessons/quiz")
        await window.page.fill("[name='reports.0.raw']", "16")
        await window.page.fill("[name='reports.0.maximum']", "15")
        await window.page.get_by_role("button", name="Enter the score").click()
        problem = window.page.locator(".problem").first
        await problem.wait_for(state="visible")
        assert "within 0 and 1" in await problem.inner_text()


async def test_a_score_is_revised_and_a_lesson_waived(browser: Any, campus: Campus):
    enrollment = campus.seats["ben"]
    async with campus.window(browser, **INES) as window:
        await window.open(f"/teach/enrollments/{enrollment}/lessons/quiz")
        await window.page.fill("#raw-2", "55")
        await window.page.select_option("#reason-2", "appeal")
        await window.page.get_by_role("button", name="Revise the score").first.click()
        await window.page.wait_for_url(f"**/teach/enrollments/{enrollment}")
        text = await window.page.inner_text("main")
        assert "went from 40 % to 55 %: an appeal" in text
        await window.open(f"/teach/enrollments/{enrollment}/lessons/essay")
        await window.page.select_option("#waive-reason", "illness")
        await window.page.get_by_role("button", name="Waive").click()
        await window.page.wait_for_url(f"**/teach/enrollments/{enrollment}")
        assert "“Essay” was waived: illness" in await window.page.inner_text("main")


async def test_a_change_is_shown_and_the_reader_stays_where_they_are(
    browser: Any, campus: Campus, pool: asyncpg.Pool
):
    """What was opened stays open, and the focus stays on its link."""
    ann, ben = Life("days", "ann"), Life("days", "ben")
    await record(pool, campus.tenant, [offered("days"), *ann.enrolls(), *ann.visits("x")])
    await record(pool, campus.tenant, ann.visits("x"), DAY + timedelta(days=2))
    await project(pool)
    async with campus.window(browser) as window:
        await window.open("/teach/offerings/days")
        await window.page.click("#figures details summary")
        await window.page.focus("#figures .bars tr:nth-child(2) a")
        await record(pool, campus.tenant, ben.enrolls())
        await project(pool)
        await window.page.evaluate("document.body.dispatchEvent(new CustomEvent('changed'))")
        await window.page.locator("#figures .figure-value", has_text="2").first.wait_for()
        assert await window.page.locator("#figures details[open]").count() == 1
        focused = await window.page.evaluate("document.activeElement.getAttribute('href')")
        assert focused == "/teach/offerings/days/learners?show=started"


async def test_a_page_whose_change_is_not_answered_says_so_and_asks_again(
    browser: Any, campus: Campus
):
    async with campus.window(browser, **INES) as window:
        await window.open("/teach/offerings/spring")
        refused = "**/teach/offerings/spring?lessons=1"
        note = window.page.locator("#live-note")
        await _refuse_and_change(window, refused)
        await note.wait_for()
        await window.page.unroute(refused)
        await note.wait_for(state="hidden")  # it has asked again
        await _refuse_and_change(window, refused)
        await note.wait_for()
        assert "lost its connection" in await note.inner_text()
        assert await window.page.evaluate(
            "document.querySelector('#live-note').getBoundingClientRect().top >= 0"
        ), "seen from everywhere on the page"
        assert await window.axe() == []
        await window.open("/teach")  # nothing asks again
        window.complaints.clear()  # the answers that were refused


async def _refuse_and_change(window: Reader, address: str) -> None:
    await window.page.route(address, lambda route: route.fulfill(status=503))
    await window.page.evaluate("scrollTo(0, document.body.scrollHeight)")
    await window.page.evaluate("document.body.dispatchEvent(new CustomEvent('changed'))")
