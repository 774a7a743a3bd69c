"""What is said about a webhook: bodies of requests."""

from typing import Annotated, Any, TypeAlias

from msgspec import UNSET, Meta, UnsetType

from milepost.contracts.ids import ID, TEXT
from milepost.contracts.times import Moment
from milepost.subscriptions.domain.filters import TAGS, Filter
from milepost.subscriptions.webhooks.domain.refusals import UnknownEventNames
from milepost.subscriptions.webhooks.domain.webhook import Target, Webhook
from milepost.subscriptions.webhooks.events import Order, Scheme
from milepost.web.requests.json_body import Body

MAX_OVERLAP_SECONDS = 7 * 86_400
_NAMED = 100  # of each kind

Url: TypeAlias = Annotated[
    str,
    Meta(
        max_length=2_000,
        pattern=r"^https?://[!-~]+(?![\s\S])",
        description="https, and a public address, unless the operator allows another",
        examples=["https://crm.example/milepost"],
    ),
]
EventName: TypeAlias = Annotated[
    str,
    Meta(pattern=r"^[a-z_]{1,64}(?![\s\S])", examples=["credential_awarded"]),
]
EventNames: TypeAlias = Annotated[
    tuple[EventName, ...],
    Meta(max_length=_NAMED, description="Names of published events; none: all"),
]
Ids: TypeAlias = Annotated[
    tuple[Annotated[str, Meta(pattern=ID)], ...],
    Meta(max_length=_NAMED, description="About one of these; none: about any"),
]
Description: TypeAlias = Annotated[
    str, Meta(max_length=500, pattern=TEXT, description="For people. It is kept beside the log")
]
OrderedBy: TypeAlias = Annotated[
    Order,
    Meta(description="learner: what is about one learner comes one after the other, in order"),
]
SignedBy: TypeAlias = Annotated[
    Scheme,
    Meta(description="Of Standard Webhooks: v1 is HMAC-SHA256, v1a Ed25519"),
]
After: TypeAlias = Annotated[int, Meta(ge=0, lt=10**18, description="A position of the log")]
Since: TypeAlias = Annotated[
    Moment, Meta(description="Recorded then or later; not together with `after`")
]
Skip: TypeAlias = Annotated[
    bool, Meta(description="What was published meanwhile is not delivered; else all of it is")
]


class NewWebhook(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All that is published from now on, or, with `after` or `since`, from then on."""

    url: Url
    types: EventNames = ()
    courses: Ids = ()
    offerings: Ids = ()
    achievements: Ids = ()
    learners: Ids = ()
    ordered: OrderedBy = "none"
    signature: SignedBy = "v1"
    description: Description = ""
    after: After | None = None
    since: Since | None = None

    def target(self) -> Target:
        """Raises `UnknownEventNames`."""
        return _target(self, Webhook(url=self.url))


class WebhookChanges(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Absent: stays. Another address has to be verified before anything is delivered to it."""

    url: Url | UnsetType = UNSET
    types: EventNames | UnsetType = UNSET
    courses: Ids | UnsetType = UNSET
    offerings: Ids | UnsetType = UNSET
    achievements: Ids | UnsetType = UNSET
    learners: Ids | UnsetType = UNSET
    ordered: OrderedBy | UnsetType = UNSET
    description: Description | UnsetType = UNSET

    def target(self, known: Webhook) -> Target:
        """Raises `UnknownEventNames`."""
        return _target(self, known)


class RotateSecret(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`signature`: another scheme from now on; absent: the one that it has."""

    overlap_seconds: Annotated[
        int,
        Meta(
            ge=0,
            le=MAX_OVERLAP_SECONDS,
            description="So long the old secret signs as well; 0 if somebody else knows it",
        ),
    ] = 86_400
    signature: SignedBy | None = None


class GoOn(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    skip: Skip = False


def _target(said: NewWebhook | WebhookChanges, known: Webhook) -> Target:
    def of(name: str, before: Any) -> Any:
        value = getattr(said, name)
        return before if value is UNSET else value

    kinds = {name: frozenset(of(name, getattr(known.filter, name))) for name in _KINDS}
    if unknown := kinds["types"] - TAGS.keys():
        raise UnknownEventNames(tuple(sorted(unknown)), tuple(TAGS))
    return Target(
        url=of("url", known.url), filter=Filter(**kinds), ordered=of("ordered", known.ordered)
    )


_KINDS = Filter.__struct_fields__
