"""The key that seals the private keys of issuers: `MILEPOST_ISSUER_KEY`, or made in `data_dir`."""

from typing import Final

from milepost.web.problems import Problem
from milepost.web.secrets.sealing import Locked, Purpose


class KeysLocked(Locked):
    """The issuers' keys are sealed with a key that this process was not given."""

    def problem(self) -> Problem:
        return Problem(
            status=503,
            name="keys_locked",
            title="Keys locked",
            detail="The issuer's key cannot be opened here: MILEPOST_ISSUER_KEY is another one "
            "than it was sealed with. Nothing is lost: try again later.",
            headers={"Retry-After": "60"},
        )


ISSUER_KEY: Final = Purpose(
    setting="issuer_key",
    folder="issuers",
    used="select fingerprint from credentials.sealing_key",
    use="insert into credentials.sealing_key (fingerprint) values ($1) on conflict do nothing",
    sealed="""select exists (select from credentials.issuer_keys)
        or exists (select from credentials.secrets)""",
    locked=KeysLocked,
)
