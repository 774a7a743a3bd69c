"""What `milepost doctor` says, as a metric: one of the processes that serve looks each minute."""

import asyncio
from contextlib import suppress
from typing import NoReturn

import structlog
from prometheus_client import Gauge

from milepost.events.parking.parked import Pool
from milepost.events.runtime.leaders import lead
from milepost.events.runtime.outages import TRANSIENT
from milepost.operations.doctor.examination import BOUNDS, findings_of
from milepost.operations.doctor.finding import Bounds, Consumers, Verdict
from milepost.operations.doctor.kept import keep
from milepost.web.settings import Settings

EVERY_SECONDS = 60.0
DEGREES: dict[Verdict, int] = {"ok": 0, "warning": 1, "wrong": 2}
# Of the machine where the command is typed, not of the installation. The process that looks is not
# the one that has the key of issuers or of webhooks.
ONLY_TYPED = frozenset({"http", "issuer_keys", "webhook_secrets"})

FINDING = Gauge(
    "milepost_finding", "What `milepost doctor` says: 0 ok, 1 warning, 2 wrong", ["finding"]
)

_log = structlog.get_logger()


async def watch(
    settings: Settings,
    pool: Pool,
    consumers: Consumers,
    bounds: Bounds = BOUNDS,
    every_seconds: float = EVERY_SECONDS,
) -> None:
    """Look again and again until canceled, wherever this process leads."""

    async def look() -> NoReturn:
        try:
            while True:
                await _look(pool, settings, consumers, bounds)
                await asyncio.sleep(every_seconds)
        finally:
            FINDING.clear()  # who does not look says nothing

    await lead(pool, "doctor", look, TRANSIENT)


async def _look(pool: Pool, settings: Settings, consumers: Consumers, bounds: Bounds) -> None:
    try:
        found = await findings_of(settings, consumers, bounds)
    except Exception:  # noqa: BLE001 - serving goes on; finding nothing is an alert of its own
        _log.exception("doctor_failed")
        found = []
    FINDING.clear()
    told = [one for one in found if one.name not in ONLY_TYPED]
    for finding in told:
        FINDING.labels(finding.name).set(DEGREES[finding.verdict])
    with suppress(*TRANSIENT):
        await keep(pool, told)
