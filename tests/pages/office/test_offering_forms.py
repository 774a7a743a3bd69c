"""An offering's whole life by form: opened, changed, moved on, canceled. Each is a command."""

from typing import Any

import pytest
from tests.browser import THEMES
from tests.pages.campus import PLAN, Campus, projecting, tab_to

pytestmark = pytest.mark.servers

PAGES = {
    "office-open": "/office/new-offering?course=DATA-101",
    "office-change": "/office/offerings/spring/change",
    "office-move": "/office/offerings/spring/move",
    "office-cancel": "/office/offerings/spring/cancel",
    "office-open-ar": "/office/new-offering?lang=ar",
    "office-cancel-de": "/office/offerings/spring/cancel?lang=de",
}


async def test_the_pages_say_what_will_follow(campus: Campus):
    cancel = (await campus.read("/office/offerings/spring/cancel")).text
    assert "Are in, and are let go: 2" in cancel
    assert "Wait or have asked, and are let go: 2" in cancel
    assert "Have completed, and stay so: 0" in cancel
    move = (await campus.read("/office/offerings/spring/move")).text
    assert "move: 4" in move
    assert '<option value="autumn">' in move
    assert '<option value="spring">' not in move
    assert (await campus.read("/office/offerings/winter/cancel")).status_code == 404


async def test_an_offering_is_opened_by_keyboard_alone(browser: Any, campus: Campus):
    async with projecting(campus), campus.window(browser, timezone_id="Europe/Berlin") as window:
        await window.open("/office/new-offering?course=DATA-101&lang=en")
        page = window.page
        await tab_to(window, "offering")
        await page.keyboard.type("night-2027")
        await page.fill("[name=starts]", "2027-03-01T18:00")
        await page.fill("[name=ends]", "2027-06-30T18:00")
        await tab_to(window, "seats")
        await page.keyboard.type("12")
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/office/offerings/night-2027")
        assert "of 12 seats" in await page.inner_text("main")
    opened = (await campus.get("/enrollment/offerings/night-2027")).json()
    assert (opened["starts"], opened["ends"]) == ("2027-03-01T17:00:00Z", "2027-06-30T16:00:00Z")
    assert (opened["modes"], opened["waitlist"]) == (["audit", "verified"], True)
    assert (opened["window_opens"], opened["approval"]) == (None, False)


async def test_what_makes_no_sense_is_told_at_its_field(browser: Any, campus: Campus):
    async with campus.window(browser) as window:
        await window.open("/office/new-offering?course=DATA-101&lang=de")
        page = window.page
        await page.fill("[name=offering]", "never")
        await page.fill("[name=starts]", "2027-03-01T18:00")
        await page.fill("[name=ends]", "2027-02-01T18:00")
        await page.click("#open-form button")
        await page.wait_for_selector("#field-ends-fault:visible")
        said = await page.inner_text("#field-ends-fault")
        assert said == "Das Ende muss nach dem Beginn liegen."
        assert await page.evaluate("document.activeElement.name") == "ends"
        window.complaints = [one for one in window.complaints if "422" not in one]
    assert (await campus.get("/enrollment/offerings/never")).status_code == 404


async def test_only_what_was_changed_is_sent(browser: Any, campus: Campus):
    facts = {"window_closes": "2027-01-31T23:00:30Z", "ends": "2027-06-30T16:00:00Z"}
    await campus.open("late", plan=PLAN, seats=5, offer_hours=24, **facts)
    await campus.settle()
    zone = {"timezone_id": "Asia/Kolkata"}
    async with projecting(campus), campus.window(browser, **zone) as window:
        await window.open("/office/offerings/late/change?lang=en")
        page = window.page
        assert await page.input_value("[name=window_closes]") == "2027-02-01T04:30"
        assert await page.input_value("[name=window_opens]") == ""
        assert await page.input_value("[name=offer_hours]") == "24"
        await page.fill("[name=ends]", "")
        await page.fill("[name=offer_hours]", "")
        await page.uncheck("[name=waitlist]")
        async with page.expect_request("**/enrollment/offerings/late") as sent:
            await page.click("#change-form button")
        changed = {"ends": None, "offer_hours": None, "waitlist": False}
        assert (await sent.value).post_data_json == changed
        await page.wait_for_url("**/office/offerings/late")
    late = (await campus.get("/enrollment/offerings/late")).json()
    assert {name: late[name] for name in changed} == changed
    assert late["seats"] == 5
    assert late["window_closes"] == facts["window_closes"]


async def test_everybody_moves_and_who_cannot_is_counted(browser: Any, campus: Campus):
    await campus.open("small", plan=PLAN, seats=3)
    await campus.open("next", plan=PLAN)
    for learner in ("kim", "lea", "max"):
        await campus.seat(learner, "small")
    await campus.seat("max", "next")
    await campus.settle()
    async with projecting(campus), campus.window(browser) as window:
        await window.open("/office/offerings/small/move?lang=en")
        page = window.page
        await page.select_option("[name=to]", "next")
        await page.select_option("[name=reason]", "rescheduled")
        await page.click("#move-form button")
        await page.wait_for_selector("#move-form .problem:visible")
        said = await page.inner_text("#move-form .problem")
        assert "1 of 3 were refused. All others are done." in said
        assert "1 × Is in that offering already." in said
    await campus.settle()
    roster = await campus.get("/dashboards/enrollments?offering=next")
    assert {one["learner"] for one in roster.json()["enrollments"]} == {"kim", "lea", "max"}


async def test_an_offering_is_canceled_only_when_its_id_is_typed(browser: Any, campus: Campus):
    await campus.open("doomed", plan=PLAN)
    await campus.settle()
    async with projecting(campus), campus.window(browser) as window:
        await window.open("/office/offerings/doomed/cancel?lang=en")
        page = window.page
        button = page.get_by_role("button", name="Cancel the offering")
        assert await button.is_disabled()
        await page.select_option("[name=reason]", "no_instructor")
        await page.fill("[data-equals]", "doomed")
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/office/offerings/doomed")
        await page.wait_for_selector("text=This offering was canceled")
    found = (await campus.get("/enrollment/offerings/doomed")).json()
    assert found["cancellation_reason"] == "no_instructor"


@pytest.mark.parametrize("scheme", THEMES)
async def test_the_forms_are_for_everybody(browser: Any, campus: Campus, scheme: str):
    """Axe finds nothing, nothing sticks out."""
    async with campus.window(browser) as window:
        for name, address in PAGES.items():
            assert (await window.open(address)).status == 200
            assert await window.faults(name, scheme) == []
