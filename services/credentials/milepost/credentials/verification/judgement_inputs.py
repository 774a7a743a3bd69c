"""What a credential is judged by: gathered before, so that judging asks nobody."""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from milepost.credentials.open_badges.keys import VerificationKey
from milepost.credentials.verification.presented import Presented


class NoKey(msgspec.Struct, frozen=True):
    """Why a key could not be had; `denied`: its issuer's own document does not list it."""

    words: str
    denied: bool = False


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What could not be had says why.

    keys       by the URLs that the proofs name
    lists      status lists, by their addresses; a text says why there is none
    ours       ids of the issuers of this school, `trusted` of others that are known
    recipient  an identifier of whom it should be about: an e-mail address, an id
    """

    at: datetime
    keys: Mapping[str, VerificationKey | NoKey] = {}
    lists: Mapping[str, Presented | str] = {}
    ours: frozenset[str] = frozenset()
    trusted: frozenset[str] = frozenset()
    recipient: str | None = None
