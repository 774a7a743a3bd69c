"""A credential's address leads to its page: by an index in Postgres that a handler fills."""

from uuid import uuid4

import asyncpg
import pytest
from msgspec.structs import replace
from tests.clients import School
from tests.house.test_idempotency import achievement, done, key_dir, one_school, pool, school

from milepost.credentials.credential_index import ADD, CredentialIndex, indexing, personal_data
from milepost.credentials.issuers.register import Register, registering
from milepost.web.room import Learner

__all__ = ["key_dir", "one_school", "pool", "school"]  # fixtures


@pytest.fixture
async def credential(school: School) -> str:
    await achievement(school)
    given = await done(school.award("ana", {"achievement": "badge", "reason": "exam_seen"}))
    return str(given.json()["credential"])


async def heard(school: School, pool: asyncpg.Pool) -> None:
    """All awards, twice: the second time nothing is left to do."""
    handler = indexing()
    for recorded in [*await school.transactor.log.read(school.tenant)] * 2:
        if ("credentials", recorded.type) in handler.types:
            async with pool.acquire() as connection, connection.transaction():
                await handler.handle(connection, recorded)


async def test_its_address_leads_to_its_page(school: School, pool: asyncpg.Pool, credential: str):
    index = CredentialIndex(pool)
    assert await index.find(credential) is None
    await heard(school, pool)
    assert await index.find(credential) == (school.tenant, "ana")
    page = f"/c/{credential}"
    assert (await school.connection.get(page)).status_code == 404
    shares = f"/credentials/learners/ana/credentials/{credential}/shares"
    whose = {"by": "learner", "subject": "ana"}
    person = {"name": "Ana Ćirić"}
    await done(school.put("/enrollment/learners/ana", person, **whose))
    await done(school.post(shares, {"kind": "public", "shows_name": True}, **whose))
    seen = await school.connection.get(page)
    assert seen.status_code == 200
    assert "Awarded to Ana Ćirić" in seen.text
    await done(school.post("/enrollment/learners/ana/erase", {}, **whose))
    assert "Ćirić" not in (await school.connection.get(page)).text


async def test_a_batch_numbers_awards_as_they_stand_in_the_log_and_only_once(
    school: School, pool: asyncpg.Pool, credential: str
):
    others = []
    for learner in ("ben", "cid", "dan"):
        given = await done(school.award(learner, {"achievement": "badge", "reason": "exam_seen"}))
        others.append(given.json()["credential"])
    revoked = f"/credentials/learners/cid/credentials/{others[1]}/revoke"
    await done(school.post(revoked, {"reason": "awarded_in_error"}))
    handler, register = registering(), Register(pool)
    assert handler.handle_all is not None
    log = await school.transactor.log.read(school.tenant)
    batch = [one for one in log if ("credentials", one.type) in handler.types]
    for some in (batch[:2], batch, batch):
        async with pool.acquire() as connection, connection.transaction():
            await handler.handle_all(connection, some)
    ordinals = [await register.ordinal(school.tenant, one) for one in [credential, *others]]
    assert ordinals == [0, 1, 2, 3]
    assert await register.count(school.tenant) == 4
    assert await register.set_bits(school.tenant, 0, 9, "revocation") == [2]


async def test_an_id_of_two_schools_has_a_number_and_a_status_at_each(
    school: School, pool: asyncpg.Pool, credential: str
):
    revoke = f"/credentials/learners/ana/credentials/{credential}/revoke"
    await done(school.post(revoke, {"reason": "awarded_in_error"}))
    handler, register = registering(), Register(pool)
    assert handler.handle_all is not None
    log = await school.transactor.log.read(school.tenant)
    batch = [one for one in log if ("credentials", one.type) in handler.types]
    elsewhere = [replace(one, tenant=f"{one.tenant}-2") for one in batch[:1]]
    for some in (batch, elsewhere):
        async with pool.acquire() as connection, connection.transaction():
            await handler.handle_all(connection, some)
    for tenant, bits in ((school.tenant, [0]), (f"{school.tenant}-2", [])):
        assert await register.ordinal(tenant, credential) == 0
        assert await register.set_bits(tenant, 0, 9, "revocation") == bits


async def test_what_is_no_id_is_nobodys(pool: asyncpg.Pool):
    index = CredentialIndex(pool)
    for text in ("", "x" * 1_000, "a\0b", "'; drop table", "Ä"):
        assert await index.find(text) is None


async def test_an_id_of_two_schools_leads_to_neither(pool: asyncpg.Pool):
    index, credential = CredentialIndex(pool), str(uuid4())
    await pool.execute(ADD, [credential], ["north"], ["ana"])
    assert await index.find(credential) == ("north", "ana")
    await pool.execute(ADD, [credential], ["south"], ["ben"])
    assert await index.find(credential) is None


async def test_a_learners_export_has_it(school: School, pool: asyncpg.Pool, credential: str):
    await heard(school, pool)
    async with pool.acquire() as connection:
        kept = await personal_data(connection, Learner(school.tenant, "ana", ()))
    (row,) = kept["credential_pages.json"].rows
    assert credential.encode() in bytes(row)
