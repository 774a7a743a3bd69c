"""From an award to what others verify: signed, the same each time, until it is revoked."""

import asyncio
import json
from typing import Any

from tests.clients import Client, Running
from tests.eventually import eventually

BADGE = {
    "name": "Data analyst",
    "criteria": {"type": "course_passed", "course": "data"},
    "validity_days": 365,
}


async def awarded(office: Client, learner: str = "ana") -> str:
    answer = await office.post(
        f"/credentials/learners/{learner}/credentials",
        {"achievement": "analyst", "reason": "prior_learning"},
    )
    assert answer.status_code == 201, answer.text
    credential: str = answer.json()["credential"]
    path = f"/credentials/learners/{learner}/credentials/{credential}/shares"
    shared = await office.post(path, {"kind": "public"}, by="service")
    assert shared.status_code in {200, 201}, shared.text
    return credential


async def document(anybody: Client, credential: str, form: str = "json") -> str:
    async def found() -> str:
        answer = await anybody.get(f"/c/{credential}.{form}")
        return answer.text if answer.status_code == 200 else ""

    return await eventually(found)


async def verdict(anybody: Client, presented: Any) -> tuple[str, dict[str, str]]:
    answer = await anybody.post("/credentials/verify", {"credential": presented})
    assert answer.status_code == 200, answer.text
    report = answer.json()
    return report["verdict"], {one["check"]: one["outcome"] for one in report["checks"]}


async def step(office: Client, credential: str, name: str, **facts: Any) -> None:
    path = f"/credentials/learners/ana/credentials/{credential}/{name}"
    answer = await office.post(path, {"reason": "under_review", **facts})
    assert answer.status_code == 200, answer.text


async def test_what_was_awarded_is_verified_until_it_is_taken_back(school: Running, tenant: str):
    async with school.client("issuer", tenant=tenant) as office:
        await office.define("analyst", BADGE, by="issuer")
        credential = await awarded(office)
        text = await document(office, credential)
        assert await document(office, credential) == text
        badge = json.loads(text)
        assert badge["credentialSubject"]["achievement"]["name"] == "Data analyst"
        assert '"ana"' not in text
        forms = [badge, *[await document(office, credential, one) for one in ("jwt", "vc.jwt")]]
        for presented in forms:
            assert (await verdict(office, presented))[0] == "valid", presented
        changed = {**badge, "name": "Data scientist"}
        assert (await verdict(office, changed))[0] == "not_valid"

        async def judged() -> bool:
            return (await verdict(office, badge))[0] == "not_valid"

        await step(office, credential, "suspend")
        await eventually(judged)
        await step(office, credential, "reinstate")
        await eventually(lambda: _valid(office, badge))
        await step(office, credential, "revoke")
        await eventually(judged)


async def _valid(anybody: Client, badge: Any) -> bool:
    return (await verdict(anybody, badge))[0] == "valid"


async def test_keys_are_made_once_rotated_and_retired(school: Running, tenant: str):
    async with school.client("operator", tenant=tenant) as office:
        await office.define("analyst", BADGE, by="operator")
        credential = await awarded(office)
        await document(office, credential)
        texts = await asyncio.gather(*(document(office, credential) for _ in range(8)))
        assert len(set(texts)) == 1
        first = json.loads(texts[0])["proof"][0]["verificationMethod"]
        issuer = (await office.get("/credentials/issuers/default")).json()
        assert sorted(one["algorithm"] for one in issuer["keys"]) == ["ES256", "Ed25519"]

        rotated = await office.post("/credentials/issuers/default/keys/rotate", {})
        assert rotated.status_code == 200, rotated.text
        # What was awarded before is still signed by the key of its time.
        assert await document(office, credential) == texts[0]
        later = json.loads(await document(office, await awarded(office, "ben")))
        assert later["proof"][0]["verificationMethod"] != first
        published = (await office.get(f"/issuers/{tenant}/default")).json()
        assert {first, later["proof"][0]["verificationMethod"]} <= set(published["assertionMethod"])

        key = first.partition("#")[2]
        path = f"/credentials/issuers/default/keys/{key}/retire"
        retired = await office.post(path, {"compromised": True})
        assert retired.status_code == 200, retired.text
        assert (await verdict(office, json.loads(texts[0])))[0] == "not_valid"
        anew = json.loads(await document(office, credential))
        assert anew["proof"][0]["verificationMethod"] != first
        assert (await verdict(office, anew))[0] == "valid"


async def test_a_status_list_says_how_long_it_may_be_kept(school: Running, tenant: str):
    async with school.client("issuer", tenant=tenant) as office:
        await office.define("analyst", BADGE, by="issuer")
        badge = json.loads(await document(office, await awarded(office)))
        address = badge["credentialStatus"]["statusListCredential"]
        path = address.partition(tenant)[2]
        answer = await office.get(f"/status/{tenant}{path}")
        assert answer.status_code == 200, answer.text
        subject = answer.json()["credentialSubject"]
        assert answer.headers["cache-control"] == f"public, max-age={subject['ttl'] // 1000}"
        again = await office.get(
            f"/status/{tenant}{path}", headers={"If-None-Match": answer.headers["etag"]}
        )
        assert again.status_code == 304


async def test_nothing_is_published_of_who_is_not_there(school: Running, tenant: str):
    async with school.client("issuer", tenant=tenant) as office:
        for path in (
            "/issuers/nobody/default",
            f"/issuers/{tenant}/nobody",
            f"/status/{tenant}/default/https/999/revocation",
            f"/status/{tenant}/nobody/https/0/revocation",
            f"/achievements/{tenant}/nothing/1",
            f"/endorsements/{tenant}/nothing/one",
        ):
            answer = await office.get(path)
            assert (path, answer.status_code) == (path, 404)


async def test_a_later_definition_or_profile_changes_no_badge(school: Running, tenant: str):
    async with school.client("issuer", tenant=tenant) as office:
        chamber = await office.put("/credentials/issuers/chamber", {"name": "Chamber"})
        assert chamber.status_code == 200, chamber.text
        await office.define("analyst", {**BADGE, "co_issuers": ["chamber"]}, by="issuer")
        credential = await awarded(office)
        text = await document(office, credential)
        [together] = json.loads(text)["endorsement"]
        assert together["issuer"]["name"] == "Chamber"
        path = together["id"].partition("/endorsements/")[2]
        published = await office.get(f"/endorsements/{path}")
        assert published.json() == together
        await office.define("analyst", {**BADGE, "name": "Data scientist"}, by="issuer")
        renamed = {"name": "Institute", "did": True, "hashed_recipient": False}
        await office.put("/credentials/issuers/default", renamed)
        assert await document(office, credential) == text
        assert (await verdict(office, json.loads(text)))[0] == "valid"


async def test_each_issuer_vouches_for_its_own_by_whatever_id(school: Running, tenant: str):
    async with school.client("issuer", tenant=tenant) as office:
        badges = []
        for did in (False, True):
            profile = {"name": "Chamber", "did": did}
            await office.put("/credentials/issuers/chamber", profile)
            await office.define("analyst", {**BADGE, "issuer": "chamber"}, by="issuer")
            badges.append(json.loads(await document(office, await awarded(office, f"ana-{did}"))))
        ids = [one["issuer"]["id"] for one in badges]
        assert [one.partition(":")[0] for one in ids] == ["http", "did"]
        for badge in badges:
            assert (await verdict(office, badge))[0] == "valid", badge["issuer"]["id"]
