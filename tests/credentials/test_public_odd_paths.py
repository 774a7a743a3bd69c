"""Addresses that nobody would type are not there; none is a fault of ours."""

import pytest
from tests.credentials.test_page_verified import ORIGIN, Shown, shown
from tests.house.test_idempotency import key_dir, one_school, pool, school

__all__ = ["key_dir", "one_school", "pool", "school", "shown"]  # fixtures

pytestmark = pytest.mark.servers
ODD = ("%00", "a%00b", "%ff", "%ED%A0%80", "a" * 3_000, "..%2f..", "%F0%9F%98%80", "%0a")
PLACES = (
    "/c/{}",
    "/c/{}.json",
    "/c/static/{}",
    "/issuers/{}/default",
    "/issuers/default/{}",
    "/issuers/default/{}/did.json",
    "/achievements/{}/badge/1",
    "/achievements/default/{}/1",
    "/achievements/default/badge/{}",
    "/endorsements/{}/badge/x",
    "/endorsements/default/{}/x",
    "/endorsements/default/badge/co-{}",
    "/endorsements/default/badge/co-{}-x",
    "/status/{}/default/https/0/revocation",
    "/status/default/{}/https/0/revocation",
    "/status/default/default/{}/0/revocation",
    "/status/default/default/https/{}/revocation",
    "/status/default/default/https/0/{}",
)


async def test_odd_addresses_are_not_there(shown: Shown):
    places = (*PLACES, f"/c/{shown.credential}.{{}}")
    asked = [place.format(odd) for place in places for odd in ODD]
    told = {one[:60]: (await shown.connection.get(one)).status_code for one in asked}
    assert {one: code for one, code in told.items() if code not in {404, 400}} == {}
    assert not await shown.pool.fetch("select from credentials.issuer_keys")


@pytest.mark.parametrize(
    "issuer",
    ["{}/issuers/%00/x", "{}/issuers/default/a%00b", "did:web:127.0.0.1%3A8400:issuers:%00:x"],
)
async def test_what_names_such_an_address_is_not_valid(shown: Shown, issuer: str):
    document = (await shown.connection.get(f"/c/{shown.credential}.json")).json()
    document["issuer"]["id"] = named = issuer.format(ORIGIN)
    document["proof"][0]["verificationMethod"] = f"{named}#x"
    document["credentialStatus"]["statusListCredential"] = (
        f"{ORIGIN}/status/%00/default/https/0/revocation"
    )
    answer = await shown.post("/credentials/verify", {"credential": document})
    assert answer.status_code == 200, answer.text
    assert answer.json()["verdict"] != "valid"
