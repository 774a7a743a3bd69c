"""An employer judges a badge of ours without us: by what is published, and a picture of it."""

import json
from datetime import UTC, datetime
from typing import Any

from tests.clients import Client, Running
from tests.eventually import eventually
from tests.journeys.test_issuing import BADGE, awarded, document, step

from milepost.credentials.verification.report import Report
from milepost.credentials.verification.verifier import Question, Verifier


async def published(anybody: Client, badge: Any, tenant: str) -> dict[str, bytes]:
    """The issuer's document and the status lists, as an employer would download them."""
    entries = badge["credentialStatus"]
    lists = entries if isinstance(entries, list) else [entries]
    addresses = {badge["issuer"]["id"], *(one["statusListCredential"] for one in lists)}
    found = {}
    for address in addresses:
        kind = "issuers" if address == badge["issuer"]["id"] else "status"
        answer = await anybody.get(f"/{kind}/{tenant}{address.partition(tenant)[2]}")
        assert answer.status_code == 200, answer.text
        found[address] = answer.content
    return found


async def judged(data: bytes, documents: dict[str, bytes], issuer: str) -> Report:
    question = Question(at=datetime.now(UTC), trusted=frozenset({issuer}))
    return await Verifier(documents=documents).verify(data, question)


async def test_it_is_judged_by_what_is_published_alone(school: Running, tenant: str):
    async with school.client("issuer", tenant=tenant) as office:
        await office.define("analyst", BADGE, by="issuer")
        credential = await awarded(office)
        text = (await document(office, credential)).encode()
        badge, issuer = json.loads(text), json.loads(text)["issuer"]["id"]
        documents = await published(office, badge, tenant)
        forms = [text, (await document(office, credential, "vc.jwt")).encode()]
        for form in ("png", "svg"):
            picture = await office.get(f"/c/{credential}.{form}")
            assert picture.status_code == 200, picture.text
            forms.append(picture.content)
        for data in forms:
            report = await judged(data, documents, issuer)
            assert report.verdict == "valid", report
        assert (await judged(text, {}, issuer)).verdict == "undecided"

        await step(office, credential, "revoke")

        async def revoked() -> bool:
            later = await published(office, badge, tenant)
            return (await judged(text, later, issuer)).verdict == "not_valid"

        await eventually(revoked)
