"""Who teaches what: a row per offering and instructor, for lists that show own offerings only."""

from datetime import datetime
from typing import assert_never

import msgspec

from milepost.contracts.offerings import InstructorAssigned, InstructorEvent, InstructorRemoved
from milepost.events.codec import Codec
from milepost.events.projections.read_model import Fact, Key, ReadModel, Rows, Table


class InstructorRow(msgspec.Struct):
    """`instructor` is a token's subject. `assigned_at`: since when; absent once removed."""

    offering: str
    instructor: str
    assigned_at: datetime | None = None


def key_of(fact: Fact[InstructorEvent]) -> Key:
    return fact.key, fact.event.instructor


OFFERING_INSTRUCTOR = Table(
    "offering_instructor",
    InstructorRow,
    ("offering", "instructor"),
    key_of,
    ("instructor, offering",),  # somebody's own offerings
)


def fold(rows: Rows, fact: Fact[InstructorEvent]) -> None:
    event = fact.event
    row = rows.of(OFFERING_INSTRUCTOR, fact.key, event.instructor)
    match event:
        case InstructorAssigned():
            row.assigned_at = event.occurred_at
        case InstructorRemoved():
            row.assigned_at = None
        case _:
            assert_never(event)


OFFERING_INSTRUCTORS = ReadModel(
    "offering_instructors", 1, Codec(InstructorEvent), (OFFERING_INSTRUCTOR,), fold
)
