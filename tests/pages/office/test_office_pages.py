"""The registrar's pages: what they show, and that their forms are commands of the API."""

import re

import pytest
from tests.pages.campus import PLAN, Campus

from milepost.dashboards.pages.office import home, offering


async def test_the_home_shows_who_waits_and_what_runs(campus: Campus):
    text = (await campus.read("/office")).text
    assert "1 learner waits for your decision" in text
    assert "2 of 2" in text
    assert "/office/offerings/spring" in text


async def test_an_offering_shows_its_waitlist_in_order(campus: Campus):
    text = (await campus.read("/office/offerings/spring")).text
    assert text.index(">cem<") < text.index(">dora<")
    assert 'data-command="POST /enrollment/offerings/spring/enrollments"' in text


async def test_a_waitlist_is_paged_in_its_order(campus: Campus, monkeypatch: pytest.MonkeyPatch):
    await campus.open("queued", plan=PLAN, seats=1, approval=True)
    seats = {one: await campus.seat(one, "queued") for one in ("kim", "lea", "moe")}
    for learner in ("kim", "moe", "lea"):
        answer = await campus.post(f"/enrollment/enrollments/{seats[learner]}/approve", {})
        assert answer.status_code < 300, answer.text
    await campus.settle()
    monkeypatch.setattr(offering, "SHOWN", 1)

    async def waiting(query: str = "") -> str:
        text = (await campus.read(f"/office/offerings/queued{query}")).text
        return text[text.index('id="waiting"') : text.index('id="roster"')]

    first = await waiting()
    assert ">moe<" in first
    assert ">lea<" not in first
    [following] = re.findall(r'href="([?]waiting=[^"#]+)#waiting"', first)
    second = await waiting(following)
    assert ">lea<" in second
    assert ">moe<" not in second


async def test_who_asks_is_counted_and_paged(campus: Campus, monkeypatch: pytest.MonkeyPatch):
    await campus.open("wanted", plan=PLAN, approval=True)
    seats = [await campus.seat(one, "wanted") for one in ("nia", "oli", "pam")]
    await campus.settle()
    for page in (home, offering):
        monkeypatch.setattr(page, "SHOWN", 1)

    async def asking(address: str) -> tuple[str, str | None]:
        text = (await campus.read(address)).text
        further = re.search(r'href="([?]asking=[^"#]+)#asking"', text)
        return text, further and further[1]

    run = "/office/offerings/wanted"
    text, further = await asking(run)
    assert 'href="#asking">3<' in text
    assert "More than 1 learners wait" in (await asking("/office"))[0]
    shown = []
    while further:
        shown += re.findall(
            r">(nia|oli|pam)</bdi>", text[text.index('id="asking"') : text.index('id="roster"')]
        )
        text, further = await asking(f"{run}{further}")
    assert shown == ["nia", "oli"]
    for seat in seats:
        assert (
            await campus.post(f"/enrollment/enrollments/{seat}/decline", {"reason": "other"})
        ).is_success


async def test_nothing_is_there_of_what_is_not(campus: Campus):
    assert (await campus.read("/office/offerings/winter")).status_code == 404


async def test_an_enrollment_offers_the_steps_that_are_possible(campus: Campus):
    text = (await campus.read(f"/office/enrollments/{campus.seats['eve']}")).text
    address = f"POST /enrollment/enrollments/{campus.seats['eve']}"
    assert f'data-command="{address}/approve"' in text
    assert f'data-command="{address}/decline"' in text
    assert f'data-command="{address}/suspend"' not in text


async def test_only_a_run_that_starts_can_be_deferred(campus: Campus):
    await campus.open("dated", plan=PLAN, starts="2027-03-01T09:00:00Z")
    dated, undated = await campus.seat("gil", "dated"), campus.seats["eve"]
    assert f"{dated}/defer" in (await campus.read(f"/office/enrollments/{dated}")).text
    assert f"{undated}/defer" not in (await campus.read(f"/office/enrollments/{undated}")).text


async def test_a_course_shows_its_runs_side_by_side(campus: Campus):
    text = (await campus.read("/office/courses/DATA-101")).text
    assert "/office/offerings/spring" in text
    assert "/office/offerings/autumn" in text
    assert "Of those enrolled, 0 % completed" in text
