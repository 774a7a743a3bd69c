"""A webhook ends by what its endpoint does: 410, or nothing but failures for days."""

from collections.abc import Callable
from datetime import datetime
from functools import partial

import structlog

from milepost.contracts.subscriptions.webhooks import Ending
from milepost.events.commands.transact import Transactor
from milepost.subscriptions.webhooks.delivery.sending.outcomes import Disable
from milepost.subscriptions.webhooks.domain.webhook import WEBHOOK, disable

_log = structlog.get_logger()


def disabler(transactor: Transactor, clock: Callable[[], datetime]) -> Disable:
    """Repeating it does nothing: of all who find it failing one says so."""

    async def end(
        tenant: str, webhook: str, why: Ending, since: datetime | None, status: int | None
    ) -> None:
        decide = partial(
            disable, webhook=webhook, reason=why, at=clock(), failing_since=since, status=status
        )
        await transactor.transact(tenant, WEBHOOK.of(webhook), decide)
        _log.warning("webhook_disabled", tenant=tenant, webhook=webhook, reason=why)

    return end
