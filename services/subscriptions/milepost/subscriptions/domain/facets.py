"""What an event is about, as subscribers filter by it: learners, courses, offerings, achievements.

Many events say it themselves. Where one names only an enrollment, an offering or a credential, that
has to be looked up: its first event says the rest, and never changes.
"""

from collections.abc import Iterable
from datetime import datetime

import msgspec

from milepost.contracts import streams
from milepost.events.log import Recorded
from milepost.events.streams import category_of, key_of

Ids = frozenset[str]
NONE: Ids = frozenset()
AWARDED = "credential_awarded"
RELEASED = "credential_released"


class Facets(msgspec.Struct, frozen=True):
    """An event may be about several of a kind: a credential that two courses earned.

    home      the offering whose instructors it concerns: of a credential, where it was first earned
    withheld  about a credential that was awarded, and shown to nobody until its release
    """

    learners: Ids = NONE
    courses: Ids = NONE
    offerings: Ids = NONE
    achievements: Ids = NONE
    home: str | None = None
    withheld: bool = False

    def union(self, first: "Facets") -> "Facets":
        """With what the event says that began it."""
        return Facets(
            self.learners | first.learners,
            self.courses | first.courses,
            self.offerings | first.offerings,
            self.achievements | first.achievements,
            first.home or self.home,
            first.withheld or self.withheld,
        )


class _Evidence(msgspec.Struct, frozen=True):
    course: str | None = None
    offering: str | None = None


class _Fields(msgspec.Struct, frozen=True):
    learner: str | None = None
    course: str | None = None
    offering: str | None = None
    achievement: str | None = None
    enrollment: str | None = None
    credential: str | None = None
    evidence: tuple[_Evidence, ...] = ()
    embargo_until: datetime | None = None
    held_for_release: bool = False


class Named(msgspec.Struct, frozen=True):
    """What the event itself names. `look_up`: the streams that say the rest, if it is asked for."""

    facets: Facets
    look_up: tuple[str, ...] = ()
    credential: str | None = None


_decoder = msgspec.json.Decoder(_Fields)


def named_by(event: Recorded) -> Named:
    """Raises `msgspec.DecodeError` for what is no event of the contract."""
    fields = _decoder.decode(event.data)
    offering = fields.offering or _key(event, streams.OFFERING)
    course = fields.course or _key(event, streams.COURSE)
    earned = tuple(one.offering for one in fields.evidence)
    enrollment = fields.enrollment or _key(event, streams.ENROLLMENT, streams.PROGRESS)
    facets = Facets(
        _ids(fields.learner or _key(event, streams.RECORD)),
        _ids(course, *(one.course for one in fields.evidence)),
        _ids(offering, *earned),
        _ids(fields.achievement or _key(event, streams.ACHIEVEMENT)),
        offering or next(iter(earned), None),
        _withheld(event, fields),
    )
    if fields.credential is not None:
        later = event.type.partition(".")[0] != AWARDED
        record = (event.stream,) if later else ()
        return Named(facets, record, fields.credential if later else None)
    if enrollment and not (facets.learners and facets.courses and facets.offerings):
        return Named(facets, (streams.enrollment(enrollment),))
    if offering and not course:
        return Named(facets, (streams.offering(offering),))
    return Named(facets)


def _withheld(event: Recorded, fields: _Fields) -> bool:
    embargo = fields.embargo_until
    embargoed = embargo is not None and event.occurred_at < embargo
    return fields.credential is not None and (fields.held_for_release or embargoed)


def _key(event: Recorded, *categories: str) -> str | None:
    return key_of(event.stream) if category_of(event.stream) in categories else None


def _ids(*found: str | None) -> Ids:
    return frozenset(one for one in found if one)


def award_in(record: Iterable[Recorded], credential: str) -> Recorded | None:
    """The event that awarded it."""
    for event in record:
        awarded = event.type.partition(".")[0] == AWARDED
        if awarded and _decoder.decode(event.data).credential == credential:
            return event
    return None


def released_by(record: Iterable[Recorded], event: Recorded) -> bool:
    """Whether the credential that this event is about had been released when it happened."""
    credential = _decoder.decode(event.data).credential
    return any(
        one.type.partition(".")[0] == RELEASED
        and one.version <= event.version
        and _decoder.decode(one.data).credential == credential
        for one in record
    )
