"""To an instructor, another offering's looks like what is not there; their own is there.

Every route of every room is asked: as the instructor of another offering, as one of none, and as
the offering's own.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import asyncpg
import pytest
from litestar import Litestar
from litestar.routes import HTTPRoute
from tests.clients import School
from tests.dashboards.history import project
from tests.house.test_idempotency import done, key_dir, one_school, pool, school
from tests.house.test_not_yours import NOT_THERE, Route, ask, routes, theirs

from milepost.progress import wait_for_opening
from milepost.web.auth.own_offerings import INSTRUCTOR

__all__ = ["key_dir", "one_school", "pool", "school", "theirs"]  # fixtures

IVO: Mapping[str, Any] = {"by": INSTRUCTOR, "subject": "ivo"}  # teaches spring, where Ana is
INES: Mapping[str, Any] = {"by": INSTRUCTOR, "subject": "ines"}  # teaches autumn
NINA: Mapping[str, Any] = {"by": INSTRUCTOR, "subject": "nina"}  # teaches nothing
MISSING = {**NOT_THERE, "offering": "no-such-offering"}
# What an offering is, anybody may know who has a token.
CATALOG = {
    "GET /enrollment/offerings",
    "GET /enrollment/offerings/{offering}",
    "GET /dashboards/catalog/offerings",
    "GET /dashboards/catalog/search",
}
# Whoever searches says for what.
NEEDED = {"/dashboards/catalog/search": "/dashboards/catalog/search?q=autumn"}
# A job is taken, whatever its rows name: what came of each says what is not there
# (tests/jobs/test_progress_jobs.py).
STARTS = {"POST /progress/jobs"}
# About what is presented, from wherever: it names no offering.
PRESENTED = {"POST /credentials/verify", "POST /credentials/verify/file"}
SCORES = "/progress/jobs?kind=scores&offering=spring"
MARK = b'{"learner": "ana", "lesson": "exam", "score": 1}'
NDJSON = {"Content-Type": "application/x-ndjson"}
# Reads that are not for a role alone, and that an offering's own instructor may make.
READS = {
    "GET /dashboards/credentials",
    "GET /dashboards/enrollments",
    "GET /dashboards/learners/{learner}",
    "GET /enrollment/enrollments/{enrollment}",
    "GET /progress/enrollments",
    "GET /progress/enrollments/{enrollment}",
}


@pytest.fixture
async def ids(
    school: School,
    theirs: Mapping[str, str],
    pool: asyncpg.Pool,
    monkeypatch: pytest.MonkeyPatch,
) -> Mapping[str, str]:
    """What is in Ivo's offering, by the name that routes know its id by."""
    # Nobody waits here for what is about to come.
    monkeypatch.setattr(wait_for_opening, "GRACE_SECONDS", 0.0)
    await school.open("autumn")
    await done(school.put("/enrollment/offerings/spring/instructors/ivo"))
    await done(school.put("/enrollment/offerings/autumn/instructors/ines"))
    await done(school.enroll("cleo", "autumn"))
    await school.policies_hear()
    await project(pool)
    started = await done(school.ask("POST", SCORES, content=MARK, headers=NDJSON, **IVO))
    return {**theirs, "offering": "spring", "progress_job": started.json()["job"]}


def within(route: Route, ids: Mapping[str, str]) -> Mapping[str, str]:
    """Jobs of progress are not those of enrollment."""
    own = {"job": ids["progress_job"]} if route.path.startswith("/progress/") else {}
    return {**{name: one for name, one in ids.items() if name != "progress_job"}, **own}


async def every_route(school: School) -> Sequence[Route]:
    """Those that read come first: afterwards dashboards would wait for what was written."""
    document = (await school.get("/schema/openapi.json")).json()
    asked = (route for route in routes(document) if route.name not in STARTS | PRESENTED)
    return sorted(asked, key=lambda route: route.method != "get")


async def test_what_is_another_offerings_is_told_as_what_is_not_there(
    school: School, ids: Mapping[str, str]
):
    secret = [one for name, one in ids.items() if name not in {"learner", "offering"}]
    tried = 0
    for route in await every_route(school):
        here = within(route, ids)
        named = here.keys() & {*route.parameters, *route.queries}
        for by in (INES, NINA):
            missing = await ask(school, route, MISSING, by)
            assert missing[0] < 500, f"{route.name}: {missing}"
            for asked in (here, *({**MISSING, name: here[name]} for name in named)):
                told = await ask(school, route, asked, by)
                assert route.name in CATALOG or told == missing, f"{route.name} as {by['subject']}"
                assert not any(one in told[1] for one in secret), route.name
        tried += bool(named)
    assert tried > 25


@pytest.mark.usefixtures("ids")
async def test_without_a_name_nothing_of_another_offering_is_listed(school: School):
    for route in await every_route(school):
        if route.parameters or route.method != "get":
            continue
        for by, own in ((INES, {"autumn"}), (NINA, set())):
            answer = await school.get(NEEDED.get(route.path, route.path), **by)
            assert answer.status_code in (200, 403), f"{route.name}: {answer.text}"
            told = {one for one in ("spring", "autumn") if f'"{one}"' in answer.text}
            assert route.name in CATALOG or told <= own, f"{route.name}: {answer.text}"


async def test_what_is_their_own_is_there(school: School, ids: Mapping[str, str]):
    app: Any = school.connection._transport
    allowed = (READS | for_instructors(app.app)) - STARTS - PRESENTED
    tried = set()
    for route in await every_route(school):
        if route.name not in allowed:
            continue
        own = await ask(school, route, within(route, ids), IVO)
        assert own[0] != 403, f"{route.name}: {own}"
        assert own != await ask(school, route, MISSING, IVO), route.name
        tried.add(route.name)
    assert tried == allowed


def for_instructors(app: Litestar) -> set[str]:
    """The routes of the API that name the role; pages have tests of their own."""
    return {
        f"{method} {route.path_format}"
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for handler in route.route_handlers
        for method in handler.http_methods
        if INSTRUCTOR in (handler.opt.get("roles") or ()) and not handler.opt.get("page")
    }
