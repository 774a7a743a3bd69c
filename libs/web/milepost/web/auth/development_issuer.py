"""The token issuer of a laptop or a small school: one Ed25519 key in the data directory.

Whoever can read that file can be anybody: a real school names its own issuer and keys.
"""

import time
from collections.abc import Iterable
from pathlib import Path

from milepost.web.auth.signing_key import SigningKey
from milepost.web.settings import DEVELOPMENT_ISSUER


class DevelopmentIssuer:
    """Signs with the key in `data_dir/tokens`."""

    def __init__(
        self, data_dir: Path, *, issuer: str = DEVELOPMENT_ISSUER, audience: str = "milepost"
    ) -> None:
        self.issuer = issuer
        self.audience = audience
        self._key = SigningKey(data_dir / "tokens")

    @property
    def keys_path(self) -> Path:
        return self._key.keys_path

    def issue(
        self, subject: str, tenant: str, roles: Iterable[str], lifetime_seconds: int = 3600
    ) -> str:
        """A signed JWT."""
        now = int(time.time())
        return self._key.sign(
            {
                "iss": self.issuer,
                "aud": self.audience,
                "sub": subject,
                "tenant": tenant,
                "roles": sorted(roles),
                "iat": now,
                "nbf": now,
                "exp": now + lifetime_seconds,
            }
        )

    def ensure_keys(self) -> Path:
        """The JWKS's path, once it and the key exist."""
        return self._key.publish()
