"""The operator's console in a real browser: seen by everybody, used by keyboard alone."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest
from tests.browser import Reader, reader
from tests.clients import School
from tests.operations.console.conftest import pool, school, served

from milepost.events.integrity.results import PARTS, Difference, Result, keep
from milepost.events.parking.operator_actions import decisions, find
from milepost.events.parking.parked import Failure, park
from milepost.events.policies.reactions import run_reactions
from milepost.operations.console.jobs.worker import do_one
from milepost.operations.doctor.finding import Finding
from milepost.operations.doctor.kept import keep as keep_findings
from milepost.operations.rooms import read_models

__all__ = ["pool", "school", "served"]  # fixtures

pytestmark = pytest.mark.servers  # the browser is a process

ORIGIN = "http://127.0.0.1:8400"
PAGES = {
    "console": "/console",
    "console-integrity": "/console/integrity",
    "console-projections": "/console/projections",
    "console-projection": "/console/projections/learner_overview",
    "console-parked": "/console/parked",
    "console-subscribers": "/console/subscribers",
    "console-timers": "/console/timers",
    "console-log": "/console/log?type=learner_enrolled&since=2026-01-01",
    "console-event": "/console/log/3",
    "console-stream": "/console/streams/offering-spring",
    "console-ar": "/console?lang=ar",
    "console-event-ar": "/console/log/3?lang=ar",
}
FINDINGS = [
    Finding(name="postgres", verdict="ok", ok=True, says="answers"),
    Finding(
        name="backup",
        verdict="warning",
        ok=True,
        says="the last backup is 3 days old",
        remedy="`milepost backup FOLDER` makes one",
    ),
]


@pytest.fixture
async def scene(school: School, pool: asyncpg.Pool) -> School:
    """Something on every page: a parked event, a job, a difference, a webhook, a timer."""
    await keep_findings(pool, FINDINGS)
    began, head = await pool.fetchval("select clock_timestamp()"), await school_head(school)
    lost = Difference(kind="lost", position=3)
    for part in PARTS:
        same = Result(part=part, position=head, expected=head, found=head)
        bad = Result(
            part=part, position=head, expected=4, found=3, differences=(lost,), differing=1
        )
        await keep(pool, "default", bad if part == "stream" else same, began)
    async with pool.acquire() as connection:
        failures = [Failure("default", 1, "DATA-101", "Poison(1)", 3)]
        await park(connection, "policy/planted", failures)
    await pool.execute(
        "insert into consumer.timers values ('default', 'seat-offers', 3, now() + interval '2 h')"
        " on conflict do nothing"
    )
    await school.post("/webhooks", {"url": "https://192.88.98.7/hook"}, key="a-webhook")
    await school.post("/operations/jobs", {"action": "build", "model": "learner_overview"})
    while await do_one(pool, read_models()):
        pass
    await school.post("/operations/jobs", {"action": "rebuild", "model": "catalog"}, key="a-job")
    [enrolled] = await school.transactor.log.read("default", 2, 1)
    for policy in school.policies:
        if enrolled.type in {tag for _, tag in policy.types}:
            reactions = await policy.react(enrolled)
            await run_reactions(school.transactor, policy.name, enrolled, reactions)
    return school


async def school_head(school: School) -> int:
    return (await school.transactor.log.heads())["default"]


@asynccontextmanager
async def window(browser: Any, school: School, **options: Any) -> AsyncIterator[Reader]:
    school.connection.cookies.clear()  # another window's language is not this one's
    headers = school.headers(by="operator", subject="olga")
    async with reader(
        browser, ORIGIN, school.connection, extra_http_headers=headers, **options
    ) as opened:
        await opened.page.route("**/live?*", _quiet)
        yield opened


async def _quiet(route: Any) -> None:
    """What tells pages of changes is another room's: here nothing is told, for ten minutes."""
    await route.fulfill(content_type="text/event-stream", body="retry: 600000\n\n")


@pytest.mark.slow
async def test_they_are_seen_by_everybody(browser: Any, scene: School):
    """Axe finds nothing in either theme, nothing sticks out."""
    async with window(browser, scene) as opened:
        for name, address in PAGES.items():
            assert (await opened.open(address)).status == 200
            assert await opened.faults(name, "light", "dark") == []


async def test_a_parked_event_is_tried_again_by_keyboard_alone(
    browser: Any, scene: School, pool: asyncpg.Pool
):
    async with window(browser, scene) as opened:
        await opened.open("/console/parked")
        await tab_to(opened, "document.activeElement.getAttribute('href')?.includes('/parked/')")
        await opened.page.keyboard.press("Enter")
        await opened.page.wait_for_url("**/console/parked/*")
        await tab_to(opened, "document.activeElement.id == 'retry-reason'")
        await opened.page.keyboard.type("mended")
        async with opened.page.expect_response("**/retry") as sent:
            await opened.page.keyboard.press("Enter")
        assert (await sent.value).status == 202
        await opened.page.wait_for_selector("text=To be tried again")
        number = int(opened.page.url.rpartition("/")[2])
    found = await find(pool, number)
    assert found.status == "retry"
    [decided] = await decisions(pool, found)
    assert (decided.decision, decided.actor, decided.reason) == ("retry", "olga", "mended")


async def test_what_is_given_up_is_typed_first(browser: Any, scene: School):
    async with window(browser, scene) as opened:
        await opened.open("/console/projections/learner_overview")
        give_up = opened.page.locator("#form-drop button")
        assert await give_up.is_disabled()
        await opened.page.fill("#confirm-drop", "learner_overview")
        async with opened.page.expect_response("**/operations/jobs") as sent:
            await give_up.click()
        assert (await sent.value).status == 202
        await opened.page.wait_for_url("**/console/projections")
        assert "Give up what was built" in await opened.page.inner_text("main")
        await opened.open("/console/timers")  # the other asks again while a job runs


async def tab_to(opened: Reader, there: str) -> None:
    """Until what has the focus is what is meant."""
    for _ in range(60):
        await opened.page.keyboard.press("Tab")
        if await opened.page.evaluate(there):
            return
    raise AssertionError(f"{there} is not reached")
