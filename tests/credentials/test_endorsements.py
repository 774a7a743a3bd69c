"""An issuer of the school vouches for what another one awards, once, until it is withdrawn."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.clients import School, school_of
from tests.credentials.scenes import achievement, day, passed

from milepost.credentials.app import service
from milepost.credentials.domain.achievements.achievement import (
    AchievementState,
    evolve_achievement,
)
from milepost.credentials.domain.achievements.endorse import MAX_ENDORSEMENTS, endorse
from milepost.credentials.domain.refusals import TooManyEndorsements
from milepost.credentials.issuers.issuer import ISSUER, Profile, define, retire
from milepost.events.commands.transact import Transactor
from milepost.events.store.memory import MemoryLog
from milepost.web.room import Context
from milepost.web.settings import Settings

A = "/credentials/achievements/badge"
BADGE: dict[str, Any] = {"name": "Badge", "criteria": {"type": "course_passed", "course": "AAA"}}


@pytest.fixture
async def school(tmp_path: Path) -> AsyncIterator[School]:
    settings = Settings(data_dir=tmp_path)
    transactor = Transactor(MemoryLog())
    nowhere: Any = None  # nothing is asked of the database
    services = [service(Context(transactor, settings, nowhere))]
    whose: dict[str, Any] = {"by": "issuer", "subject": "ivy", "tenant": "school"}
    async with school_of(services, transactor, settings, **whose) as school:
        for code in ("council", "faculty", "closed"):
            await issues(school, code)
        await school.transactor.transact(
            "school", ISSUER.of("closed"), lambda state: retire(state, "closed", day(1))
        )
        yield school
    await transactor.close()


async def issues(school: School, code: str) -> None:
    profile = Profile(name=code.title())
    await school.transactor.transact(
        "school", ISSUER.of(code), lambda state: define(state, code, profile, day(0))
    )


def problem(answer, status, name):
    assert (answer.status_code, answer.json()["type"]) == (status, f"urn:milepost:problem:{name}")
    return answer.json()


async def test_only_issuers_of_the_school_that_are_not_retired_stand_for_an_achievement(school):
    await school.define("badge", {**BADGE, "issuer": "faculty", "co_issuers": ["council"]})
    body = {**BADGE, "issuer": "closed", "co_issuers": ["default", "nobody"]}
    refused = problem(await school.put(A, body), 422, "definition_invalid")
    assert refused["faults"] == [
        {"path": "$.issuer", "condition": "unknown_issuer"},
        {"path": "$.co_issuers[1]", "condition": "unknown_issuer"},
    ]
    answer = await school.of("other").put(A, {**BADGE, "issuer": "faculty"})
    assert problem(answer, 422, "definition_invalid")["faults"][0]["path"] == "$.issuer"


async def test_an_endorsement_is_given_once_and_stands_until_it_is_withdrawn(school):
    await school.define("badge", {**BADGE, "issuer": "faculty"})
    body = {"issuer": "council", "comment": "We hire by it."}
    given = (await school.post(f"{A}/endorsements", body)).json()["endorsements"]
    assert [(one["issuer"], one["comment"]) for one in given] == [("council", "We hire by it.")]
    assert (await school.post(f"{A}/endorsements", body)).json()["endorsements"] == given
    other = await school.post(f"{A}/endorsements", {**body, "comment": "No more."})
    assert problem(other, 409, "already_endorsed")["endorsement"] == given[0]["endorsement"]
    assert (await school.define("badge", BADGE))["endorsements"] == given  # of each version

    path = f"{A}/endorsements/{given[0]['endorsement']}/withdraw"
    problem(await school.post(path, {"reason": "under_review"}, by="learner"), 403, "role_missing")
    assert (await school.post(path, {"reason": "under_review"})).json()["endorsements"] == []
    problem(await school.post(path, {"reason": "under_review"}), 404, "unknown_endorsement")
    again = (await school.post(f"{A}/endorsements", body)).json()["endorsements"]
    assert again[0]["endorsement"] != given[0]["endorsement"]


@pytest.mark.parametrize(
    ("issuer", "status", "name"),
    [
        ("faculty", 409, "own_endorsement"),
        ("nobody", 404, "unknown_issuer"),
        ("closed", 409, "retired_issuer"),
    ],
)
async def test_who_awards_it_is_retired_or_not_there_endorses_nothing(school, issuer, status, name):
    await school.define("badge", {**BADGE, "issuer": "faculty"})
    problem(await school.post(f"{A}/endorsements", {"issuer": issuer}), status, name)


def test_as_many_endorsements_as_stated_and_no_more():
    state: AchievementState = achievement("badge", passed("AAA"))
    for number in range(MAX_ENDORSEMENTS):
        (event,) = endorse(
            state, "badge", f"i{number}", "", endorsement=f"e{number}", at=day(number)
        )
        state = evolve_achievement(state, event)
    with pytest.raises(TooManyEndorsements):
        endorse(state, "badge", "more", "", endorsement="e", at=day(99))
