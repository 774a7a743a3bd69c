"""`POST /credentials/verify`, by anybody with a token."""

import base64
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.clients import School, school_of
from tests.verification.issuing import Issuer

from milepost.credentials.app import service
from milepost.credentials.open_badges.baking import bake_svg
from milepost.events.commands.transact import Transactor
from milepost.events.store.memory import MemoryLog
from milepost.web.room import Context
from milepost.web.settings import Settings

ISSUER = Issuer(identifier=None)
SVG = bake_svg(b'<svg xmlns="http://www.w3.org/2000/svg"/>', json.dumps(ISSUER.signed()))


@pytest.fixture
async def school(tmp_path: Path) -> AsyncIterator[School]:
    settings = Settings(data_dir=tmp_path, verify_trusted="https://a.example https://b.example")
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
