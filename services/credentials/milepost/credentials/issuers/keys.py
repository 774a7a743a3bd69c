"""The keys that issuers sign with: made when they are first needed, opened when they are used.

The private key is stored, sealed, before the log says that there is such a key: who dies between
the two leaves a key that nobody knows of. Of two processes that make one, the log takes the first.
"""

import os
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Generic, TypeVar

import asyncpg
import msgspec
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from milepost.contracts.issuers import KeyAlgorithm
from milepost.credentials.issuers.issuer import ISSUER, Issuer, add_key
from milepost.credentials.issuers.sealing import KeysLocked
from milepost.credentials.open_badges.multikey import multikey
from milepost.events.commands.transact import Transactor
from milepost.events.runtime.lru_cache import LruCache
from milepost.web.secrets.sealing import Sealing

KEPT = 1_000
SECRET_BYTES = 32

K = TypeVar("K", Ed25519PrivateKey, EllipticCurvePrivateKey)


class SigningKey(msgspec.Struct, Generic[K], frozen=True):
    """`kid`: the key's URL."""

    kid: str
    private: K


class IssuerKeys:
    def __init__(
        self,
        pool: asyncpg.Pool,
        transactor: Transactor,
        sealing: Sealing,
        clock: Callable[[], datetime],
    ) -> None:
        self._pool = pool
        self._transactor = transactor
        self._sealing = sealing
        self._clock = clock
        self._opened: LruCache[tuple[str, str, str], bytes] = LruCache(KEPT)

    async def ed25519(
        self, tenant: str, issuer: str, identifier: str, at: datetime
    ) -> SigningKey[Ed25519PrivateKey]:
        """For embedded proofs. `at`: of the award. Raises `KeysLocked`."""
        key, secret = await self._key(tenant, issuer, "Ed25519", at)
        private = serialization.load_der_private_key(secret, None)
        assert isinstance(private, Ed25519PrivateKey)
        return SigningKey(f"{identifier}#{key}", private)

    async def es256(
        self, tenant: str, issuer: str, identifier: str, at: datetime
    ) -> SigningKey[EllipticCurvePrivateKey]:
        """For JWTs. `at`: of the award. Raises `KeysLocked`."""
        key, secret = await self._key(tenant, issuer, "ES256", at)
        private = serialization.load_der_private_key(secret, None)
        assert isinstance(private, EllipticCurvePrivateKey)
        return SigningKey(f"{identifier}#{key}", private)

    async def secret(self, tenant: str) -> bytes:
        """The school's: salts and places in status lists are made of it. Raises `KeysLocked`."""
        known = self._opened.get((tenant, "", ""))
        if known is None:
            sealing = await self._sealing.key()
            new = sealing.seal(os.urandom(SECRET_BYTES), tenant, "secret")
            await self._pool.execute(
                "insert into credentials.secrets values ($1, $2) on conflict do nothing",
                tenant,
                new,
            )
            sealed = await self._pool.fetchval(
                "select sealed from credentials.secrets where tenant = $1", tenant
            )
            known = sealing.unseal(sealed, tenant, "secret")
            self._opened.put((tenant, "", ""), known)
        return known

    async def prepare(self, tenant: str, issuer: str, algorithm: KeyAlgorithm) -> str:
        """A new key, stored; the Multikey of it. It signs once the log says that it is there."""
        key, secret = _generated(algorithm)
        sealing = await self._sealing.key()
        await self._pool.execute(
            "insert into credentials.issuer_keys values ($1, $2, $3, $4)",
            tenant,
            issuer,
            key,
            sealing.seal(secret, tenant, issuer, key),
        )
        return key

    async def _key(
        self, tenant: str, issuer: str, algorithm: KeyAlgorithm, at: datetime
    ) -> tuple[str, bytes]:
        state = await self._issuer(tenant, issuer)
        key = state.signing(algorithm, at)
        if key is None:
            await self._make_first(tenant, issuer, algorithm)
            key = (await self._issuer(tenant, issuer)).signing(algorithm, at)
            assert key is not None
        return key.key, await self._open(tenant, issuer, key.key)

    async def _issuer(self, tenant: str, issuer: str) -> Issuer:
        return (await self._transactor.load(tenant, ISSUER.of(issuer)))[1]

    async def _make_first(self, tenant: str, issuer: str, algorithm: KeyAlgorithm) -> None:
        key = await self.prepare(tenant, issuer, algorithm)
        decide = partial(
            add_key, issuer=issuer, key=key, algorithm=algorithm, at=self._clock(), first=True
        )
        await self._transactor.transact(tenant, ISSUER.of(issuer), decide)

    async def _open(self, tenant: str, issuer: str, key: str) -> bytes:
        place = (tenant, issuer, key)
        if known := self._opened.get(place):
            return known
        sealed = await self._pool.fetchval(
            "select sealed from credentials.issuer_keys"
            " where tenant = $1 and issuer = $2 and key = $3",
            *place,
        )
        if sealed is None:
            raise KeysLocked
        sealing = await self._sealing.key()
        return self._opened.put(place, sealing.unseal(sealed, *place))


def _generated(algorithm: KeyAlgorithm) -> tuple[str, bytes]:
    """The Multikey of the public key, and the private key."""
    private: Ed25519PrivateKey | EllipticCurvePrivateKey
    private = (
        Ed25519PrivateKey.generate()
        if algorithm == "Ed25519"
        else generate_private_key(SECP256R1())
    )
    secret = private.private_bytes(
        serialization.Encoding.DER,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return multikey(private.public_key()), secret
