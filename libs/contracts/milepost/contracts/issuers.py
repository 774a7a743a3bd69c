"""The facts of issuers and their keys. These names and fields are the storage format."""

from typing import Literal, TypeAlias

from milepost.events.event import Event

KeyAlgorithm: TypeAlias = Literal["Ed25519", "ES256"]


class IssuerDefined(Event, frozen=True, kw_only=True, tag="issuer_defined"):
    """A body of this school that awards credentials: its public profile.

    country           ISO 3166-1 alpha-2
    image             the SHA-256 in hex of a logo that was uploaded
    hashed_recipient  badges name the holder by a salted hash of the id only; else by the id
    did               it goes by its did:web, else by its https address
    """

    issuer: str
    version: int
    name: str
    url: str | None = None
    description: str = ""
    email: str | None = None
    country: str | None = None
    image: str | None = None
    hashed_recipient: bool = True
    did: bool = False


class IssuerRetired(Event, frozen=True, kw_only=True, tag="issuer_retired"):
    """It signs nothing new; what it signed stays readable."""

    issuer: str


class IssuerKeyAdded(Event, frozen=True, kw_only=True, tag="issuer_key_added"):
    """The newest key of an algorithm signs; `key` is its Multikey, which holds no secret."""

    issuer: str
    key: str
    algorithm: KeyAlgorithm


class IssuerKeyRetired(Event, frozen=True, kw_only=True, tag="issuer_key_retired"):
    """It signs nothing more and stays published; `compromised`: nothing it signed is believed."""

    issuer: str
    key: str
    compromised: bool = False


IssuerEvent: TypeAlias = IssuerDefined | IssuerRetired | IssuerKeyAdded | IssuerKeyRetired
