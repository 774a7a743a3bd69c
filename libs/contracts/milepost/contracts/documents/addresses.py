"""Where the schema of a published event stands: `ce-dataschema`, and the route that serves it."""

from collections.abc import Mapping
from types import MappingProxyType

from milepost.contracts.published import PUBLISHED
from milepost.events.event import name_of


def version_of(tag: str) -> int:
    """`course_published.2` is version 2 of it, and `course_published` version 1."""
    return int(tag.partition(".")[2] or 1)


def schema_path(tag: str) -> str:
    return f"/schema/events/{name_of(tag)}/{version_of(tag)}.json"


def dataschemas(origin: str) -> Mapping[str, str]:
    """By tag, of everything published. `origin`: where the installation is reached."""
    return MappingProxyType({tag: origin + schema_path(tag) for tag in PUBLISHED})
