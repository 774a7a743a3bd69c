"""A program: achievements that stack into one, in immutable versions, until it is retired.

It knows neither learners nor achievements: whether a code has been defined, and who holds it, is
the credentials service's knowledge, and may change after the program was defined.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

import msgspec

from milepost.contracts import streams
from milepost.contracts.programs import ProgramDefined, ProgramRetired, StackingRule
from milepost.enrollment.domain.course.plan_faults import Fault, title_faults
from milepost.enrollment.events import ProgramEvent
from milepost.events.codec import Codec
from milepost.events.event import Conflicting, Invalid, Unknown
from milepost.events.streams import Category


@dataclass
class UnknownProgram(Unknown):
    program: str


@dataclass
class UnknownProgramVersion(Unknown):
    """The program has no such version.

    `latest`: the newest that there is.
    """

    program: str
    version: int
    latest: int


@dataclass
class ProgramAlreadyRetired(Conflicting):
    program: str


@dataclass
class ProgramInvalid(Invalid):
    """All faults of the definition at once."""

    program: str
    faults: tuple[Fault, ...]


@dataclass
class ProgramCircular(Invalid):
    """Each step on the path asks for the next one, and the last is the first.

    A step is an achievement, or `program/` and a program.
    """

    path: tuple[str, ...]


class Program(msgspec.Struct):
    """`versions[n - 1]` is version n. A program that nobody has heard of has none."""

    versions: list[ProgramDefined] = msgspec.field(default_factory=list)
    retired: ProgramRetired | None = None

    @property
    def latest(self) -> ProgramDefined | None:
        return self.versions[-1] if self.versions else None


def evolve(state: Program, event: ProgramEvent) -> Program:
    match event:
        case ProgramDefined():
            state.versions.append(event)
        case ProgramRetired():
            state.retired = event
        case _:
            assert_never(event)
    return state


PROGRAM: Category[Program, ProgramEvent] = Category(
    streams.PROGRAM, Program, evolve, Codec(ProgramEvent)
)


def define_program(
    state: Program,
    *,
    program: str,
    title: str,
    achievements: Sequence[str],
    occurred_at: datetime,
    rule: StackingRule = "all",
    n: int | None = None,
    ordered: bool = False,
    language: str = "en",
    titles: Mapping[str, str] | None = None,
    circle: tuple[str, ...] = (),
) -> list[ProgramEvent]:
    """Define the next version; what equals the latest version is not defined again.

    `circle`: the path by which it would ask for itself. Raises `ProgramAlreadyRetired`,
    `ProgramInvalid`, `ProgramCircular`.
    """
    if state.retired:
        raise ProgramAlreadyRetired(program)
    defined = ProgramDefined(
        program=program,
        version=len(state.versions) + 1,
        title=title,
        achievements=tuple(achievements),
        rule=rule,
        n=n,
        ordered=ordered,
        language=language,
        titles=dict(titles or {}),
        occurred_at=occurred_at,
    )
    if faults := tuple(_faults(defined)):
        raise ProgramInvalid(program, faults)
    if state.latest and _same_content(defined, state.latest):
        return []
    if circle:
        raise ProgramCircular(circle)
    return [defined]


def retire_program(
    state: Program, *, program: str, reason: str | None, occurred_at: datetime
) -> list[ProgramEvent]:
    """No further version; what was earned towards it stays. Raises `UnknownProgram`."""
    if state.latest is None:
        raise UnknownProgram(program)
    if state.retired:
        return []
    return [ProgramRetired(program=program, reason=reason, occurred_at=occurred_at)]


def _faults(defined: ProgramDefined) -> Iterator[Fault]:
    yield from title_faults("$", defined.titles, defined.language)
    if not defined.achievements:
        yield Fault("$.achievements", "empty")
    seen: set[str] = set()
    for number, achievement in enumerate(defined.achievements):
        if achievement in seen:
            yield Fault(f"$.achievements[{number}]", "duplicate")
        seen.add(achievement)
    yield from _number_faults(defined, len(seen))
    one_is_enough = defined.rule == "any" or (defined.rule == "n_of" and defined.n == 1)
    if defined.ordered and one_is_enough:
        yield Fault("$.ordered", "one_is_enough")


def _number_faults(defined: ProgramDefined, different: int) -> Iterator[Fault]:
    """`different`: how many achievements there are, each counted once."""
    if defined.rule != "n_of":
        if defined.n is not None:
            yield Fault("$.n", "without_n_of")
    elif defined.n is None:
        yield Fault("$.n", "missing")
    elif defined.n < 1:
        yield Fault("$.n", "not_positive")
    elif defined.n > different:
        yield Fault("$.n", "more_than_there_are")


def _same_content(one: ProgramDefined, other: ProgramDefined) -> bool:
    """The same definition, whatever its number and whenever it was defined."""
    return one == msgspec.structs.replace(other, version=one.version, occurred_at=one.occurred_at)
