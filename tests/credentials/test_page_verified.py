"""A credential of a whole installation: its page, its forms, verified by a browser itself."""

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
from tests.browser import Reader, chromium, reader
from tests.clients import School
from tests.house.test_idempotency import achievement, done, key_dir, one_school, pool, school

from milepost.credentials.credential_index import indexing
from milepost.credentials.issuers.register import registering
from milepost.credentials.open_badges.baking import unbake
from milepost.credentials.open_badges.jwt import read_jwt

__all__ = ["key_dir", "one_school", "pool", "school"]  # fixtures

pytestmark = pytest.mark.servers
ORIGIN = "http://127.0.0.1:8400"  # of the settings as they are
ANA: dict[str, Any] = {"by": "learner", "subject": "ana"}


class Shown(School):
    """Ana's credential, shown to everybody."""

    pool: asyncpg.Pool
    credential: str

    @property
    def steps(self) -> str:
        return f"/credentials/learners/ana/credentials/{self.credential}"

    async def handled(self) -> None:
        """What the handlers of this service hear, once."""
        log = await self.transactor.log.read(self.tenant, limit=1_000)
        for handler in (indexing(), registering()):
            for recorded in log:
                if ("credentials", recorded.type) in handler.types:
                    async with self.pool.acquire() as connection, connection.transaction():
                        await handler.handle(connection, recorded)


@pytest.fixture
async def shown(school: School, pool: asyncpg.Pool) -> Shown:
    await achievement(school)
    given = await done(school.award("ana", {"achievement": "badge", "reason": "exam_seen"}))
    school.__class__ = Shown
    assert isinstance(school, Shown)
    school.pool, school.credential = pool, given.json()["credential"]
    await school.handled()
    await done(school.post(f"{school.steps}/shares", {"kind": "public"}, **ANA))
    return school


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Any]:
    async with chromium() as opened:
        yield opened


async def verified(window: Reader) -> tuple[str, dict[str, str]]:
    """The outcome, and how each check ended."""
    await window.page.click("#verifier button")
    await window.page.wait_for_selector("#verifier[data-outcome]")
    checks = await window.page.eval_on_selector_all(
        ".checks li", "all => all.map(one => [one.dataset.check, one.dataset.state])"
    )
    return await window.page.get_attribute("#verifier", "data-outcome"), dict(checks)


async def test_the_browser_believes_it_until_it_is_revoked(browser: Any, shown: Shown):
    page = f"/c/{shown.credential}"
    async with reader(browser, ORIGIN, shown.connection) as window:
        await window.open(page)
        outcome, checks = await verified(window)
        assert (outcome, set(checks.values())) == ("valid", {"good"}), checks
        jwt = (await shown.connection.get(f"{page}.vc.jwt")).text
        head, body, signature = jwt.split(".")
        other = "A" if signature[0] != "A" else "B"
        window.answers = {f"{page}.vc.jwt": f"{head}.{body}.{other}{signature[1:]}".encode()}
        await window.open(page)
        outcome, checks = await verified(window)
        assert (outcome, checks["signature"]) == ("invalid", "bad")
        window.answers = {}
        revoked = {"reason": "issued_in_error"}
        await done(shown.post(f"{shown.steps}/revoke", revoked, by="issuer"))
        await shown.handled()
        await window.open(page)
        outcome, checks = await verified(window)
        assert (outcome, checks["status"], checks["signature"]) == ("invalid", "bad", "good")
        assert "Revoked" in await window.page.inner_text("main")


async def test_all_its_forms_hold_the_same_credential(shown: Shown):
    page, get = f"/c/{shown.credential}", shown.connection.get
    document = await get(f"{page}.json")
    assert document.headers["content-type"] == "application/vc"
    assert document.json()["id"] == f"{ORIGIN}{page}"
    for accept in ("application/json", "application/vc", "application/ld+json"):
        assert (await get(page, headers={"Accept": accept})).content == document.content
    for form in ("png", "svg"):
        assert unbake((await get(f"{page}.{form}")).content).encode() == document.content
    for form in ("jwt", "vc.jwt"):
        assert read_jwt((await get(f"{page}.{form}")).text).document["id"] == document.json()["id"]
    own = await shown.get(f"{shown.steps}/document", **ANA)
    assert own.content == document.content
