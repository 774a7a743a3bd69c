"""A webhook: where to, what, since when, and what may be done to it next. Pure.

    created ─▶ unverified ─ verify ─▶ active ⇄ paused
                   ▲                    │ ▲
                   └─ another address ──┤ └─ enable ─ disabled: gone, failing, operator
                                        └────────────▶ deleted (from every state)

`paused`, `disabled` and `unverified` are told apart and may hold at once: nothing is delivered
while one does.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, Literal, TypeAlias, assert_never

import msgspec
from msgspec.structs import replace

from milepost.contracts.subscriptions.webhooks import Ending, WebhookDisabled
from milepost.events.codec import Codec
from milepost.events.event import UNDATED
from milepost.events.streams import Category
from milepost.subscriptions.domain.filters import Filter
from milepost.subscriptions.webhooks.domain.refusals import (
    TooManySecrets,
    UnknownWebhook,
    WebhookIsDisabled,
    WebhookNotVerified,
    WebhookUrlChanged,
)
from milepost.subscriptions.webhooks.events import (
    Order,
    Scheme,
    WebhookChanged,
    WebhookCreated,
    WebhookDeleted,
    WebhookEnabled,
    WebhookEvent,
    WebhookPaused,
    WebhookResumed,
    WebhookSecretRotated,
    WebhookVerified,
)

MAX_KEYS: Final = 5  # that sign at once: each makes the header longer
Status: TypeAlias = Literal["unverified", "active", "paused", "disabled", "deleted"]


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """What its owner says of it."""

    url: str
    filter: Filter = Filter()
    ordered: Order = "none"


class Key(msgspec.Struct, frozen=True, kw_only=True):
    """`key` names a secret, which is kept elsewhere. `until`: it signs no longer; None: it stays.

    public_key  of v1a, as `whpk_…`
    """

    key: str
    scheme: Scheme = "v1"
    public_key: str | None = None
    since: datetime
    until: datetime | None = None

    @property
    def new(self) -> "NewKey":
        return NewKey(key=self.key, scheme=self.scheme, public_key=self.public_key)

    def signs(self, at: datetime) -> bool:
        return self.until is None or at < self.until


class Webhook(msgspec.Struct, frozen=True, kw_only=True):
    """`keys` stand in the order in which they came: the last is the newest."""

    webhook: str = ""
    url: str = ""
    filter: Filter = Filter()
    ordered: Order = "none"
    start: int = 0
    by: str = ""
    created_at: datetime = UNDATED
    keys: tuple[Key, ...] = ()
    verified: bool = False
    paused: bool = False
    disabled: WebhookDisabled | None = None
    deleted: bool = False

    @property
    def exists(self) -> bool:
        return bool(self.webhook) and not self.deleted

    @property
    def active(self) -> bool:
        """Whether it is delivered to."""
        return self.status == "active"

    @property
    def status(self) -> Status:
        if self.deleted:
            return "deleted"
        if self.disabled is not None:
            return "disabled"
        if not self.verified:
            return "unverified"
        return "paused" if self.paused else "active"

    @property
    def target(self) -> Target:
        return Target(url=self.url, filter=self.filter, ordered=self.ordered)

    def signing(self, at: datetime) -> tuple[Key, ...]:
        """The keys whose secrets sign at this moment, the newest first."""
        return tuple(one for one in reversed(self.keys) if one.signs(at))


def evolve(state: Webhook, event: WebhookEvent) -> Webhook:  # noqa: PLR0911 - a state table
    match event:
        case WebhookCreated():
            return _created(event)
        case WebhookVerified():
            return replace(state, verified=True)
        case WebhookChanged():
            verified = state.verified and event.url == state.url
            told = (event.url, _filter(event), event.ordered)
            return replace(state, verified=verified, **dict(zip(_TARGET, told, strict=True)))
        case WebhookSecretRotated():
            return replace(state, keys=_rotated(state.keys, event))
        case WebhookPaused():
            return replace(state, paused=True)
        case WebhookResumed():
            return replace(state, paused=False)
        case WebhookDisabled():
            return replace(state, disabled=event)
        case WebhookEnabled():
            return replace(state, disabled=None)
        case WebhookDeleted():
            return replace(state, deleted=True)
        case _:
            assert_never(event)


_TARGET = Target.__struct_fields__


def _created(event: WebhookCreated) -> Webhook:
    key = Key(
        key=event.key,
        scheme=event.scheme,
        public_key=event.public_key,
        since=event.occurred_at,
    )
    return Webhook(
        webhook=event.webhook,
        url=event.url,
        filter=_filter(event),
        ordered=event.ordered,
        start=event.start,
        by=event.by,
        created_at=event.occurred_at,
        keys=(key,),
    )


def _filter(event: WebhookCreated | WebhookChanged) -> Filter:
    return Filter(*(frozenset(getattr(event, name)) for name in Filter.__struct_fields__))


def _facts(wanted: Filter) -> dict[str, Any]:
    return {name: tuple(sorted(getattr(wanted, name))) for name in Filter.__struct_fields__}


def _rotated(keys: tuple[Key, ...], event: WebhookSecretRotated) -> tuple[Key, ...]:
    new = Key(
        key=event.key,
        scheme=event.scheme,
        public_key=event.public_key,
        since=event.occurred_at,
    )
    return (*(_ending(one, event.until) for one in keys), new)


def _ending(key: Key, until: datetime) -> Key:
    return key if key.until and key.until <= until else replace(key, until=until)


WEBHOOK: Category[Webhook, WebhookEvent] = Category("webhook", Webhook, evolve, Codec(WebhookEvent))


class NewKey(msgspec.Struct, frozen=True, kw_only=True):
    """Of a secret that is stored already."""

    key: str
    scheme: Scheme
    public_key: str | None = None


def create(
    state: Webhook, webhook: str, target: Target, key: NewKey, *, start: int, by: str, at: datetime
) -> Sequence[WebhookEvent]:
    if state.webhook:
        return []
    return [
        WebhookCreated(
            webhook=webhook,
            url=target.url,
            **_facts(target.filter),
            ordered=target.ordered,
            start=start,
            by=by,
            **msgspec.structs.asdict(key),
            occurred_at=at,
        )
    ]


def change(state: Webhook, webhook: str, target: Target, at: datetime) -> Sequence[WebhookEvent]:
    """Raises `UnknownWebhook`."""
    _existing(state, webhook)
    if state.target == target:
        return []
    return [
        WebhookChanged(
            webhook=webhook,
            url=target.url,
            **_facts(target.filter),
            ordered=target.ordered,
            occurred_at=at,
        )
    ]


def verify(state: Webhook, webhook: str, url: str, at: datetime) -> Sequence[WebhookEvent]:
    """`url` is the one that answered. Raises `UnknownWebhook`, `WebhookUrlChanged`."""
    _existing(state, webhook)
    if state.url != url:
        raise WebhookUrlChanged(webhook)
    return [] if state.verified else [WebhookVerified(webhook=webhook, url=url, occurred_at=at)]


def rotate(
    state: Webhook, webhook: str, key: NewKey, *, until: datetime, at: datetime
) -> Sequence[WebhookEvent]:
    """`until`: what signs now signs that long. Raises `UnknownWebhook`, `TooManySecrets`."""
    _existing(state, webhook)
    if any(one.key == key.key for one in state.keys):
        return []
    staying = [one for one in state.signing(at) if _ending(one, until).signs(at)]
    if len(staying) >= MAX_KEYS:
        ends = min(one.until for one in staying if one.until)
        raise TooManySecrets(MAX_KEYS, ends)
    facts = msgspec.structs.asdict(key)
    return [WebhookSecretRotated(webhook=webhook, **facts, until=until, occurred_at=at)]


def pause(state: Webhook, webhook: str, at: datetime) -> Sequence[WebhookEvent]:
    """Raises `UnknownWebhook`."""
    _existing(state, webhook)
    return [] if state.paused else [WebhookPaused(webhook=webhook, occurred_at=at)]


def resume(state: Webhook, webhook: str, at: datetime, *, skip: bool) -> Sequence[WebhookEvent]:
    """`skip`: what was published meanwhile. Raises `UnknownWebhook`, `WebhookNotVerified`,
    `WebhookIsDisabled`.
    """
    _existing(state, webhook)
    if state.disabled is not None:
        raise WebhookIsDisabled(webhook, state.disabled.reason)
    if not state.verified:
        raise WebhookNotVerified(webhook)
    return [WebhookResumed(webhook=webhook, skip=skip, occurred_at=at)] if state.paused else []


def disable(
    state: Webhook,
    webhook: str,
    reason: Ending,
    at: datetime,
    *,
    failing_since: datetime | None = None,
    status: int | None = None,
) -> Sequence[WebhookEvent]:
    """Nothing, of one that is disabled or deleted: of two who find it failing one says so."""
    if not state.exists or state.disabled is not None:
        return []
    return [
        WebhookDisabled(
            webhook=webhook,
            reason=reason,
            failing_since=failing_since,
            status=status,
            occurred_at=at,
        )
    ]


def enable(state: Webhook, webhook: str, at: datetime, *, skip: bool) -> Sequence[WebhookEvent]:
    """`skip`: what was published meanwhile. Raises `UnknownWebhook`."""
    _existing(state, webhook)
    if state.disabled is None:
        return []
    return [WebhookEnabled(webhook=webhook, skip=skip, occurred_at=at)]


def delete(state: Webhook, webhook: str, at: datetime) -> Sequence[WebhookEvent]:
    """Raises `UnknownWebhook`; deleted once is deleted."""
    if not state.webhook:
        raise UnknownWebhook(webhook)
    return [] if state.deleted else [WebhookDeleted(webhook=webhook, occurred_at=at)]


def _existing(state: Webhook, webhook: str) -> None:
    if not state.exists:
        raise UnknownWebhook(webhook)
