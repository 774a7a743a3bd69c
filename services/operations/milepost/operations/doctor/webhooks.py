"""What is delivered to webhooks: whether it is late, and what never arrived."""

from datetime import UTC, datetime

from milepost.operations.doctor import lag
from milepost.operations.doctor.finding import Patient, Says, warning, worst
from milepost.subscriptions.webhooks.delivery.log.backlog import Whole, whole


async def deliveries(patient: Patient) -> Says:
    found = await whole(patient.postgres, datetime.now(UTC))
    verdict = lag.verdict(found.late_seconds, patient.bounds)
    remedy = "look at the log of `milepost serve`, which sends them" if verdict != "ok" else ""
    late = Says(f"deliveries are {found.late_seconds:,.0f} s late", verdict, remedy)
    return worst(late, _receivers(found))


def _receivers(found: Whole) -> Says:
    """Those are others': what is wrong there is theirs to mend."""
    if found.parked:
        return warning(
            f"{found.parked:,} deliveries to {found.parking:,} webhooks never arrived",
            "their owners see why: `GET /webhooks/{webhook}/deliveries?state=parked`",
        )
    if found.failing or found.open:
        return Says(
            f"{found.failing:,} fail, {found.open:,} hosts do not answer; all is tried again"
        )
    return Says("all that is due has gone out")
