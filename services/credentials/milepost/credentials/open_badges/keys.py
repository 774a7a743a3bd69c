"""What signing and verifying need to know of a key."""

from collections.abc import Callable
from typing import Protocol, TypeAlias

import msgspec
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from milepost.credentials.open_badges.multikey import PublicKey


class ProofKey(Protocol):
    """Signs embedded proofs. `kid`: the key's URL, the proof's `verificationMethod`."""

    @property
    def kid(self) -> str: ...
    @property
    def private(self) -> Ed25519PrivateKey: ...


class JwtKey(Protocol):
    """Signs JWTs, by ES256. `kid`: the key's URL."""

    @property
    def kid(self) -> str: ...
    @property
    def private(self) -> EllipticCurvePrivateKey: ...


class VerificationKey(msgspec.Struct, frozen=True, kw_only=True):
    """A public key that was found, and whose it is.

    controller  the id of who controls it; it must be the credential's issuer
    asserts     the controller lists it under `assertionMethod`
    compromised nothing that it signed is believed
    """

    public: PublicKey | RSAPublicKey
    controller: str
    asserts: bool = True
    compromised: bool = False


# By the URL of the key; None: it is not known. It was fetched, or refused, before.
ResolveKey: TypeAlias = Callable[[str], VerificationKey | None]
