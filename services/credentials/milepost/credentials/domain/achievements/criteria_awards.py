"""Criteria that ask for credentials, programs of them, and persons' approval. Pure."""

from bisect import bisect_right
from collections.abc import Sequence
from datetime import datetime
from typing import assert_never

from msgspec.structs import replace

from milepost.contracts.achievements import AchievementHeld, Approved, ProgramCompleted
from milepost.contracts.rules.criteria import needed
from milepost.credentials.domain.achievements.condition import Asked, Condition, at_least


def by_awards(criterion: AchievementHeld | ProgramCompleted | Approved, asked: Asked) -> Condition:
    match criterion:
        case AchievementHeld(achievement=achievement):
            return achievement_held(achievement, asked)
        case ProgramCompleted(program=program):
            return _program_completed(program, asked)
        case Approved(persons=persons):
            return _approved(persons, asked)
        case _:
            assert_never(criterion)


def achievement_held(achievement: str, asked: Asked) -> Condition:
    held = asked.held.get(achievement)
    condition = Condition(kind="achievement_held", holds=False, achievement=achievement)
    if held is None:
        once = asked.record.cycles(achievement)
        return replace(condition, because="held_no_longer" if once else "not_held")
    return replace(
        condition,
        holds=True,
        since=held.valid_from,
        position=held.position,
        credential=held.credential,
    )


def _program_completed(program: str, asked: Asked) -> Condition:
    """By the achievements that are held, whatever they themselves rest on."""
    found = asked.catalog.programs.get(program)
    if found is None:
        return Condition(
            kind="program_completed", holds=False, program=program, because="unknown_program"
        )
    defined = found.definition
    parts = tuple(achievement_held(one, asked) for one in defined.achievements)
    condition = at_least(needed(defined), "program_completed", parts, program=program)
    if not defined.ordered or not condition.holds:
        return condition
    ends = _in_order([_first_earned(one, asked) for one in parts if one.holds])
    if len(ends) < needed(defined):
        missing = needed(defined) - len(ends)
        return replace(
            condition,
            holds=False,
            since=None,
            position=None,
            because="out_of_order",
            missing=missing,
        )
    return condition


def _approved(persons: int, asked: Asked) -> Condition:
    """By different persons, for this achievement. Who they are is not told."""
    moments = sorted(asked.record.approvals_of(asked.achievement, asked.at).values())
    holds = len(moments) >= persons
    return Condition(
        kind="approved",
        holds=holds,
        since=moments[persons - 1] if holds else None,
        because=None if holds else "too_few_approvals",
        missing=None if holds else persons - len(moments),
        persons=persons,
        approved=len(moments),
    )


def _first_earned(condition: Condition, asked: Asked) -> datetime:
    """A renewal does not change the order in which achievements were earned."""
    return min(
        min(one.valid_from, one.awarded_at)
        for one in asked.record.credentials.values()
        if one.achievement == condition.achievement and not one.revoked
    )


def _in_order(earned: Sequence[datetime]) -> Sequence[datetime]:
    """As long as the longest choice of these in which none was earned before the one before it."""
    ends: list[datetime] = []
    for moment in earned:
        place = bisect_right(ends, moment)
        ends[place : place + 1] = [moment]
    return ends
