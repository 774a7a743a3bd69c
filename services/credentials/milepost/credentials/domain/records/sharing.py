"""What the holder lets others see of a credential: nothing, a link, the public page. Pure.

A link's secret is in no event: who has it is known by its SHA-256.
"""

from datetime import datetime
from typing import TypeAlias

import msgspec

from milepost.contracts.achievements import Visibility
from milepost.contracts.records import RecordEvent
from milepost.contracts.sharing import CredentialHidden, CredentialShared
from milepost.credentials.domain.records.credential import Credential, status
from milepost.credentials.domain.refusals import LinkEndsBefore, NotShareable, TooManyLinks

MAX_LINKS = 100


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """`digest` is the SHA-256 in hex of the link's secret; it works until `ends`."""

    digest: str
    shows_name: bool = False
    ends: datetime | None = None


class Sharing(msgspec.Struct, frozen=True, kw_only=True):
    """`public` is None until the holder has decided: then the achievement's default holds."""

    public: bool | None = None
    shows_name: bool = False
    links: tuple[Link, ...] = ()

    def is_public(self, default: Visibility) -> bool:
        return default == "public" if self.public is None else self.public

    def link(self, digest: str) -> Link | None:
        return next((one for one in self.links if one.digest == digest), None)

    def open_links(self, at: datetime) -> tuple[Link, ...]:
        return tuple(one for one in self.links if one.ends is None or one.ends > at)


NOT_SHARED = Sharing()
SharingEvent: TypeAlias = CredentialShared | CredentialHidden


class Shared(msgspec.Struct, frozen=True, kw_only=True):
    """Whose credential it is about, as decisions on it need to know."""

    credential: str
    learner: str
    achievement: str


def evolve_sharing(sharing: Sharing, event: SharingEvent) -> Sharing:
    """Links that have ended by then are forgotten."""
    links = sharing.open_links(event.occurred_at)
    match event:
        case CredentialShared(link=None):
            return Sharing(public=True, shows_name=event.shows_name, links=links)
        case CredentialShared(link=str(digest)):
            link = Link(digest=digest, shows_name=event.shows_name, ends=event.ends)
            return _with(sharing, (*_without(links, digest), link))
        case CredentialHidden(link=None):
            return Sharing(public=False)
        case CredentialHidden(link=str(digest)):
            return _with(sharing, _without(links, digest))
    raise AssertionError(event)


def is_unseen(credential: Credential, at: datetime) -> bool:
    """Nobody is shown anything of it, whatever was shared before."""
    return credential.declined_at is not None or credential.is_withheld(at)


def require_seen(credential: Credential, at: datetime) -> None:
    """Raises `NotShareable`."""
    if is_unseen(credential, at):
        raise NotShareable(credential.credential, status(credential, at))


def share_publicly(
    sharing: Sharing, about: Shared, *, shows_name: bool, at: datetime
) -> list[RecordEvent]:
    """Everybody may see the page; with the holder's name if `shows_name`."""
    if sharing.public and sharing.shows_name == shows_name:
        return []
    return [
        CredentialShared(
            credential=about.credential,
            learner=about.learner,
            achievement=about.achievement,
            shows_name=shows_name,
            occurred_at=at,
        )
    ]


def share_by_link(
    sharing: Sharing, about: Shared, link: Link, *, at: datetime
) -> list[RecordEvent]:
    """Who has the link's secret may see the page. Raises `LinkEndsBefore`, `TooManyLinks`."""
    if link.ends is not None and link.ends <= at:
        raise LinkEndsBefore(link.ends, at)
    if len(sharing.open_links(at)) >= MAX_LINKS:
        raise TooManyLinks(about.credential, MAX_LINKS)
    return [
        CredentialShared(
            credential=about.credential,
            learner=about.learner,
            achievement=about.achievement,
            link=link.digest,
            shows_name=link.shows_name,
            ends=link.ends,
            occurred_at=at,
        )
    ]


def hide(
    sharing: Sharing, about: Shared, *, link: str | None = None, at: datetime
) -> list[RecordEvent]:
    """Takes back one link by its digest or, without one, the public page and every link."""
    if link is not None and sharing.link(link) is None:
        return []
    if link is None and sharing == Sharing(public=False):
        return []
    return [
        CredentialHidden(
            credential=about.credential,
            learner=about.learner,
            achievement=about.achievement,
            link=link,
            occurred_at=at,
        )
    ]


def _with(sharing: Sharing, links: tuple[Link, ...]) -> Sharing:
    return msgspec.structs.replace(sharing, links=links)


def _without(links: tuple[Link, ...], digest: str) -> tuple[Link, ...]:
    return tuple(one for one in links if one.digest != digest)
