"""The token issuer of a laptop or a small school: one Ed25519 key in the data directory.

Whoever can read that file can be anybody: a real school names its own issuer and keys.
"""

import contextlib
import os
import tempfile
import time
from collections.abc import Iterable
from functools import cached_property
from hashlib import sha256
from pathlib import Path

import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from jwt.utils import base64url_encode

from milepost.process.settings import DEVELOPMENT_ISSUER


class DevelopmentIssuer:
    """`data_dir/tokens/key.pem` (mode 600) signs; `data_dir/tokens/jwks.json` verifies.

    The first process to look makes the key; any number may look at once.
    """

    def __init__(
        self, data_dir: Path, *, issuer: str = DEVELOPMENT_ISSUER, audience: str = "milepost"
    ) -> None:
        self.issuer = issuer
        self.audience = audience
        self._folder = data_dir / "tokens"

    @property
    def keys_path(self) -> Path:
        return self._folder / "jwks.json"

    def issue(
        self, subject: str, tenant: str, roles: Iterable[str], lifetime_seconds: int = 3600
    ) -> str:
        """A signed JWT."""
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": self.audience,
            "sub": subject,
            "tenant": tenant,
            "roles": sorted(roles),
            "iat": now,
            "nbf": now,
            "exp": now + lifetime_seconds,
        }
        return jwt.encode(claims, self._key, "EdDSA", {"kid": self._public["kid"]})

    def ensure_keys(self) -> Path:
        """The JWKS's path, once it and the key exist."""
        document = msgspec.json.encode({"keys": [self._public]})
        if not self.keys_path.exists() or self.keys_path.read_bytes() != document:
            _replace(self.keys_path, document)
        return self.keys_path

    @cached_property
    def _key(self) -> Ed25519PrivateKey:
        path = self._folder / "key.pem"
        if not path.exists():
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            _create_once(path, _new_key())
        key = load_pem_private_key(path.read_bytes(), password=None)
        assert isinstance(key, Ed25519PrivateKey), f"{path} is not an Ed25519 key"
        return key

    @cached_property
    def _public(self) -> dict[str, str]:
        raw = self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        x = base64url_encode(raw).decode()
        # RFC 7638: the key's own thumbprint names it.
        thumbprint = sha256(f'{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}'.encode()).digest()
        kid = base64url_encode(thumbprint).decode()
        return {"kty": "OKP", "crv": "Ed25519", "x": x, "kid": kid, "alg": "EdDSA", "use": "sig"}


def _new_key() -> bytes:
    return Ed25519PrivateKey.generate().private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )


def _create_once(path: Path, content: bytes) -> None:
    """Whole or not at all; whoever comes second keeps the first one's."""
    written = _write_beside(path, content)
    try:
        with contextlib.suppress(FileExistsError):
            os.link(written, path)
    finally:
        written.unlink()


def _replace(path: Path, content: bytes) -> None:
    _write_beside(path, content).replace(path)


def _write_beside(path: Path, content: bytes) -> Path:
    handle, name = tempfile.mkstemp(dir=path.parent)  # mode 600
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return Path(name)
