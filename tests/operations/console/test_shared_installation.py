"""Where other schools are, an operator acts on the rows of their own alone."""

from typing import Any

import asyncpg
from tests.clients import School
from tests.dashboards.history import project, rows

from milepost.events.parking.parked import Failure, park
from milepost.operations.console.jobs.worker import do_one
from milepost.operations.rooms import read_models

OFFICE: dict[str, Any] = {"by": "registrar", "subject": "office", "tenant": "north"}
MODEL = "learner_overview"


async def test_what_is_of_all_schools_is_left_alone(school: School, pool: asyncpg.Pool):
    assert (await school.publish(**OFFICE)).status_code == 201
    opened = await school.put("/enrollment/offerings/spring", {"course": "DATA-101"}, **OFFICE)
    assert opened.status_code == 201
    assert (await school.enroll("zoe", **OFFICE)).status_code == 201
    await project(pool)
    theirs = await rows(pool, "north")
    asked = await school.post("/operations/jobs", {"action": "rebuild", "model": MODEL})
    assert asked.json()["whole"] is False
    # Theirs waits: there is one build of a model at a time.
    built = await school.post("/operations/jobs", {"action": "build", "model": MODEL})
    assert built.status_code == 202
    for _ in range(2):
        assert await do_one(pool, read_models())
    others = await school.post(
        "/operations/jobs", {"action": "build", "model": MODEL}, tenant="north"
    )
    assert others.json()["type"].endswith("rebuild_of_others")
    assert await rows(pool, "north") == theirs
    rollback = {"action": "rollback", "model": MODEL, "confirm": MODEL}
    refused = await school.post("/operations/jobs", rollback)
    assert refused.status_code == 409


async def test_what_another_school_has_parked_is_not_there(school: School, pool: asyncpg.Pool):
    async with pool.acquire() as connection:
        failure = Failure("default", 1, "DATA-101", "Poison(1)", 3)
        await park(connection, "projection/catalog", [failure])
    [one] = (await school.get("/operations/parked")).json()["parked"]
    path = f"/operations/parked/{one['parked']}"
    assert (await school.get("/operations/parked", tenant="north")).json()["parked"] == []
    nothing = await school.get("/operations/parked?consumer=%00")  # Postgres stores no NUL
    assert nothing.status_code == 400, nothing.text
    assert (await school.get(path, tenant="north")).status_code == 404
    assert (await school.post(f"{path}/retry", {}, tenant="north")).status_code == 404
    wrong = await school.post(f"{path}/skip", {"reason": "spent", "confirm": 2})
    assert wrong.json()["expected"] == 1
    skipped = await school.post(f"{path}/skip", {"reason": "spent", "confirm": 1})
    assert [(one["decision"], one["by"]) for one in skipped.json()["decisions"]] == [
        ("skip", "olga")
    ]
