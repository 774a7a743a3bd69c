"""Whose a credential is, by its id alone: an address names no school.

A table that a handler fills from the log, in the transaction of its checkpoint.
"""

from collections.abc import Mapping, Sequence

import asyncpg
import msgspec

from milepost.contracts.records import CredentialAwarded
from milepost.events.codec import Codec
from milepost.events.event import tag_of
from milepost.events.log import Recorded
from milepost.events.projections.tables import Connection
from milepost.events.subscriptions.handler import TransactionalHandler
from milepost.web.room import KeptRows, Learner

# What a log of before may hold is longer than an id; nobody's credential is.
MAX_ID = 128

FIND = "select tenant, learner from credentials.public_credential where credential = $1 limit 2"
ADD = """insert into credentials.public_credential (credential, tenant, learner)
    select * from unnest($1::text[], $2::text[], $3::text[]) on conflict do nothing"""
# A page is looked at by people: it may come so much later than the award.
REST_SECONDS = 0.1
OF_LEARNER = """select to_jsonb(c) as row from credentials.public_credential c
    where tenant = $1 and learner = $2 order by credential"""

_AWARDS: Codec[CredentialAwarded] = Codec(CredentialAwarded)


class CredentialIndex:
    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def find(self, credential: str) -> tuple[str, str] | None:
        """School and learner; a moment after the award at the latest. None: it is nobody's, or an
        id of two schools, as there were before the school was a part of it.
        """
        if len(credential) > MAX_ID or "\0" in credential:
            return None
        rows = await self._pool.fetch(FIND, credential)
        return (rows[0]["tenant"], rows[0]["learner"]) if len(rows) == 1 else None


def indexing() -> TransactionalHandler:
    async def handle(connection: Connection, recorded: Recorded) -> None:
        await _add(connection, [recorded])

    return TransactionalHandler(
        "credential-index",
        (("credentials", tag_of(CredentialAwarded)),),
        handle,
        handle_all=_add,
        rest_seconds=REST_SECONDS,
    )


async def _add(connection: Connection, batch: Sequence[Recorded]) -> None:
    awards = [_AWARDS.read(one) for one in batch]
    await connection.execute(
        ADD,
        [one.credential for one in awards],
        [one.tenant for one in batch],
        [one.learner for one in awards],
    )


async def personal_data(connection: Connection, learner: Learner) -> Mapping[str, KeptRows]:
    rows = await connection.fetch(OF_LEARNER, learner.tenant, learner.learner)
    about = "Whose each credential's page is."
    return {"credential_pages.json": KeptRows(about, [msgspec.Raw(row["row"]) for row in rows])}
