"""The pages of who issues: what they say of a guild's credentials, and that their forms work."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import asyncpg
import pytest
from tests.browser import THEMES, reader
from tests.clients import Client, connection_to
from tests.dashboards.conftest import pool
from tests.dashboards.desk import happens
from tests.dashboards.history import Life, offered, project, record
from tests.dashboards.test_issuers import NOW, award, defined, then
from tests.dashboards.test_lists_http import published
from tests.tenants import new_tenant

from milepost.contracts.achievements import AllOf, CoursePassed
from milepost.contracts.courses import Skill
from milepost.contracts.issuers import IssuerDefined
from milepost.contracts.records import (
    CourseResultNoted,
    CredentialAccepted,
    CredentialAwarded,
    CredentialFlagged,
    CredentialRevoked,
    CredentialSuspended,
    Evidence,
)
from milepost.events.commands.transact import Transactor
from milepost.events.store.postgres import PostgresLog
from milepost.operations.rooms import services_of
from milepost.web.app import create_app
from milepost.web.auth.development_issuer import DevelopmentIssuer
from milepost.web.auth.tokens import TokenVerifier
from milepost.web.room import Context
from milepost.web.settings import Settings

__all__ = ["pool"]  # a fixture

pytestmark = pytest.mark.servers

ORIGIN = "http://127.0.0.1:8400"
MONDAY = (NOW - timedelta(days=NOW.weekday())).replace(hour=12)
WELDING = Skill(name="weld metal", url="https://skills.example/weld", framework="ESCO")
PAGES = {
    "overview": "/issue",
    "register": "/issue/register",
    "credential": "/issue/register/zoe/weld.zoe",
    "achievements": "/issue/achievements",
    "achievement": "/issue/achievements/weld",
    "impact": "/issue/achievements/weld/impact?number=95",
    "keys": "/issue/keys",
}


def noted(learner: str, grade: float, position: int) -> Any:
    return f"record-{learner}", CourseResultNoted(
        learner=learner,
        course="WLD",
        version=1,
        offering="spring",
        enrollment=f"spring.{learner}",
        grade=grade,
        position=position,
    )


async def opened(pool: asyncpg.Pool, tenant: str) -> None:
    """A guild that awards welding; Zoe earned it by a course, of others only the award is told."""
    criteria = AllOf(criteria=(CoursePassed(course="WLD", min_grade=0.6),))
    zoe = Life("spring", "zoe", course="WLD")
    await happens(
        pool,
        tenant,
        [("issuer-guild", IssuerDefined(issuer="guild", version=1, name="Guild of Welders"))],
        [published("WLD", "Joining metal"), offered("spring", course="WLD")],
        [
            defined(
                "weld",
                name="Welding & joining",
                issuer="guild",
                criteria=criteria,
                description="Joins metal by heat.",
                skills=(WELDING,),
                validity_days=365,
                names={"de": "Schweißen"},
            ),
            defined("safe", name="Safety at work", issuer="guild"),
        ],
        zoe.enrolls(),
        zoe.completes(grade=0.9),
    )
    earned = await pool.fetchval(
        "select position from log.events where tenant = $1 and type = 'course_completed'", tenant
    )
    evidence = Evidence(
        position=earned, course="WLD", offering="spring", enrollment="spring.zoe", grade=0.9
    )
    awarded = CredentialAwarded(
        credential="weld.zoe",
        learner="zoe",
        achievement="weld",
        achievement_version=1,
        evidence=(evidence,),
        valid_from=NOW - timedelta(days=90),
        valid_until=NOW + timedelta(days=20),
        issuer="guild",
        issuer_name="Guild of Welders",
        grade=0.9,
    )
    await happens(
        pool,
        tenant,
        [noted("zoe", 0.9, earned), ("record-zoe", awarded), then("zoe", CredentialAccepted)],
        [then("zoe", CredentialFlagged, reason="grade_fell", position=earned)],
    )
    for weeks, number in ((14, 3), (9, 5), (8, 2), (2, 4)):
        some = [award(f"learner-{weeks:02}-{one}", days=one * 9) for one in range(1, number + 1)]
        await record(pool, tenant, some, MONDAY - timedelta(weeks=weeks))
    await happens(
        pool,
        tenant,
        [then("learner-09-3", CredentialSuspended, reason="inquiry")],
        [then("learner-09-5", CredentialRevoked, reason="misconduct")],
    )


@pytest.fixture(scope="module")
async def guild(
    pool: asyncpg.Pool, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Client]:
    tenant, settings = new_tenant(), Settings(data_dir=tmp_path_factory.mktemp("guild"))
    await opened(pool, tenant)
    transactor = Transactor(PostgresLog(pool))
    services = services_of("all", Context(transactor, settings, pool))
    app = create_app(services, settings, TokenVerifier(settings), ready={})
    async with connection_to(app, raises=False) as connection:
        issuer = DevelopmentIssuer(settings.data_dir)
        yield Client(connection, issuer, by=["issuer", "operator"], subject="ike", tenant=tenant)
    await transactor.close()


async def text(guild: Client, address: str, language: str = "en", **whose: Any) -> str:
    headers = {**guild.headers(**whose), "Accept-Language": language}
    answer = await guild.connection.get(address, headers=headers)
    assert answer.status_code == 200, answer.text
    return " ".join(answer.text.split())


async def test_the_overview_says_what_was_awarded_and_what_ends(guild):
    html = await text(guild, "/issue")
    assert "Guild of Welders" in html
    assert "14 credentials were awarded; most, 5, in the week from" in html
    assert "credentials end in the next 90 days" in html
    assert 'href="/issue/register/learner-09-5/weld.learner-09-5"' in html
    assert "Wait for your decision" in html
    assert "Schweißen" in await text(guild, "/issue", "de")


async def test_the_register_is_filtered_and_goes_on(guild):
    html = await text(guild, "/issue/register?status=suspended&learner=&flagged=&achievement=")
    assert html.count('<th scope="row">') == 1
    assert "/issue/register/learner-09-3/weld.learner-09-3" in html
    assert "status=suspended&amp;format=csv_with_bom" in html
    assert "No such credentials" in await text(guild, "/issue/register?learner=nobody")


async def test_a_credential_is_shown_down_to_the_events_that_earned_it(guild):
    html = await text(guild, PAGES["credential"])
    assert "<code>course_completed</code>" in html
    assert "Joining metal" in html
    assert "It waits for your decision." in html
    assert "Left standing" not in html
    assert 'data-command="POST /credentials/learners/zoe/credentials/weld.zoe/revoke"' in html
    assert "/c/weld.zoe" in html
    read_only = await text(guild, PAGES["credential"], by="auditor")
    assert "data-command" not in read_only
    unknown = await guild.connection.get("/issue/register/zoe/weld.nobody", headers=guild.headers())
    assert unknown.status_code == 404


async def test_a_change_of_criteria_shows_whom_it_costs_before_it_is_published(guild):
    html = await text(guild, "/issue/achievements/weld")
    assert 'name="number" value="60"' in html
    html = await text(guild, "/issue/achievements/weld/impact?number=95")
    assert "Would not earn what they hold" in html
    assert "/issue/register/zoe/weld.zoe" in html
    assert 'name="criteria" value="{&#34;type&#34;:&#34;all_of&#34;' in html
    for wrong in ("number=200", "number=1&number=2", "number=-1"):
        answer = await guild.connection.get(
            f"/issue/achievements/weld/impact?{wrong}", headers=guild.headers()
        )
        assert answer.status_code == 400, wrong


async def test_only_who_holds_keys_may_rotate_them(guild):
    assert "/keys/rotate" in await text(guild, "/issue/keys")
    html = await text(guild, "/issue/keys", by="issuer")
    assert "/keys/rotate" not in html
    assert "milepost keys rotate" in html


@pytest.mark.parametrize("scheme", THEMES)
async def test_issuers_pages_are_seen_by_everybody(browser: Any, guild: Client, scheme: str):
    headers = guild.headers()
    async with reader(browser, ORIGIN, guild.connection, extra_http_headers=headers) as window:
        for name, address in PAGES.items():
            await window.open(address)
            assert await window.faults(f"issue-{name}", scheme) == []


async def test_by_keyboard_a_credential_is_revoked_and_another_definition_published(
    browser: Any, guild: Client, pool: asyncpg.Pool
):
    headers = guild.headers()
    async with reader(browser, ORIGIN, guild.connection, extra_http_headers=headers) as window:
        page = window.page
        await window.open("/issue/register/learner-02-1/weld.learner-02-1")
        await page.locator("#suspend-reason").focus()
        await page.keyboard.type("inquiry")
        await page.keyboard.press("Enter")
        await page.wait_for_selector("#reinstate-reason")
        await page.locator("#revoke-reason").focus()
        await page.keyboard.type("misconduct")
        await page.keyboard.press("Tab")
        await page.keyboard.type("learner-02-1")
        await page.keyboard.press("Enter")
        await page.wait_for_selector("text=Revoked")
        await window.open("/issue/achievements/weld/impact?number=55")
        await page.locator("#confirm-weld").focus()
        await page.keyboard.type("weld")
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/issue/achievements/weld")
        await page.wait_for_selector("text=55 %")
    await project(pool)
    assert "Revoked" in await text(guild, "/issue/register?learner=learner-02-1")
