"""To a learner, what is another's looks like what is not there: the same status, the same body.

Ids can be computed or guessed. A difference would tell who is enrolled, erased or invited.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from uuid import uuid4

import pytest
from tests.clients import Response, School
from tests.documented import METHODS
from tests.house.test_idempotency import (
    CASES,
    achievement,
    done,
    joined,
    key_dir,
    one_school,
    passed,
    pool,
    program,
    run_of_today,
    school,
)

from milepost.contracts.ids import enrollment_id

__all__ = ["key_dir", "one_school", "pool", "school"]  # fixtures

ZOE: Mapping[str, Any] = {"by": "learner", "subject": "zoe"}
# What everybody may know of, or what no learner may ask for at all, whatever its id.
PUBLIC = {
    "achievement": "badge",
    "attempt": "1",
    "course": "DATA-101",
    "delivery": "msg_0199f1c2-9d0b-7f10-8a63-51c7a0f4be22",
    "endorsement": "0b8f7a52-6d1c-4a58-9f43-5f0f3c7d2e11",
    "issuer": "default",
    "key": "z6MkrHKzgsahxBLyNAbLQyB1pcWNYC9GmywiWPgkrvntAZcj",
    "language": "en",
    "lesson": "intro",
    "offering": "spring",
    "parked": "1",
    "program": "analyst",
    "subject": "ines",
    "subscriber": "payroll",
    "tenant": "north",
    "version": "1",
    "webhook": "0199f1c2-7a3e-7c51-9d5e-2f6b8a1c4d70",
}
BODIES = {case.route: case.body for case in CASES} | {
    "PUT /enrollment/learners/{learner}": {"name": "Ana"},
}
# What some routes want to be told beside the path.
QUERIES = {"reason": "mistake", "version": "1", "after": "0"}
# Many ids, and for each what a read of it alone would answer.
LOOK_UPS = {
    "GET /progress/enrollments",
    "GET /credentials/learners",
    "GET /enrollment/offerings",
}
# No projector runs here; tests/dashboards/test_figures_http.py asks it where one does.
NO_MODEL = {"GET /dashboards/enrollments/{enrollment}"}
# Each request has another.
CORRELATION = re.compile(r'"correlation":"[^"]*"|retry: [0-9]+')
NOT_THERE = {
    "credential": str(uuid4()),
    "enrollment": enrollment_id("spring", "nobody-of-that-name"),
    "group": "no-such-group",
    "invitation": str(uuid4()),
    "job": str(uuid4()),
    "learner": "nobody-of-that-name",
    "link": "0" * 64,
}


class Route(NamedTuple):
    method: str
    path: str
    parameters: tuple[str, ...]
    queries: tuple[str, ...]

    @property
    def name(self) -> str:
        return f"{self.method.upper()} {self.path}"


def routes(document: Mapping[str, Any]) -> Iterator[Route]:
    for path, item in document["paths"].items():
        for method in METHODS:
            asked = item.get(method, {}).get("parameters", ())
            # Whoever has a credential's address may look at it: that is what it is for.
            if method in item and item[method].get("security") != [{}]:
                yield Route(
                    method,
                    path,
                    tuple(one["name"] for one in asked if one["in"] == "path"),
                    tuple(one["name"] for one in asked if one["in"] == "query"),
                )


@pytest.fixture
async def theirs(school: School) -> Mapping[str, str]:
    """What Ana has here, by the name that routes know its id by."""
    await run_of_today(school)
    await passed(school)
    await achievement(school)
    await program(school)
    await joined(school)
    given = await done(school.award("ana", {"achievement": "badge", "reason": "exam_seen"}))
    body = {"email": "ana@example.org", "expires": "2099-01-01T00:00:00Z"}
    page = f"/credentials/learners/ana/credentials/{given.json()['credential']}"
    shared = await done(
        school.post(f"{page}/shares", {"kind": "link"}, by="learner", subject="ana")
    )
    invited = await done(school.post("/enrollment/offerings/spring/invitations", body))
    job = await done(
        school.ask(
            "POST",
            "/enrollment/jobs",
            content=b'{"learner": "ana", "offering": "spring"}',
            headers={"Content-Type": "application/x-ndjson"},
        )
    )
    return {
        "credential": given.json()["credential"],
        "enrollment": enrollment_id("spring", "ana"),
        "group": "acme",
        "invitation": invited.json()["invitation"],
        "job": job.json()["job"],
        "learner": "ana",
        "link": shared.json()["links"][0]["link"],
    }


async def ask(
    school: School, route: Route, ids: Mapping[str, str], by: Mapping[str, Any] = ZOE
) -> tuple[int, str]:
    """What Zoe, or who else asks, is told, without the ids that they asked for."""
    path = route.path.format_map({**PUBLIC, **ids})
    known = {**QUERIES, **ids}
    queries: dict[str, Any] = {name: known[name] for name in route.queries if name in known}
    body = _naming(BODIES.get(route.name), ids)
    content: dict[str, Any] = {"content": body} if isinstance(body, bytes) else {"json": body}
    answer = await school.ask(route.method.upper(), path, **by, **content, **queries)
    return answer.status_code, _without(answer, ids)


def _naming(body: Any, ids: Mapping[str, str]) -> Any:
    named = ids if isinstance(body, dict) else {}
    return {**body, **{name: one for name, one in named.items() if name in body}} if named else body


def _without(answer: Response, ids: Mapping[str, str]) -> str:
    text = CORRELATION.sub("", answer.text)
    for name, one in sorted(ids.items()):
        text = re.sub(rf"(?<![\w-]){re.escape(one)}(?![\w-])", f"<{name}>", text)
    return text


async def test_what_is_anothers_is_told_as_what_is_not_there(
    school: School,
    theirs: Mapping[str, str],
):
    document = (await school.get("/schema/openapi.json")).json()
    tried = 0
    for route in routes(document):
        unknown = set(route.parameters) - PUBLIC.keys() - theirs.keys()
        assert not unknown, f"{route.name}: whose is {unknown}?"
        if not theirs.keys() & {*route.parameters, *route.queries}:
            continue
        for name in {*route.parameters, *route.queries} & theirs.keys():
            # One id at a time, then all: Ana's credential under a learner who is not there, too.
            missing = await ask(school, route, NOT_THERE)
            for ids in (theirs, {**NOT_THERE, name: theirs[name]}):
                status, text = await ask(school, route, ids)
                refused = status in (403, 404) or route.name in LOOK_UPS | NO_MODEL
                assert refused, f"{route.name}: {status} {text}"
                assert (status, text) == missing, route.name
                assert route.name not in LOOK_UPS or '"found"' not in text, route.name
        tried += 1
    assert tried > 20
