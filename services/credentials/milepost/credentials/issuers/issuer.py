"""An issuer: its profile, and the public keys that it has had. Pure.

Every school has one, `default`, without a command: it bears the school's name until it is defined.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import assert_never

import msgspec
from msgspec.structs import replace

from milepost.contracts import streams
from milepost.contracts.issuers import (
    IssuerDefined,
    IssuerEvent,
    IssuerKeyAdded,
    IssuerKeyRetired,
    IssuerRetired,
    KeyAlgorithm,
)
from milepost.credentials.domain.achievements.definition import DEFAULT_ISSUER
from milepost.credentials.domain.refusals import (
    LastKey,
    RetiredIssuer,
    UnknownIssuer,
    UnknownKey,
)
from milepost.events.codec import Codec
from milepost.events.streams import Category


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """The fields are those of `IssuerDefined`, which says what they mean."""

    name: str
    url: str | None = None
    description: str = ""
    email: str | None = None
    country: str | None = None
    image: str | None = None
    hashed_recipient: bool = True
    did: bool = False


class Key(msgspec.Struct, frozen=True, kw_only=True):
    """`key` is the Multikey of the public key. `compromised`: nothing it signed is believed."""

    key: str
    algorithm: KeyAlgorithm
    added_at: datetime
    retired_at: datetime | None = None
    compromised: bool = False


class Issuer(msgspec.Struct, frozen=True, kw_only=True):
    """`version` is 0 while it is not defined; `keys` stand in the order in which they came, and
    `profiles` with the moment since when each was so.
    """

    version: int = 0
    profile: Profile | None = None
    profiles: tuple[tuple[datetime, Profile], ...] = ()
    retired: bool = False
    keys: tuple[Key, ...] = ()

    def named(self, tenant: str, at: datetime | None = None) -> Profile:
        """As it is now, or as it was at that moment: by the school's name before it was defined."""
        then = [profile for since, profile in self.profiles if at is None or since <= at]
        return then[-1] if then else Profile(name=tenant)

    def signing(self, algorithm: KeyAlgorithm, at: datetime) -> Key | None:
        """What signs what was awarded at this moment: of the keys that sign the newest there was
        then, or the first one. None: there is no such key.
        """
        keys = [one for one in self.keys if one.algorithm == algorithm and not one.retired_at]
        before = [one for one in keys if one.added_at <= at]
        return before[-1] if before else next(iter(keys), None)


def evolve(state: Issuer, event: IssuerEvent) -> Issuer:
    match event:
        case IssuerDefined():
            profile = Profile(**{name: getattr(event, name) for name in Profile.__struct_fields__})
            profiles = (*state.profiles, (event.occurred_at, profile))
            return replace(state, version=event.version, profile=profile, profiles=profiles)
        case IssuerRetired():
            return replace(state, retired=True)
        case IssuerKeyAdded():
            key = Key(key=event.key, algorithm=event.algorithm, added_at=event.occurred_at)
            return replace(state, keys=(*state.keys, key))
        case IssuerKeyRetired():
            keys = (_retired(one, event) if one.key == event.key else one for one in state.keys)
            return replace(state, keys=tuple(keys))
        case _:
            assert_never(event)


def _retired(key: Key, event: IssuerKeyRetired) -> Key:
    compromised = key.compromised or event.compromised
    return replace(key, retired_at=key.retired_at or event.occurred_at, compromised=compromised)


ISSUER: Category[Issuer, IssuerEvent] = Category(streams.ISSUER, Issuer, evolve, Codec(IssuerEvent))


def define(state: Issuer, issuer: str, profile: Profile, at: datetime) -> list[IssuerEvent]:
    """A next version, only when something changed. Raises `RetiredIssuer`."""
    if state.retired:
        raise RetiredIssuer(issuer)
    if state.profile == profile:
        return []
    facts = msgspec.structs.asdict(profile)
    return [IssuerDefined(issuer=issuer, version=state.version + 1, **facts, occurred_at=at)]


def retire(state: Issuer, issuer: str, at: datetime) -> list[IssuerEvent]:
    """Raises `UnknownIssuer`, also for the one that every school has and that stays."""
    if state.profile is None or issuer == DEFAULT_ISSUER:
        raise UnknownIssuer(issuer)
    return [] if state.retired else [IssuerRetired(issuer=issuer, occurred_at=at)]


def add_key(
    state: Issuer, issuer: str, key: str, algorithm: KeyAlgorithm, at: datetime, *, first: bool
) -> Sequence[IssuerEvent]:
    """`first`: only if there is none that signs: of two who find none, one adds theirs."""
    if first and state.signing(algorithm, at):
        return []
    return [IssuerKeyAdded(issuer=issuer, key=key, algorithm=algorithm, occurred_at=at)]


def retire_key(
    state: Issuer, issuer: str, key: str, at: datetime, *, compromised: bool = False
) -> Sequence[IssuerEvent]:
    """Raises `UnknownKey`; `LastKey` unless it is compromised."""
    known = next((one for one in state.keys if one.key == key), None)
    if known is None:
        raise UnknownKey(issuer, key)
    if known.retired_at and (known.compromised or not compromised):
        return []
    others = [
        one
        for one in state.keys
        if one.algorithm == known.algorithm and not one.retired_at and one.key != key
    ]
    if not others and not compromised:
        raise LastKey(issuer, key)
    return [IssuerKeyRetired(issuer=issuer, key=key, compromised=compromised, occurred_at=at)]
