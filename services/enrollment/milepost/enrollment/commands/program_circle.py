"""Looks whether a program would ask for itself, by way of achievements and other programs.

Achievements are defined in another room at the same time, so that a circle can come to be
nevertheless: nothing in it is ever earned by itself, and what is awarded still ends.
"""

from asyncio import gather
from collections.abc import Sequence
from typing import TypeAlias

from milepost.contracts import streams
from milepost.contracts.achievements import AchievementDefined
from milepost.contracts.programs import ProgramDefined
from milepost.contracts.rules.criteria import circle, program_step, steps_of
from milepost.events.codec import Codec
from milepost.events.log import Log

Definition: TypeAlias = AchievementDefined | ProgramDefined
_definitions = Codec[Definition](Definition)


async def circle_through(
    log: Log, tenant: str, program: str, achievements: Sequence[str]
) -> tuple[str, ...]:
    """The path from the program back to it, if it asked for these; empty: it does not lead there.

    Reads all that is defined: programs are defined seldom.
    """
    steps: dict[str, Sequence[str]] = {}
    categories = (streams.ACHIEVEMENT, streams.PROGRAM)
    for recorded in await gather(*(log.read_category(tenant, one) for one in categories)):
        for one in recorded:
            if one.type not in _definitions.classes:
                continue
            match _definitions.read(one):
                case AchievementDefined(achievement=name, criteria=criteria):
                    steps[name] = steps_of(criteria)
                case ProgramDefined(program=name, achievements=parts):
                    steps[program_step(name)] = parts
    return circle(program_step(program), achievements, lambda step: steps.get(step, ())) or ()
