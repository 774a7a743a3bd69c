"""The secrets of webhooks: made here, stored sealed, opened when something is signed.

A secret is stored before the log names its key: who dies between the two leaves a row that no key
names. The same command, sent again, finds it and goes on with it.
"""

import os
from collections.abc import Sequence
from typing import Final

import asyncpg

from milepost.events.runtime.lru_cache import LruCache
from milepost.subscriptions.webhooks.domain.signing import SECRET_BYTES, Secret
from milepost.subscriptions.webhooks.domain.webhook import Key, NewKey
from milepost.subscriptions.webhooks.events import Scheme
from milepost.web.problems import Problem
from milepost.web.secrets.sealing import Locked, Purpose, Sealing

KEPT: Final = 5_000


class SecretsLocked(Locked):
    """The webhooks' secrets are sealed with a key that this process was not given."""

    def problem(self) -> Problem:
        return Problem(
            status=503,
            name="secrets_locked",
            title="Secrets locked",
            detail="The webhook's secret cannot be opened here: MILEPOST_WEBHOOK_KEY is another "
            "one than it was sealed with. Nothing is lost: try again later.",
            headers={"Retry-After": "60"},
        )


WEBHOOK_KEY: Final = Purpose(
    setting="webhook_key",
    folder="webhooks",
    used="select fingerprint from webhooks.sealing_key",
    use="insert into webhooks.sealing_key (fingerprint) values ($1) on conflict do nothing",
    sealed="select exists (select from webhooks.secrets)",
    locked=SecretsLocked,
)


class Secrets:
    """Of every tenant; what was opened once is kept in memory."""

    def __init__(self, pool: asyncpg.Pool, sealing: Sealing) -> None:
        self._pool = pool
        self._sealing = sealing
        self._opened: LruCache[tuple[str, str, str], Secret] = LruCache(KEPT)

    async def prepare(self, tenant: str, webhook: str, key: str, scheme: Scheme) -> NewKey:
        """A new secret of this name, or the one that is there. Raises `SecretsLocked`."""
        sealing = await self._sealing.key()
        sealed = sealing.seal(os.urandom(SECRET_BYTES), tenant, webhook, key, scheme)
        await self._pool.execute(_INSERT, tenant, webhook, key, scheme, sealed)
        [secret] = await self.open(tenant, webhook, [key])
        return NewKey(key=key, scheme=secret.scheme, public_key=secret.public_key)

    async def open(self, tenant: str, webhook: str, keys: Sequence[str]) -> list[Secret]:
        """In the order of the keys. Raises `SecretsLocked`, also where there is none."""
        unknown = [key for key in keys if not self._opened.get((tenant, webhook, key))]
        if unknown:
            sealing = await self._sealing.key()
            for row in await self._pool.fetch(_SELECT, tenant, webhook, unknown):
                bound = (tenant, webhook, row["key"], row["scheme"])
                value = sealing.unseal(row["sealed"], *bound)
                secret = Secret(row["key"], row["scheme"], value)
                self._opened.put((tenant, webhook, row["key"]), secret)
        found = [self._opened.get((tenant, webhook, key)) for key in keys]
        if None in found:
            raise SecretsLocked
        return [one for one in found if one is not None]

    async def forget(self, tenant: str, webhook: str, keys: Sequence[Key]) -> None:
        """These alone: a key that the log does not name yet may be somebody's next one."""
        for one in keys:
            self._opened.discard((tenant, webhook, one.key))
        await self._pool.execute(_DELETE, tenant, webhook, [one.key for one in keys])

    async def forget_strays(self, tenant: str, known: Sequence[str]) -> None:
        """What is a day old and belongs to none of these webhooks: its maker died, or a remover."""
        await self._pool.execute(_DELETE_STRAYS, tenant, list(known))


_INSERT = """insert into webhooks.secrets (tenant, webhook, key, scheme, sealed)
values ($1, $2, $3, $4, $5) on conflict do nothing"""
_SELECT = """select key, scheme, sealed from webhooks.secrets
where tenant = $1 and webhook = $2 and key = any($3)"""
_DELETE = "delete from webhooks.secrets where tenant = $1 and webhook = $2 and key = any($3)"
_DELETE_STRAYS = """delete from webhooks.secrets
where tenant = $1 and webhook <> all($2) and created_at < now() - interval '1 day'"""
