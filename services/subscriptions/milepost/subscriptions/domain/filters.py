"""Which events a subscriber asks for. What is empty asks for all."""

from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from milepost.contracts.published import PUBLISHED
from milepost.events.event import name_of
from milepost.events.log import Recorded
from milepost.subscriptions.domain.facets import NONE, Facets, Ids

# The tags that each name of an event is stored under, old versions too.
TAGS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        name: tuple(tag for tag in PUBLISHED if name_of(tag) == name)
        for name in sorted({name_of(tag) for tag in PUBLISHED})
    }
)


class Filter(msgspec.Struct, frozen=True, omit_defaults=True):
    """Each kind that is named must be met, by one of its values.

    types  names of events, `credential_awarded`: without the version of their shape
    """

    types: Ids = NONE
    courses: Ids = NONE
    offerings: Ids = NONE
    achievements: Ids = NONE
    learners: Ids = NONE

    @property
    def by_type_alone(self) -> bool:
        return not (self.courses or self.offerings or self.achievements or self.learners)

    @property
    def tags(self) -> tuple[str, ...]:
        """Of published events alone: what is not published is nobody's outside."""
        if not self.types:
            return tuple(PUBLISHED)
        return tuple(tag for name in self.types for tag in TAGS.get(name, ()))

    def takes(self, event: Recorded) -> bool:
        """By its type alone."""
        name = name_of(event.type)
        return name in self.types if self.types else event.type in PUBLISHED

    def matches(self, facets: Facets) -> bool:
        return (
            _met(self.courses, facets.courses)
            and _met(self.offerings, facets.offerings)
            and _met(self.achievements, facets.achievements)
            and _met(self.learners, facets.learners)
        )


def _met(asked: Ids, found: Ids) -> bool:
    return not asked or not asked.isdisjoint(found)
