"""From when the due days of an offering's lessons count. Pure."""

from datetime import datetime

from milepost.contracts.offerings import OfferingOpened


def starts_later(offering: OfferingOpened, enrolled_at: datetime) -> datetime | None:
    """When a cohort starts after the enrollment: then. Else None: due days count from the latter,
    so that nobody who joins a running cohort is late on the first day.
    """
    if offering.pace != "cohort" or offering.starts is None or offering.starts <= enrolled_at:
        return None
    return offering.starts
