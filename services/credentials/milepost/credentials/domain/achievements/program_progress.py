"""How far a learner is towards a program, to any depth. Pure.

    program ─▶ achievement ─▶ its criteria ─▶ another program ─▶ …

A share is 0 to 1: of a group that needs n parts, the mean of the n that are furthest. Each
achievement and each program is judged once, however many ask for it.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from heapq import nlargest
from math import fsum

import msgspec

from milepost.contracts.achievements import ProgramCompleted
from milepost.contracts.programs import StackingRule
from milepost.contracts.rules.criteria import needed, program_step
from milepost.credentials.domain.achievements.catalog import Catalog, Program
from milepost.credentials.domain.achievements.condition import Condition, Obstacle
from milepost.credentials.domain.achievements.criteria import explain
from milepost.credentials.domain.records.record import Record

_PREFIX = program_step("")


class PartProgress(msgspec.Struct, frozen=True, kw_only=True):
    """`share`, 0 to 1, is how far the criteria are met, 1 of what is held. `name` is None where
    nobody has defined the achievement. `programs` are those that its criteria ask for.
    """

    achievement: str
    name: str | None
    held: bool
    since: datetime | None
    credential: str | None
    share: float
    programs: tuple[str, ...]


class ProgramProgress(msgspec.Struct, frozen=True, kw_only=True):
    """`held` of the `needed` achievements; `since` when it is completed, `because` why it is not.

    `share`, 0 to 1, also counts what is under way in parts that are not held yet.
    """

    program: str
    title: str
    version: int
    retired: bool
    rule: StackingRule
    ordered: bool
    needed: int
    held: int
    completed: bool
    since: datetime | None
    because: Obstacle | None
    share: float
    parts: tuple[PartProgress, ...]


def progress_towards(
    programs: Iterable[str], record: Record, catalog: Catalog, at: datetime
) -> tuple[ProgramProgress, ...]:
    """These programs, and then all that they lead to, each once. Unknown ones are left out."""
    asked = dict.fromkeys(program_step(one) for one in programs)
    order = _beneath(asked, catalog)
    judged = _judged(order, record, catalog, at)
    beneath = [one for one in order if one.startswith(_PREFIX) and one not in asked]
    wanted = [*asked, *beneath]
    return tuple(_progress(one, judged, catalog) for one in wanted if one in judged)


class _Judged(msgspec.Struct, frozen=True):
    condition: Condition
    share: float


def _beneath(steps: Iterable[str], catalog: Catalog) -> list[str]:
    """All that these ask for, and they, what is asked for before what asks for it."""
    order, seen = list[str](), set[str]()
    stack = [(one, False) for one in steps]
    while stack:
        step, is_done = stack.pop()
        if is_done:
            order.append(step)
        elif step not in seen:
            seen.add(step)
            stack.append((step, True))
            stack += [(one, False) for one in catalog.steps(step)]
    return order


def _judged(
    order: Iterable[str], record: Record, catalog: Catalog, at: datetime
) -> Mapping[str, _Judged]:
    judged: dict[str, _Judged] = {}
    for step in order:
        program = step.removeprefix(_PREFIX) if step.startswith(_PREFIX) else None
        if program is not None and program in catalog.programs:
            criterion = ProgramCompleted(program=program)
            condition = explain(criterion, record, catalog, at, achievement="")
            judged[step] = _Judged(condition, _share(condition, judged))
        elif achievement := catalog.achievements.get(step):
            criteria = achievement.definition.criteria
            condition = explain(criteria, record, catalog, at, achievement=step)
            judged[step] = _Judged(condition, _share(condition, judged))
    return judged


def _share(condition: Condition, judged: Mapping[str, _Judged]) -> float:
    """What stands in a circle, which races alone can make, counts for nothing."""
    if condition.holds:
        return 1.0
    match condition.kind:
        case "achievement_held":
            known = judged.get(condition.achievement or "")
            return known.share if known else 0.0
        case "hours_learned":
            return min(1.0, (condition.learned or 0.0) / (condition.hours or 1.0))
        case "approved":
            return (condition.approved or 0) / (condition.persons or 1)
        case "all_of" | "any_of" | "n_of" | "program_completed":
            return _of_parts(condition, judged)
        case _:
            return 0.0


def _of_parts(condition: Condition, judged: Mapping[str, _Judged]) -> float:
    parts = condition.conditions
    counts = {"all_of": len(parts), "any_of": 1}.get(condition.kind, condition.n or 1)
    best = nlargest(counts, (_share(one, judged) for one in parts))
    return fsum(best) / counts if counts else 0.0


def _progress(step: str, judged: Mapping[str, _Judged], catalog: Catalog) -> ProgramProgress:
    program: Program = catalog.programs[step.removeprefix(_PREFIX)]
    defined, condition = program.definition, judged[step].condition
    return ProgramProgress(
        program=defined.program,
        title=defined.title,
        version=defined.version,
        retired=program.retired,
        rule=defined.rule,
        ordered=defined.ordered,
        needed=needed(defined),
        held=sum(one.holds for one in condition.conditions),
        completed=condition.holds,
        since=condition.since,
        because=condition.because,
        share=judged[step].share,
        parts=tuple(_part(one, judged, catalog) for one in condition.conditions),
    )


def _part(condition: Condition, judged: Mapping[str, _Judged], catalog: Catalog) -> PartProgress:
    code = condition.achievement or ""
    achievement = catalog.achievements.get(code)
    return PartProgress(
        achievement=code,
        name=achievement.definition.name if achievement else None,
        held=condition.holds,
        since=condition.since,
        credential=condition.credential,
        share=_share(condition, judged),
        programs=tuple(
            one.removeprefix(_PREFIX) for one in catalog.steps(code) if one.startswith(_PREFIX)
        ),
    )
