"""Who teaches an offering: assigned and removed, whatever has become of the offering."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from milepost.contracts.offerings import (
    InstructorAssigned,
    InstructorEvent,
    InstructorRemoved,
    Instructors,
)
from milepost.enrollment.domain.offering.offering import Offering, UnknownOffering
from milepost.events.event import Conflicting

MAX_INSTRUCTORS: Final = 1_000


@dataclass
class TooManyInstructors(Conflicting):
    """Remove one first."""

    offering: str
    most: int


def assign(
    run: Offering, state: Instructors, *, offering: str, instructor: str, occurred_at: datetime
) -> list[InstructorEvent]:
    """Who is assigned already stays so. Raises `UnknownOffering`, `TooManyInstructors`."""
    _require(run, offering)
    if instructor in state.subjects:
        return []
    if len(state.subjects) >= MAX_INSTRUCTORS:
        raise TooManyInstructors(offering, MAX_INSTRUCTORS)
    return [InstructorAssigned(offering=offering, instructor=instructor, occurred_at=occurred_at)]


def remove(
    run: Offering, state: Instructors, *, offering: str, instructor: str, occurred_at: datetime
) -> list[InstructorEvent]:
    """Who is not assigned stays so. Raises `UnknownOffering`."""
    _require(run, offering)
    if instructor not in state.subjects:
        return []
    return [InstructorRemoved(offering=offering, instructor=instructor, occurred_at=occurred_at)]


def _require(run: Offering, offering: str) -> None:
    if run.opened is None:
        raise UnknownOffering(offering)
