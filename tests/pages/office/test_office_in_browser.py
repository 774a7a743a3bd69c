"""The registrar's pages in a real browser: seen by everybody, used by keyboard alone."""

from typing import Any

import pytest
from tests.browser import THEMES
from tests.pages.campus import Campus, tab_to

pytestmark = pytest.mark.servers  # the browser is a process

PAGES = {
    "office": "/office",
    "office-offering": "/office/offerings/spring",
    "office-learners": "/office/learners",
    "office-learner": "/office/learners/ann",
    "office-person": "/office/personal-data/ann",
    "office-bulk": "/office/bulk",
    "office-offering-ar": "/office/offerings/spring?lang=ar",
}


@pytest.mark.parametrize("scheme", THEMES)
async def test_they_are_seen_by_everybody(browser: Any, campus: Campus, scheme: str):
    """Axe finds nothing, nothing sticks out."""
    async with campus.window(browser) as window:
        for name, address in PAGES.items():
            assert (await window.open(address)).status == 200
            assert await window.faults(name, scheme) == []


async def test_a_learner_is_enrolled_by_keyboard_alone(browser: Any, campus: Campus):
    async with campus.window(browser) as window:
        await window.open("/office/offerings/autumn")
        await tab_to(window, "learner")
        await window.page.keyboard.type("nia")
        await window.page.keyboard.press("Tab")
        await window.page.keyboard.press("ArrowDown")
        await window.page.keyboard.press("Tab")
        async with window.page.expect_response("**/offerings/autumn/enrollments") as sent:
            await window.page.keyboard.press("Enter")
        answer = await sent.value
        assert answer.status == 201
        assert (await answer.json())["mode"] == "verified"
        await window.page.wait_for_function(
            "document.querySelector('#enroll-form .said').textContent"
        )


async def test_a_refusal_is_told_at_its_field(browser: Any, campus: Campus):
    async with campus.window(browser) as window:
        await window.open("/office/offerings/spring")
        await window.page.fill("[name=learner]", "two words")
        await window.page.get_by_role("button", name="Enroll", exact=True).click()
        fault = window.page.locator("#field-learner-fault")
        await fault.wait_for(state="visible")
        assert await window.page.evaluate("document.activeElement.name") == "learner"
        window.complaints = [one for one in window.complaints if "400" not in one]


async def test_a_file_is_tried_out_and_its_faults_stand_at_their_rows(browser: Any, campus: Campus):
    rows = b"learner,offering,mode\nzoe,autumn,audit\nyan,nowhere,audit\nxu,autumn,sometimes\n"
    async with campus.window(browser) as window:
        await window.open("/office/bulk")
        file = {"name": "class.csv", "mimeType": "text/csv", "buffer": rows}
        await window.page.set_input_files("input[type=file]", file)
        await window.page.get_by_role("button", name="Upload").click()
        await window.page.wait_for_url("**/office/bulk/*-*")
        while await campus.worker.turn():
            pass
        await window.page.reload()
        text = await window.page.inner_text("main")
        for said in ("dry run: nothing was written", "there is no such offering", "3 of 3 rows"):
            assert said in text
        assert "the row cannot be read" in text
        assert await window.axe() == []
        await window.picture("office-job-desk-light")
        await window.open(f"{window.page.url.removeprefix(window.origin)}?refused=true")
        assert "zoe" not in await window.page.inner_text("#results")


async def test_who_is_to_be_erased_is_typed_first(browser: Any, campus: Campus):
    await campus.put("/enrollment/learners/ben", {"name": "Ben Amar"})
    async with campus.window(browser) as window:
        await window.open("/office/personal-data/ben")
        assert await window.page.input_value("[name=name]") == "Ben Amar"
        button = window.page.get_by_role("button", name="Erase for good")
        assert await button.is_disabled()
        await window.page.fill("[data-equals]", "ben")
        await button.click()
        await window.page.wait_for_selector("text=Erased on")
        assert "Ben Amar" not in await window.page.content()
