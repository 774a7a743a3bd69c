"""What a fact and a refusal are. Everything that is stored derives from `Event`."""

from datetime import UTC, datetime
from typing import Any

import msgspec

# Stands for "the codec has not filled this in yet"; never stored. Compared by identity.
UNDATED = datetime(1, 1, 1, tzinfo=UTC)


class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type"):
    """A fact, in the past tense. Subclasses repeat `frozen=True, kw_only=True` and carry a tag.

    The tag is the storage format: written once, never renamed. A later, incompatible shape of
    the same fact gets the tag `name.2`, and the codec an upcaster from `name`.
    `occurred_at` is when it happened in the world (UTC, aware); it is stored in its own column.
    """

    occurred_at: datetime = UNDATED


def tag_of(event: type[Event]) -> str:
    tag = event.__struct_config__.tag
    assert isinstance(tag, str), f"{event.__name__} has no tag"
    return tag


def name_of(tag: str) -> str:
    """The event's name without its schema version: `course_published.2` is `course_published`."""
    return tag.partition(".")[0]


class Refused(Exception):
    """A rule said no. Subclasses are dataclasses whose fields are the facts a client can act on.

    Refused
    ├── Unknown      the thing named does not exist for this tenant
    ├── Forbidden    the caller may not
    ├── Invalid      well-formed, but makes no sense
    └── Conflicting  not in this state, not at this time, not any more
    """

    @property
    def facts(self) -> dict[str, Any]:
        return dict(vars(self))

    def __str__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{k}={v!r}' for k, v in self.facts.items())})"


class Unknown(Refused): ...


class Forbidden(Refused): ...


class Invalid(Refused): ...


class Conflicting(Refused): ...
