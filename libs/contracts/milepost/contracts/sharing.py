"""The facts of who may see a credential. The storage format, never renamed."""

from datetime import datetime

from milepost.events.event import Event


class CredentialShared(Event, frozen=True, kw_only=True, tag="credential_shared"):
    """The holder shows the credential: to everybody, or to who has the link.

    `link` is the SHA-256 in hex of the link's secret; None: the page is public. `shows_name`: it
    says whose it is. `ends`: the link works until then.
    """

    credential: str
    learner: str
    achievement: str
    link: str | None = None
    shows_name: bool = False
    ends: datetime | None = None


class CredentialHidden(Event, frozen=True, kw_only=True, tag="credential_hidden"):
    """Taken back: one `link`, or, without one, the public page and every link."""

    credential: str
    learner: str
    achievement: str
    link: str | None = None
