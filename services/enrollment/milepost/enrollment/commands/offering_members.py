"""Who has ever come into an offering, read from the log: for the rare command to all of them."""

from milepost.contracts.enrollments import EnrollmentRequested, LearnerEnrolled, LearnerWaitlisted
from milepost.enrollment.domain.offering.offering import OFFERING
from milepost.events.codec import Codec
from milepost.events.event import tag_of
from milepost.events.log import Log, pages

ENTRIES = (EnrollmentRequested, LearnerWaitlisted, LearnerEnrolled)

_CODEC = Codec[EnrollmentRequested | LearnerWaitlisted | LearnerEnrolled](
    EnrollmentRequested | LearnerWaitlisted | LearnerEnrolled
)
_TAGS = tuple(tag_of(entry) for entry in ENTRIES)


async def members(log: Log, tenant: str, offering: str, before: int | None = None) -> list[str]:
    """Enrollment ids in the order of arrival; only those that came `before` that position.

    Whoever comes in is decided on the offering as it then was: after the position where it was
    canceled there is nobody.
    """
    facts = await log.read_stream(tenant, OFFERING.of(offering).name)
    if not facts:
        return []
    after, upto = facts[0].position, None if before is None else before - 1
    found = dict[str, None]()
    async for page in pages(log, tenant, after, upto=upto, types=_TAGS):
        for one in page.events:
            entry = _CODEC.read(one)
            if entry.offering == offering:
                found[entry.enrollment] = None
    return list(found)
