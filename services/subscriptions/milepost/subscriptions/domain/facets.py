"""What an event is about, as subscribers filter by it: learners, courses, offerings, achievements.

Many events say it themselves. Where one names only an enrollment, an offering or a credential, that
has to be looked up: its first event says the rest, and never changes.
"""

from collections.abc import Iterable

import msgspec

from milepost.contracts import streams
from milepost.events.log import Recorded
from milepost.events.streams import category_of, key_of

Ids = frozenset[str]
NONE: Ids = frozenset()
AWARDED = "credential_awarded"


class Facets(msgspec.Struct, frozen=True):
    """An event may be about several of a kind: a credential that two courses earned."""

    learners: Ids = NONE
    courses: Ids = NONE
    offerings: Ids = NONE
    achievements: Ids = NONE

    def union(self, other: "Facets") -> "Facets":
        return Facets(
            self.learners | other.learners,
            self.courses | other.courses,
            self.offerings | other.offerings,
            self.achievements | other.achievements,
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
    enrollment = fields.enrollment or _key(event, streams.ENROLLMENT, streams.PROGRESS)
    facets = Facets(
        _ids(fields.learner or _key(event, streams.RECORD)),
        _ids(course, *(one.course for one in fields.evidence)),
        _ids(offering, *(one.offering for one in fields.evidence)),
        _ids(fields.achievement or _key(event, streams.ACHIEVEMENT)),
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
