"""The facts of programs. These names and fields are the storage format."""

from collections.abc import Mapping
from typing import Literal, TypeAlias

from milepost.events.event import Event

StackingRule: TypeAlias = Literal["all", "any", "n_of"]


class ProgramDefined(Event, frozen=True, kw_only=True, tag="program_defined"):
    """`achievements` are codes of the credentials service; whether they exist is known there.

    rule     how many of them complete it: all, any one, or `n` of them, which only `n_of` has
    ordered  they are to be earned in the order in which they stand
    titles   translations of `title`, which is in `language`, by BCP 47 tag
    """

    program: str
    version: int
    title: str
    achievements: tuple[str, ...]
    rule: StackingRule = "all"
    n: int | None = None
    ordered: bool = False
    language: str = "en"
    titles: Mapping[str, str] = {}


class ProgramRetired(Event, frozen=True, kw_only=True, tag="program_retired"):
    """`reason` is a code, never text that a person typed."""

    program: str
    reason: str | None = None
