"""An Ed25519 key in a folder: made once, by whoever comes first; its public half for all to see."""

from collections.abc import Mapping
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

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

from milepost.web import secret_file


class SigningKey:
    """`key.pem` (mode 600) signs, `jwks.json` verifies. Many processes may look at once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def keys_path(self) -> Path:
        return self._folder / "jwks.json"

    def sign(self, claims: Mapping[str, Any]) -> str:
        """A JWT of these claims."""
        return jwt.encode(dict(claims), self._key, "EdDSA", {"kid": self.public["kid"]})

    def publish(self) -> Path:
        """The JWKS's path, once it and the key exist."""
        document = msgspec.json.encode({"keys": [self.public]})
        if not self.keys_path.exists() or self.keys_path.read_bytes() != document:
            secret_file.replace(self.keys_path, document)
        return self.keys_path

    @cached_property
    def public(self) -> dict[str, str]:
        """As a JWK, named by its own thumbprint (RFC 7638)."""
        raw = self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        x = base64url_encode(raw).decode()
        thumbprint = sha256(f'{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}'.encode()).digest()
        kid = base64url_encode(thumbprint).decode()
        return {"kty": "OKP", "crv": "Ed25519", "x": x, "kid": kid, "alg": "EdDSA", "use": "sig"}

    @cached_property
    def _key(self) -> Ed25519PrivateKey:
        path = self._folder / "key.pem"
        if not path.exists():
            secret_file.create_once(path, _new_key())
        key = load_pem_private_key(path.read_bytes(), password=None)
        assert isinstance(key, Ed25519PrivateKey), f"{path} is not an Ed25519 key"
        return key


def _new_key() -> bytes:
    return Ed25519PrivateKey.generate().private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
