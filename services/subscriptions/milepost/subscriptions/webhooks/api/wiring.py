"""What the routes on webhooks share: what they are wired with, and whose a webhook is."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Annotated, Final, TypeAlias

import msgspec
from litestar.params import PathParameter

from milepost.events.commands.transact import Transactor
from milepost.subscriptions.visibility import SUBSCRIBERS, may_change
from milepost.subscriptions.webhooks.delivery.log.views import Backlogs
from milepost.subscriptions.webhooks.descriptions import Descriptions
from milepost.subscriptions.webhooks.domain.refusals import UnknownWebhook
from milepost.subscriptions.webhooks.domain.webhook import WEBHOOK, Webhook
from milepost.subscriptions.webhooks.endpoint import Endpoints
from milepost.subscriptions.webhooks.register import Register
from milepost.subscriptions.webhooks.secrets import Secrets
from milepost.web.auth.tokens import Caller
from milepost.web.requests.commands import Call

AUDITOR: Final = "auditor"
# They see what there is, and no secret.
VIEWERS: Final = (*SUBSCRIBERS, AUDITOR)
EXAMPLE: Final = "0199f1c2-7a3e-7c51-9d5e-2f6b8a1c4d70"
UNKNOWN: Final = UnknownWebhook(EXAMPLE)

PathWebhook: TypeAlias = Annotated[
    str, PathParameter(pattern=r"^[0-9a-f-]{36}(?![\s\S])", description="The webhook's id")
]


class Wiring(msgspec.Struct, frozen=True):
    transactor: Transactor
    register: Register
    secrets: Secrets
    descriptions: Descriptions
    endpoints: Endpoints
    clock: Callable[[], datetime]
    backlogs: Callable[[str, Sequence[str]], Awaitable[Backlogs]]

    async def mine(self, request: Call, webhook: str) -> Webhook:
        """Theirs to change; also one that was deleted. Raises `UnknownWebhook` where it is
        another's, too.
        """
        state = await self._loaded(request, webhook)
        if not may_change(request.user, state.by):
            raise UnknownWebhook(webhook)
        return state

    async def existing(self, request: Call, webhook: str) -> Webhook:
        """As `mine`, without those that were deleted."""
        return _not_deleted(await self.mine(request, webhook))

    async def visible(self, request: Call, webhook: str) -> Webhook:
        """As `existing`, for who only looks, and is shown no secret."""
        state = await self._loaded(request, webhook)
        if not may_see(request.user, state):
            raise UnknownWebhook(webhook)
        return _not_deleted(state)

    async def _loaded(self, request: Call, webhook: str) -> Webhook:
        _, state = await self.transactor.load(request.user.tenant, WEBHOOK.of(webhook))
        if not state.webhook:
            raise UnknownWebhook(webhook)
        return state


def may_see(caller: Caller, webhook: Webhook) -> bool:
    """An auditor sees all; who has another role beside changes no more by it."""
    return AUDITOR in caller.roles or may_change(caller, webhook.by)


def _not_deleted(state: Webhook) -> Webhook:
    if not state.exists:
        raise UnknownWebhook(state.webhook)
    return state
