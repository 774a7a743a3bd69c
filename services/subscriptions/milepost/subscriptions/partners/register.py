"""Who is subscribed on NATS, read from the log; and the file of accounts that follows from it.

The log says which keys there are, the table how each is recognized. Whoever changed either writes
the file: one at a time, each by what all before it have written, so none is lost.
"""

import asyncio
import secrets
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

import asyncpg
import bcrypt
import msgspec

from milepost.events.log import Log
from milepost.events.projections.tables import Connection
from milepost.events.streams import key_of
from milepost.subscriptions.partners.accounts import Account, User, rendered
from milepost.subscriptions.partners.subscriber import SUBSCRIBER, Subscriber
from milepost.web import secret_file

# Of 192 random bits nothing can be guessed, so that a high cost would only be paid by the server,
# for whoever tries a wrong one.
COST: Final = 4
LOCK: Final = 4_120_937_201  # any number, the same everywhere: one writes the file at a time


class Named(msgspec.Struct, frozen=True):
    """A subscriber that is there."""

    tenant: str
    name: str
    state: Subscriber


class Secret(msgspec.Struct, frozen=True):
    key: str
    secret: str

    @classmethod
    def new(cls) -> "Secret":
        return cls(secrets.token_hex(4), secrets.token_urlsafe(24))

    @property
    def digest(self) -> str:
        return bcrypt.hashpw(self.secret.encode(), bcrypt.gensalt(COST)).decode()


async def subscribers_of(log: Log, tenants: Iterable[str]) -> list[Named]:
    """Those that are there, by tenant and name."""
    found = await asyncio.gather(*(_of_tenant(log, tenant) for tenant in sorted(tenants)))
    return [one for some in found for one in some]


async def _of_tenant(log: Log, tenant: str) -> list[Named]:
    states: dict[str, Subscriber] = {}
    for recorded in await log.read_category(tenant, SUBSCRIBER.name):
        name = key_of(recorded.stream)
        states[name] = SUBSCRIBER.fold([recorded], states.get(name))
    return [Named(tenant, name, states[name]) for name in sorted(states) if states[name].added]


async def everywhere(pool: "asyncpg.Pool | Connection", log: Log) -> list[Named]:
    """Of all schools. Whoever was added has a key first, so the table tells where to look."""
    rows = await pool.fetch("select distinct tenant from partners.keys")
    return await subscribers_of(log, [row["tenant"] for row in rows])


class Register:
    """Who is subscribed, as one process has read it: again only what may have changed."""

    def __init__(self, pool: asyncpg.Pool, log: Log) -> None:
        self._pool, self._log = pool, log
        self._heads: dict[str, int] = {}
        self._named: dict[str, list[Named]] = {}

    async def everywhere(self) -> list[Named]:
        """As `everywhere` does."""
        rows = await self._pool.fetch("select distinct tenant from partners.keys")
        tenants = {row["tenant"] for row in rows}
        heads = await self._log.heads() if tenants else {}  # before what is read up to them
        for tenant in tenants:
            if self._heads.get(tenant) != heads.get(tenant):
                self._named[tenant] = await _of_tenant(self._log, tenant)
                self._heads[tenant] = heads.get(tenant, 0)
        return [one for tenant in sorted(tenants) for one in self._named.get(tenant, ())]


async def keep(pool: asyncpg.Pool, tenant: str, name: str, secret: Secret) -> None:
    """How its key is recognized. The secret itself is nowhere."""
    await pool.execute(
        "insert into partners.keys (tenant, subscriber, key, digest) values ($1, $2, $3, $4)",
        tenant,
        name,
        secret.key,
        secret.digest,
    )


async def forget(pool: asyncpg.Pool, tenant: str, name: str, keys: Sequence[str]) -> None:
    await pool.execute(
        "delete from partners.keys where tenant = $1 and subscriber = $2 and key = any($3)",
        tenant,
        name,
        list(keys),
    )


async def accounts(pool: "asyncpg.Pool | Connection", log: Log) -> list[Account]:
    """With the keys that the log knows of, valid or not any more."""
    rows = await pool.fetch("select tenant, subscriber, key, digest from partners.keys")
    digests = {(row["tenant"], row["subscriber"], row["key"]): row["digest"] for row in rows}
    named = await subscribers_of(log, {row["tenant"] for row in rows})
    return [Account(one.tenant, one.name, _users(one, digests)) for one in named]


def _users(named: Named, digests: Mapping[tuple[str, str, str], str]) -> list[User]:
    keys = (
        (key, until, (named.tenant, named.name, key)) for key, until in named.state.keys.items()
    )
    return [User(key, digests[where], until) for key, until, where in keys if where in digests]


async def write_accounts(pool: asyncpg.Pool, log: Log, path: Path, now: datetime) -> bool:
    """Bring the file up to date; whether it was not. Raises `OSError`."""
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("select pg_advisory_xact_lock($1)", LOCK)
        content = rendered(await accounts(connection, log), now).encode()
        if await asyncio.to_thread(_holds, path, content):
            return False
        await asyncio.to_thread(secret_file.replace_readable, path, content)
    return True


def _holds(path: Path, content: bytes) -> bool:
    return path.exists() and path.read_bytes() == content
