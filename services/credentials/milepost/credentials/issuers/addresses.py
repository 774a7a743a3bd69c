"""The addresses under which others find issuers, keys, achievements and status lists. Pure."""

import re
from typing import Final, Literal, TypeAlias
from urllib.parse import quote, urlsplit

import msgspec

from milepost.contracts.ids import KEY

_KEY: Final = re.compile(KEY)

IdBy: TypeAlias = Literal["https", "did"]
Purpose: TypeAlias = Literal["revocation", "suspension"]


def may_exist(*codes: str) -> bool:
    """Whether these parts of an address can be anybody's; else nothing is asked of the log."""
    return all(_KEY.match(one) for one in codes)


class ListPlace(msgspec.Struct, frozen=True):
    """Which status list of a school. Each issuer signs its own, by the id that its badges name:
    a list counts only if the same issuer has signed it.
    """

    issuer: str
    id_by: IdBy
    number: int
    purpose: Purpose = "revocation"


class Addresses(msgspec.Struct, frozen=True):
    """`base` is an origin, or an origin and a path."""

    base: str

    def credential(self, credential: str) -> str:
        return f"{self.base}/c/{credential}"

    def issuer(self, tenant: str, issuer: str) -> str:
        return f"{self.base}/issuers/{_part(tenant)}/{_part(issuer)}"

    def did(self, tenant: str, issuer: str) -> str:
        """did:web, whose document is at `issuer` and `/did.json`."""
        split = urlsplit(self.base)
        parts = (*split.path.strip("/").split("/"), "issuers", _part(tenant), _part(issuer))
        host = split.netloc.replace(":", "%3A")
        return ":".join(("did:web", host, *(part for part in parts if part)))

    def achievement(self, tenant: str, achievement: str, version: int) -> str:
        return f"{self.base}/achievements/{_part(tenant)}/{_part(achievement)}/{version}"

    def image(self, tenant: str, digest: str) -> str:
        return f"{self.base}/images/{_part(tenant)}/{digest}.png"

    def endorsement(self, tenant: str, achievement: str, endorsement: str) -> str:
        return f"{self.base}/endorsements/{_part(tenant)}/{_part(achievement)}/{endorsement}"

    def status_list(self, tenant: str, at: "ListPlace") -> str:
        path = f"{_part(at.issuer)}/{at.id_by}/{at.number}/{at.purpose}"
        return f"{self.base}/status/{_part(tenant)}/{path}"


def _part(text: str) -> str:
    return quote(text, safe="")
