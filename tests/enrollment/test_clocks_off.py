"""A clock that is a little off, either way: what it says is dated to the boundary, not refused."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.clients import School, school_of
from tests.clocks import Clock
from tests.enrollment.test_http import problem

from milepost.contracts.ids import enrollment_id
from milepost.enrollment.app import service
from milepost.events.commands.transact import Transactor
from milepost.events.store.memory import MemoryLog
from milepost.web.room import Context
from milepost.web.settings import Settings

NOW = datetime(2026, 3, 2, 9, 0, 0, 600_000, tzinfo=UTC)
ANA = enrollment_id("spring", "ana")
BEN = enrollment_id("spring", "ben")
WITHIN = [timedelta(microseconds=1), timedelta(seconds=3), timedelta(seconds=300)]


@pytest.fixture
def clock() -> Clock[datetime]:
    return Clock(NOW)


@pytest.fixture
async def school(tmp_path: Path, clock: Clock[datetime]) -> AsyncIterator[School]:
    settings = Settings(data_dir=tmp_path)
    transactor = Transactor(MemoryLog())
    nowhere: Any = None  # nothing is asked of the database
    services = [service(Context(transactor, settings, nowhere, clock))]
    async with school_of(services, transactor, settings) as school:
        yield school
    await transactor.close()


def said(at: datetime, **facts: object) -> dict[str, object]:
    return {"occurred_at": at.isoformat(), **facts}


async def entered(school: School) -> None:
    await school.open()
    assert (await school.enroll("ana")).status_code == 201


async def gone(school: School) -> None:
    await entered(school)
    assert (await school.withdraw(ANA)).status_code == 200


async def suspended(school: School) -> None:
    await entered(school)
    assert (await school.step(ANA, "suspend", {"reason": "fee"})).status_code == 200


async def reinstated(school: School) -> None:
    await suspended(school)
    assert (await school.step(ANA, "reinstate")).status_code == 200


async def two_runs(school: School) -> None:
    await entered(school)
    assert (
        await school.put("/enrollment/offerings/autumn", {"course": "DATA-101"})
    ).status_code == 201


BEHIND = [
    (entered, "withdraw", {"reason": "no_time"}, "enrollment_withdrawn"),
    (entered, "suspend", {"reason": "fee"}, "enrollment_suspended"),
    (gone, "enroll", {}, "learner_enrolled"),
    (suspended, "reinstate", {}, "enrollment_reinstated"),
    (suspended, "withdraw", {"reason": "no_time"}, "enrollment_withdrawn"),
    (reinstated, "suspend", {"reason": "fee"}, "enrollment_suspended"),
    (two_runs, "transfer", {"to": "autumn", "reason": "illness"}, "enrollment_transferred"),
]


async def do(school: School, step: str, facts: dict[str, object]) -> int:
    if step == "enroll":
        return (await school.enroll("ana", facts=facts)).status_code
    return (await school.step(ANA, step, facts)).status_code


@pytest.mark.parametrize("before", WITHIN, ids=str)
@pytest.mark.parametrize("kind", BEHIND, ids=lambda kind: f"{kind[0].__name__}, {kind[1]}")
async def test_what_a_clock_that_is_behind_says_is_dated_to_what_was_before(
    school: School, kind: Any, before: timedelta
) -> None:
    begun, step, facts, fact = kind
    await begun(school)
    # By what is known the one before it happened now, whole seconds or not.
    assert await do(school, step, said(NOW - before, **facts)) in {200, 201}
    log = await school.transactor.log.read(school.tenant)
    assert [one.occurred_at for one in log if one.type == fact][-1] == NOW


async def test_a_clock_that_is_further_behind_is_refused(school: School) -> None:
    too_far = NOW - timedelta(seconds=301)
    await entered(school)
    assert await do(school, "withdraw", said(too_far, reason="no_time")) == 409
    assert (await school.withdraw(ANA)).status_code == 200
    assert await do(school, "enroll", said(too_far)) == 409


@pytest.mark.parametrize("ahead", WITHIN, ids=str)
async def test_an_invitation_that_is_valid_now_is_so_to_a_clock_that_is_ahead(
    school: School, ahead: timedelta
) -> None:
    await school.open(invitation_only=True)
    body = {"email": "ana@example.org", "expires": (NOW + timedelta(microseconds=1)).isoformat()}
    issued = (await school.post("/enrollment/offerings/spring/invitations", body)).json()
    shown = {name: issued[name] for name in ("invitation", "code")}
    facts = said(NOW + ahead, invited={**shown, "email": "ana@example.org"})
    answer = await school.enroll("ana", facts=facts, by="learner", subject="ana")
    assert answer.status_code == 201, answer.text


async def test_an_invitation_runs_out_or_is_revoked(school: School, clock: Clock[datetime]) -> None:
    await school.open(invitation_only=True)
    body = {"email": "ana@example.org", "expires": (NOW + timedelta(hours=1)).isoformat()}
    issued = (await school.post("/enrollment/offerings/spring/invitations", body)).json()
    shown = {name: issued[name] for name in ("invitation", "code")}
    asked: Any = {"facts": {"invited": {**shown, "email": "ana@example.org"}}}
    asked |= {"by": "learner", "subject": "ana"}
    clock.now = NOW + timedelta(hours=1)
    problem(await school.enroll("ana", **asked), 409, "invitation_expired")
    await school.post(f"/enrollment/invitations/{issued['invitation']}/revoke")
    problem(await school.enroll("ana", **asked), 403, "invitation_invalid")


@pytest.mark.parametrize("ahead", WITHIN, ids=str)
async def test_an_offer_that_stands_now_stands_to_a_clock_that_is_ahead(
    school: School, clock: Clock[datetime], ahead: timedelta
) -> None:
    await school.open(seats=1, waitlist=True, offer_hours=1)
    await school.enroll("ana")
    await school.enroll("ben")
    await school.withdraw(ANA)
    await school.policies_hear()
    clock.now = NOW + timedelta(hours=1) - timedelta(microseconds=1)
    facts = said(clock.now + ahead)
    answer = await school.step(BEN, "accept", facts, by="learner", subject="ben")
    assert (answer.status_code, answer.json().get("state")) == (200, "enrolled"), answer.text
