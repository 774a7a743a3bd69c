"""What may stand in a webhook's stream. Names and fields are the storage format.

No secret is here, and no text that a person typed: those are in tables. Only that a webhook was
disabled leaves the house.
"""

from datetime import datetime
from typing import Literal, TypeAlias

from milepost.contracts.subscriptions.webhooks import WebhookDisabled
from milepost.events.event import Event

# none: each delivery for itself. learner: what is about one learner, one after the other.
Order: TypeAlias = Literal["none", "learner"]
# Of Standard Webhooks: v1 is HMAC-SHA256, v1a Ed25519.
Scheme: TypeAlias = Literal["v1", "v1a"]


class WebhookCreated(Event, frozen=True, kw_only=True, tag="webhook_created"):
    """Nothing is delivered before it is verified; then all that was published behind `start`.

    types … learners  what it asks for; empty: all
    start             a position in the school's log
    by                the subject that created it
    key               names its secret; `public_key`: that of v1a, as `whpk_…`
    """

    webhook: str
    url: str
    types: tuple[str, ...] = ()
    courses: tuple[str, ...] = ()
    offerings: tuple[str, ...] = ()
    achievements: tuple[str, ...] = ()
    learners: tuple[str, ...] = ()
    ordered: Order = "none"
    start: int
    by: str
    key: str
    scheme: Scheme = "v1"
    public_key: str | None = None


class WebhookVerified(Event, frozen=True, kw_only=True, tag="webhook_verified"):
    """Whoever answers at this address wants what is delivered: it answered the challenge."""

    webhook: str
    url: str


class WebhookChanged(Event, frozen=True, kw_only=True, tag="webhook_changed"):
    """All of it as it is from now on. Another address has to be verified anew."""

    webhook: str
    url: str
    types: tuple[str, ...] = ()
    courses: tuple[str, ...] = ()
    offerings: tuple[str, ...] = ()
    achievements: tuple[str, ...] = ()
    learners: tuple[str, ...] = ()
    ordered: Order = "none"


class WebhookSecretRotated(Event, frozen=True, kw_only=True, tag="webhook_secret_rotated"):
    """A new secret signs from now on, and those of before do too, `until` then at most."""

    webhook: str
    key: str
    scheme: Scheme = "v1"
    public_key: str | None = None
    until: datetime


class WebhookPaused(Event, frozen=True, kw_only=True, tag="webhook_paused"):
    webhook: str


class WebhookResumed(Event, frozen=True, kw_only=True, tag="webhook_resumed"):
    """`skip`: what was published meanwhile is not delivered."""

    webhook: str
    skip: bool = False


class WebhookEnabled(Event, frozen=True, kw_only=True, tag="webhook_enabled"):
    """It was disabled. `skip`: what was published meanwhile is not delivered."""

    webhook: str
    skip: bool = False


class WebhookDeleted(Event, frozen=True, kw_only=True, tag="webhook_deleted"):
    webhook: str


WebhookEvent: TypeAlias = (
    WebhookCreated
    | WebhookVerified
    | WebhookChanged
    | WebhookSecretRotated
    | WebhookPaused
    | WebhookResumed
    | WebhookDisabled
    | WebhookEnabled
    | WebhookDeleted
)
