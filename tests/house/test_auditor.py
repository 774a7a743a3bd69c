"""An auditor reads what staff reads, and changes nothing: every route of every room is asked."""

from collections.abc import Mapping
from typing import Any

import asyncpg
from tests.clients import School
from tests.dashboards.history import project
from tests.house.test_idempotency import key_dir, one_school, pool, school
from tests.house.test_not_yours import ask, routes, theirs

__all__ = ["key_dir", "one_school", "pool", "school", "theirs"]  # fixtures

AVA: Mapping[str, Any] = {"by": "auditor", "subject": "ava"}
# What leads to a learner's name, and secrets: `docs/concepts/roles.md`.
NOT_READ = {
    "GET /webhooks/{webhook}/secret",
    "GET /credentials/learners/{learner}/credentials/{credential}/document",
    "GET /credentials/learners/{learner}/credentials/{credential}/shares",
    "GET /enrollment/learners/{learner}",
    "GET /enrollment/learners/{learner}/export",
}
# Asked by POST for the size of the question.
QUESTIONS = {"POST /credentials/verify", "POST /credentials/verify/file"}


async def test_an_auditor_reads_everything_and_changes_nothing(
    school: School, theirs: Mapping[str, str], pool: asyncpg.Pool
):
    await school.policies_hear()
    await project(pool)
    document = (await school.get("/schema/openapi.json")).json()
    before, read = await school.happened(), 0
    for route in routes(document):
        status, text = await ask(school, route, theirs, AVA)
        if route.name in NOT_READ or (route.method != "get" and route.name not in QUESTIONS):
            refused = "role_missing" in text or "not_your_own" in text
            assert (status, refused) == (403, True), f"{route.name}: {status} {text}"
        else:
            assert status not in {401, 403}, f"{route.name}: {text}"
            read += status == 200
    assert read > 25
    assert await school.happened() == before
