"""Groups on pages: a registrar keeps them by form, a sponsor sees how members stand."""

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import asyncpg
import pytest
from tests.browser import THEMES
from tests.pages.campus import PLAN, Campus, campus_on, projecting

from milepost.dashboards.live.topics import MOST
from milepost.dashboards.queries.groups.risk import MemberAtRisk, members_page
from milepost.events.store.postgres import connect_pool
from milepost.operations.rooms import ENROLLMENT_ROLE

pytestmark = pytest.mark.servers
SAM: dict[str, Any] = {"by": "learner", "subject": "auth0|sam"}
LONG = "Ausbildungsjahrgang 2026 der Norddeutschen Maschinenbau-Werkstätten"
GROUP: Final = ("/sponsor/groups/acme", "/sponsor/groups/acme/members/ann")
SHORT_PLAN: Mapping[str, Any] = {**PLAN, "lessons": PLAN["lessons"][:3]}
BADGE = {"name": "Data reader", "criteria": {"type": "course_passed", "course": "DATA-101"}}


@pytest.fixture(scope="module")
async def pool(postgres: str) -> AsyncIterator[asyncpg.Pool]:
    opened = await connect_pool(postgres, name="pages", size=8, role=ENROLLMENT_ROLE)
    yield opened
    await opened.close()


@pytest.fixture(scope="module")
async def campus(
    pool: asyncpg.Pool, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Campus]:
    """Ann has completed, Ben has begun, Cem is enrolled, Dora is nowhere; Eve is no member."""
    folder: Path = tmp_path_factory.mktemp("groups")
    async with campus_on(pool, folder) as school:
        await school.open("spring", plan=SHORT_PLAN)
        await school.define("reader", BADGE)
        await school.put("/enrollment/learners/ann", {"name": "Ann-Kathrin Müller"})
        seats = {one: await school.seat(one) for one in ("ann", "ben", "cem", "eve")}
        await school.put("/enrollment/groups/acme", {"name": LONG, "kind": "contract"})
        members = {"learners": ["ann", "ben", "cem", "dora"]}
        await school.post("/enrollment/groups/acme/members", members)
        await school.put("/enrollment/groups/acme/staff/auth0%7Csam")
        await school.put("/enrollment/groups/empty", {"name": "Evening class"})
        await school.policies_hear()
        await school.learn(seats["ben"], ("completed", "intro"))
        await school.learn(
            seats["ann"],
            ("completed", "intro"),
            ("completed", "tables"),
            ("scored", "quiz", 0.9),
        )
        await school.settle()
        yield school


async def test_a_sponsor_sees_how_their_members_stand(campus: Campus):
    home = await campus.read("/sponsor", lang="en", **SAM)
    assert LONG in home.text
    assert "Evening class" not in home.text
    page = await campus.read("/sponsor/groups/acme", **SAM)
    assert page.status_code == 200, page.text
    assert "of 4 members" in page.text
    assert "Ann-Kathrin Müller" in page.text
    assert 'href="/sponsor/groups/acme/members/ann"' in page.text
    assert ">eve<" not in page.text
    begun = await campus.read("/sponsor/groups/acme", stage="not_started", **SAM)
    assert "members/cem" in begun.text
    assert "members/ben" not in begun.text
    member = await campus.read("/sponsor/groups/acme/members/ann", **SAM)
    assert "Data for everybody" in member.text
    assert "0.9" not in member.text
    risk = (await campus.read("/sponsor/groups/acme/at-risk", **SAM)).text
    assert "0 of 2 members in a running course are at risk" in risk
    german = await campus.read("/sponsor/groups/acme", lang="de", **SAM)
    campus.connection.cookies.clear()  # the language that was chosen
    assert "von 4 Mitgliedern" in german.text
    assert "Daten für alle" in german.text


async def test_those_at_risk_are_paged(campus: Campus):
    rows = [
        MemberAtRisk(learner=one, course="C", course_title=None, offering=run)
        for one in ("ann", "ben", "cem")
        for run in ("autumn", "spring")
    ]
    first = members_page(rows, 4, None)
    assert first.rows == rows[:4]
    assert members_page(rows, 4, first.next) == (rows[4:], None)
    # Whom the cursor names is at risk no more.
    assert members_page(rows[:3] + rows[4:], 4, first.next) == (rows[4:], None)
    refused = await campus.read("/sponsor/groups/acme/at-risk?cursor=bm9uZQ==", **SAM)
    assert refused.status_code == 422


async def test_a_sponsor_of_many_groups_follows_as_many_as_one_may(campus: Campus):
    for number in range(MOST + 1):
        await campus.put(f"/enrollment/groups/many-{number}", {"name": f"Class {number}"})
        await campus.put(f"/enrollment/groups/many-{number}/staff/max")
    await campus.settle()
    page = (await campus.read("/sponsor", by="learner", subject="max")).text
    assert page.count("/sponsor/groups/many-") >= MOST + 1
    [topics] = re.findall(r'data-topics="([^"]*)"', page)
    assert len(topics.split()) == MOST


async def test_nobody_elses_group_is_there_and_auditors_see_no_names(campus: Campus):
    for address in ("/sponsor/groups/acme", "/sponsor/groups/acme/members/ann"):
        assert (await campus.read(address, by="learner", subject="zoe")).status_code == 404
        audited = await campus.read(address, by="auditor", subject="audrey")
        assert audited.status_code == 200
        assert "Müller" not in audited.text
    assert (
        "You look after no group"
        in (await campus.read("/sponsor", by="learner", subject="zoe")).text
    )
    for missing in ("/sponsor/groups/acme/members/eve", "/sponsor/groups/nowhere"):
        assert (await campus.read(missing, **SAM)).status_code == 404


async def test_a_registrar_keeps_a_group_by_form_and_keyboard(campus: Campus, browser: Any):
    path = "/office/groups/night-2026"
    async with projecting(campus), campus.window(browser) as window:
        page = window.page
        await window.open("/office/groups?lang=en")
        await page.fill("[name=group]", "night-2026")
        await page.fill("[name=name]", "Night school")
        await page.select_option("[name=kind]", "school_class")
        await page.keyboard.press("Tab")
        await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        await page.wait_for_url(f"**{path}")
        await page.fill("#add-members textarea", "ann\nben, cem")
        await page.click("#add-members button")
        await page.check("input[value=ben]")
        await page.click("#remove-members button")
        await page.wait_for_selector("input[value=ben]", state="detached")
        await page.fill("#assign-staff [name=subject]", "auth0|nils")
        await page.keyboard.press("Enter")
        await page.wait_for_selector("text=Remove auth0|nils")
    group = (await campus.get("/enrollment/groups/night-2026")).json()
    assert (group["kind"], group["staff"]) == ("school_class", ["auth0|nils"])
    members = (await campus.get("/dashboards/groups/night-2026/members")).json()["members"]
    assert [one["learner"] for one in members] == ["ann", "cem"]


async def test_a_page_that_is_behind_says_so_and_follows(campus: Campus, browser: Any):
    await campus.put("/enrollment/groups/late", {"name": "Late class"})
    await campus.settle()
    async with campus.window(browser) as window:
        page = window.page
        await window.open("/office/groups/late?lang=en")
        await page.fill("#add-members textarea", "ann")
        await page.click("#add-members button")
        await page.wait_for_selector("#behind")
        assert await page.locator("input[value=ann]").count() == 0
        assert await window.axe() == []
        await window.picture("office-behind")
        await page.fill("#assign-staff [name=subject]", "auth0|nils")
        async with projecting(campus):
            await page.check("input[value=ann]")
        await page.wait_for_selector("#behind", state="detached")
        assert await page.input_value("#assign-staff [name=subject]") == "auth0|nils"


@pytest.mark.parametrize("scheme", THEMES)
async def test_pages_of_groups_are_for_everybody(campus: Campus, browser: Any, scheme: str):
    shown: Mapping[str, tuple[Mapping[str, Any], Sequence[str]]] = {
        "sponsor": (SAM, ("/sponsor", *GROUP, "/sponsor/groups/acme?lang=ar")),
        "office": ({}, ("/office/groups?lang=en", "/office/groups/acme", "/office/groups/empty")),
    }
    for who, (whose, addresses) in shown.items():
        async with campus.window(browser, **whose) as window:
            for number, address in enumerate(addresses):
                await window.open(address)
                assert await window.faults(f"{who}-{number}", scheme) == [], address
        campus.connection.cookies.clear()
