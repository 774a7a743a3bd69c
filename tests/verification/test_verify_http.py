"""`POST /credentials/verify`, by anybody with a token."""

import base64
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.clients import Response, School, school_of
from tests.verification.issuing import AT, BEFORE, Issuer, entry

from milepost.credentials.app import service
from milepost.credentials.open_badges.baking import bake_svg
from milepost.events.commands.transact import Transactor
from milepost.events.store.memory import MemoryLog
from milepost.web.room import Context
from milepost.web.settings import Settings

ISSUER = Issuer(identifier=None)
COUNCIL = Issuer(identifier=None)
BADGE = {"name": "SQL", "criteria": {"type": "course_passed", "course": "SQL"}}
ABOVE = {"name": "Data", "criteria": {"type": "achievement_held", "achievement": "sql"}}
OFFICE: dict[str, Any] = {"by": "issuer", "subject": "ivy"}
SVG = bake_svg(b'<svg xmlns="http://www.w3.org/2000/svg"/>', json.dumps(ISSUER.signed()))


@pytest.fixture
async def school(tmp_path: Path) -> AsyncIterator[School]:
    settings = Settings(data_dir=tmp_path, verify_trusted=f"https://a.example {COUNCIL.id}")
    transactor = Transactor(MemoryLog())
    nowhere: Any = None  # nothing is asked of the database
    services = [service(Context(transactor, settings, nowhere))]
    async with school_of(services, transactor, settings, by="learner", subject="ann") as school:
        yield school
    await transactor.close()


async def verdict(school: School, **body: Any) -> str:
    answer = await school.post("/credentials/verify", body)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["verdict"])


async def test_it_may_be_a_document_a_jwt_or_a_picture(school: School):
    picture = "data:image/svg+xml;base64," + base64.b64encode(SVG).decode()
    for credential in (ISSUER.signed(), picture):
        assert await verdict(school, credential=credential) == "undecided"
        assert await verdict(school, credential=credential, trusted=[ISSUER.id]) == "valid"
    assert await verdict(school, credential=ISSUER.vc_jwt(), trusted=[ISSUER.id]) == "undecided"


async def test_whom_it_is_about_is_asked_for_in_the_body(school: School):
    known = {"credential": ISSUER.signed(), "trusted": [ISSUER.id]}
    assert await verdict(school, **known, recipient="ann@example.org") == "valid"
    assert await verdict(school, **known, recipient="bob@example.org") == "not_valid"


async def test_a_file_is_judged_as_it_is(school: School):
    answer = await school.post("/credentials/verify/file", content=SVG)
    assert answer.status_code == 200
    body = answer.json()
    assert (body["verdict"], body["credential"]["format"]) == ("undecided", "svg")
    none = await school.post("/credentials/verify/file", content=b"hello")
    assert (none.status_code, none.json()["verdict"]) == (200, "not_valid")


@pytest.mark.parametrize(
    "body", [{}, {"credential": "data:image/png;base64,é"}, {"credential": {}, "x": 1}], ids=str
)
async def test_what_is_no_question_is_refused(school: School, body: dict[str, Any]):
    assert (await school.post("/credentials/verify", body)).status_code == 400


async def test_a_name_that_stands_twice_in_the_credential_is_not_overlooked(school: School):
    text = json.dumps(ISSUER.signed())[:-1] + ', "name": "another"}'
    content = f'{{"credential": {text}, "trusted": ["{ISSUER.id}"]}}'
    answer = await school.post(
        "/credentials/verify", content=content, headers={"Content-Type": "application/json"}
    )
    assert answer.json()["checks"][0]["reason"] == "unreadable"


async def recognize(school: School, issuer: Issuer, recipient: str, **changed: Any) -> Response:
    body = {
        "credential": issuer.signed(**changed),
        "recipient": recipient,
        "achievement": "sql",
        "reason": "prior_learning",
    }
    return await school.post("/credentials/learners/ann/recognitions", body, **OFFICE)


async def test_a_credential_from_elsewhere_is_the_evidence_of_an_award(school: School):
    await school.put("/credentials/achievements/sql", BADGE, **OFFICE)
    await school.put("/credentials/achievements/data", ABOVE, **OFFICE)
    ends = AT + timedelta(days=400_000)
    answer = await recognize(school, COUNCIL, "ann@example.org", valid_until=ends)
    assert answer.status_code == 201, answer.text
    body = answer.json()
    assert body["evidence"] == [{"source": "https://badges.example.edu/c/1"}]
    assert (body["awarded_by"], body["reason"]) == ("ivy", "prior_learning")
    assert body["valid_until"] == ends.isoformat().replace("+00:00", "Z")
    record = (await school.get("/credentials/learners/ann/record")).json()
    assert {one["achievement"] for one in record["credentials"]} == {"sql", "data"}
    again = await recognize(school, COUNCIL, "ann@example.org")
    assert (again.status_code, again.json()["title"]) == (409, "Already held")


@pytest.mark.parametrize(
    ("issuer", "recipient", "changed", "checks"),
    [
        (ISSUER, "ann@example.org", {}, ["issuer: issuer_unknown"]),
        (COUNCIL, "bob@example.org", {}, ["recipient: other_person"]),
        (COUNCIL, "ann@example.org", {"valid_until": BEFORE}, ["dates: expired"]),
        (COUNCIL, "ann@example.org", {"credential_status": entry()}, ["status: status_unknown"]),
    ],
    ids=["unknown issuer", "somebody else's", "expired", "status unknown"],
)
async def test_what_is_not_valid_or_not_the_learners_awards_nothing(
    school: School, issuer: Issuer, recipient: str, changed: dict[str, Any], checks: list[str]
):
    await school.put("/credentials/achievements/sql", BADGE, **OFFICE)
    answer = await recognize(school, issuer, recipient, **changed)
    assert answer.status_code == 422, answer.text
    assert answer.json()["checks"] == checks
    record = (await school.get("/credentials/learners/ann/record")).json()
    assert record["credentials"] == []


async def test_a_learner_recognizes_nothing(school: School):
    answer = await school.post("/credentials/learners/ann/recognitions", {})
    assert answer.status_code == 403
