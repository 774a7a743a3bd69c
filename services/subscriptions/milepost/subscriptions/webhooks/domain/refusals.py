"""What webhooks refuse. The fields are what a client needs to act."""

from dataclasses import dataclass
from datetime import datetime

from milepost.events.event import Conflicting, Invalid, Unknown


@dataclass
class UnknownWebhook(Unknown):
    """There is no such webhook, or it is not yours to see."""

    webhook: str


@dataclass
class TooManyWebhooks(Conflicting):
    """A school has no more than this: remove one that is not used."""

    limit: int


@dataclass
class TooManySecrets(Conflicting):
    """So many secrets sign at this moment: wait for one to end, or rotate without an overlap."""

    limit: int
    until: datetime


@dataclass
class WebhookNotVerified(Conflicting):
    """Its endpoint has not answered the challenge yet: `POST /webhooks/{webhook}/verify`."""

    webhook: str


@dataclass
class WebhookIsDisabled(Conflicting):
    """Enable it: `POST /webhooks/{webhook}/enable`."""

    webhook: str
    reason: str


@dataclass
class WebhookUrlChanged(Conflicting):
    """The address became another one while it was challenged: verify that one."""

    webhook: str


@dataclass
class EndpointRefused(Invalid):
    """Nothing can be delivered to this address."""

    url: str
    reason: str


@dataclass
class UnknownEventNames(Invalid):
    """Nothing of this name is published; `allowed` are those that are."""

    unknown: tuple[str, ...]
    allowed: tuple[str, ...]


@dataclass
class StartAhead(Invalid):
    """The school's log has not got that far; `head` is its last position."""

    start: int
    head: int


@dataclass
class EndpointSilent(Conflicting):
    """The endpoint did not answer the challenge: it has to send it back, with a status of 2xx.

    `status`: HTTP, of its answer, if there was one.
    """

    webhook: str
    reason: str
    status: int | None = None
