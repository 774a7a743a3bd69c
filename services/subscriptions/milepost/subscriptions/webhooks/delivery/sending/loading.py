"""What is needed to send what was claimed: the events, the address of today, the secrets."""

import asyncio
from collections.abc import Iterable, Sequence
from typing import TypeAlias

import structlog

from milepost.events.log import Log, Recorded, event_at
from milepost.subscriptions.webhooks.delivery.sending.claims import Claimed
from milepost.subscriptions.webhooks.delivery.sending.lanes import Address, Run
from milepost.subscriptions.webhooks.domain.signing import Secret
from milepost.subscriptions.webhooks.register import Register
from milepost.subscriptions.webhooks.secrets import SecretsLocked

Target: TypeAlias = tuple[str, Sequence[Secret]]

_log = structlog.get_logger()


class Loading:
    def __init__(self, log: Log, register: Register) -> None:
        self._log = log
        self._register = register

    async def runs(
        self, claimed: Iterable[Sequence[Claimed]], claimed_at: float
    ) -> tuple[list[Run], list[Claimed]]:
        """What may be sent, and what may not: its webhook was paused or deleted meanwhile."""
        claimed = list(claimed)
        targets, events = await asyncio.gather(
            self._targets({(run[0].tenant, run[0].webhook) for run in claimed}),
            self._events([one for run in claimed for one in run]),
        )
        taken, refused = list[tuple[Sequence[Claimed], Target]](), list[Claimed]()
        for run in claimed:
            if (target := targets[run[0].tenant, run[0].webhook]) is None:
                refused += run
            else:
                taken.append((run, target))
        made = [
            Run(run, [events[one.tenant, one.position] for one in run], *target, claimed_at)
            for run, target in taken
        ]
        return made, refused

    async def _targets(self, addresses: set[Address]) -> dict[Address, Target | None]:
        return {one: await self._target(*one) for one in sorted(addresses)}

    async def _target(self, tenant: str, webhook: str) -> Target | None:
        found = await self._register.get(tenant, webhook)
        if found is None or not found.active:
            return None
        try:
            secrets = await self._register.secrets_of(tenant, found)
        except SecretsLocked:
            _log.error("webhook_secrets_locked", tenant=tenant, webhook=webhook)
            return None
        return found.url, secrets

    async def _events(self, claimed: Sequence[Claimed]) -> dict[tuple[str, int], Recorded]:
        """Asked for at once: the log reads those of a school in one query."""
        found = await asyncio.gather(
            *(event_at(self._log, one.tenant, one.position) for one in claimed)
        )
        return {(one.tenant, one.position): one for one in found}
