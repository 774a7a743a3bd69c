"""What an issuer signs with, as its page shows it."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from milepost.contracts.issuers import KeyAlgorithm
from milepost.credentials.domain.achievements.definition import DEFAULT_ISSUER
from milepost.credentials.issuers.issuer import ISSUER, Issuer, Key
from milepost.credentials.pages.issuing.wiring import Issuance
from milepost.events.streams import key_of

ALGORITHMS: Sequence[KeyAlgorithm] = ("Ed25519", "ES256")


class ShownKey(msgspec.Struct, frozen=True, kw_only=True):
    """`signs`: what is awarded now is signed by it. `last`: no other of its kind could."""

    key: Key
    signs: bool
    last: bool


class ShownIssuer(msgspec.Struct, frozen=True, kw_only=True):
    issuer: str
    name: str
    did: str
    retired: bool
    keys: Sequence[ShownKey]


async def list_issuers(wiring: Issuance, tenant: str) -> list[ShownIssuer]:
    """By code; retired ones too."""
    states: dict[str, Issuer] = {DEFAULT_ISSUER: Issuer()}
    for one in await wiring.log.read_category(tenant, ISSUER.name):
        code = key_of(one.stream)
        states[code] = ISSUER.fold([one], states.get(code))
    now = wiring.clock()
    return [
        ShownIssuer(
            issuer=code,
            name=states[code].named(tenant).name,
            did=wiring.addresses.did(tenant, code),
            retired=states[code].retired,
            keys=_keys(states[code], now),
        )
        for code in sorted(states)
    ]


def _keys(state: Issuer, now: datetime) -> list[ShownKey]:
    """The newest first."""
    signing = {state.signing(one, now) for one in ALGORITHMS}
    usable = [one.algorithm for one in state.keys if not one.retired_at]
    return [
        ShownKey(
            key=one,
            signs=one in signing,
            last=not one.retired_at and usable.count(one.algorithm) == 1,
        )
        for one in reversed(state.keys)
    ]
