"""Who teaches an offering: the fold that every room asks before it tells or takes anything."""

from typing import TypeAlias, assert_never

import msgspec

from milepost.contracts import streams
from milepost.contracts.offerings import InstructorAssigned, InstructorRemoved
from milepost.events.codec import Codec
from milepost.events.streams import Category

InstructorEvent: TypeAlias = InstructorAssigned | InstructorRemoved


class Instructors(msgspec.Struct):
    """The subjects of the tokens of those who are assigned, in the order of their coming."""

    subjects: tuple[str, ...] = ()


def evolve(state: Instructors, event: InstructorEvent) -> Instructors:
    others = tuple(one for one in state.subjects if one != event.instructor)
    match event:
        case InstructorAssigned():
            return Instructors((*others, event.instructor))
        case InstructorRemoved():
            return Instructors(others)
        case _:
            assert_never(event)


# A stream of its own: to know who teaches, nobody has to read who took a seat.
INSTRUCTORS: Category[Instructors, InstructorEvent] = Category(
    streams.INSTRUCTORS, Instructors, evolve, Codec(InstructorEvent)
)
