"""What is told of a webhook: answers."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from milepost.contracts.subscriptions.webhooks import Ending
from milepost.subscriptions.webhooks.delivery.log.views import Backlog
from milepost.subscriptions.webhooks.domain.signing import Secret
from milepost.subscriptions.webhooks.domain.webhook import Status, Webhook
from milepost.subscriptions.webhooks.events import Order, Scheme


class DisabledView(msgspec.Struct, frozen=True, kw_only=True):
    """`gone`: it answered 410; `failing`: nothing got through for days; `operator`: by hand."""

    reason: Ending
    at: datetime
    failing_since: datetime | None
    status: int | None


class KeyView(msgspec.Struct, frozen=True, kw_only=True):
    """`public_key`: of v1a. `until`: it signs no longer than that; null: until it is rotated."""

    key: str
    signature: Scheme
    public_key: str | None
    since: datetime
    until: datetime | None


class WebhookView(msgspec.Struct, frozen=True, kw_only=True):
    """`state`: `active` alone is delivered to. `keys` sign now, the newest first."""

    webhook: str
    url: str
    types: tuple[str, ...]
    courses: tuple[str, ...]
    offerings: tuple[str, ...]
    achievements: tuple[str, ...]
    learners: tuple[str, ...]
    ordered: Order
    description: str
    state: Status
    verified: bool
    paused: bool
    disabled: DisabledView | None
    after: int
    created_at: datetime
    created_by: str
    keys: tuple[KeyView, ...]


class WebhookDetail(WebhookView, frozen=True, kw_only=True):
    """`backlog`: how far it is behind."""

    backlog: Backlog


class NewWebhookView(WebhookView, frozen=True, kw_only=True):
    """`secret`: what signatures are checked with: of v1 `whsec_…`, of v1a the public `whpk_…`."""

    secret: str


class WebhooksView(msgspec.Struct, frozen=True, kw_only=True):
    webhooks: tuple[WebhookView, ...]


class SecretView(msgspec.Struct, frozen=True, kw_only=True):
    """`secret` checks signatures of this scheme: of v1 `whsec_…`, of v1a the public `whpk_…`."""

    key: str
    signature: Scheme
    secret: str
    since: datetime
    until: datetime | None


class SecretsView(msgspec.Struct, frozen=True, kw_only=True):
    """The newest first. Every message is signed by each of them."""

    webhook: str
    secrets: tuple[SecretView, ...]


def view_of(webhook: Webhook, description: str, at: datetime) -> WebhookView:
    return WebhookView(**_members(webhook, description, at))


def detail_of(webhook: Webhook, description: str, backlog: Backlog, at: datetime) -> WebhookDetail:
    return WebhookDetail(**_members(webhook, description, at), backlog=backlog)


def new_view_of(webhook: Webhook, description: str, secret: Secret, at: datetime) -> NewWebhookView:
    return NewWebhookView(**_members(webhook, description, at), secret=verifying_key(secret))


def secrets_view_of(webhook: Webhook, secrets: Sequence[Secret], at: datetime) -> SecretsView:
    views = (
        SecretView(
            key=key.key,
            signature=key.scheme,
            secret=verifying_key(secret),
            since=key.since,
            until=key.until,
        )
        for key, secret in zip(webhook.signing(at), secrets, strict=True)
    )
    return SecretsView(webhook=webhook.webhook, secrets=tuple(views))


def verifying_key(secret: Secret) -> str:
    """What its receiver needs, and no more: the private key of v1a stays here."""
    text = secret.shared or secret.public_key
    assert text is not None
    return text


def _members(webhook: Webhook, description: str, at: datetime) -> dict[str, Any]:
    wanted, ended = webhook.filter, webhook.disabled
    return {
        **{name: tuple(sorted(getattr(wanted, name))) for name in wanted.__struct_fields__},
        **{name: getattr(webhook, name) for name in _SAME},
        "description": description,
        "state": webhook.status,
        "disabled": ended
        and DisabledView(
            reason=ended.reason,
            at=ended.occurred_at,
            failing_since=ended.failing_since,
            status=ended.status,
        ),
        "after": webhook.start,
        "created_by": webhook.by,
        "keys": tuple(
            KeyView(
                key=one.key,
                signature=one.scheme,
                public_key=one.public_key,
                since=one.since,
                until=one.until,
            )
            for one in webhook.signing(at)
        ),
    }


_SAME = ("webhook", "url", "ordered", "verified", "paused", "created_at")
