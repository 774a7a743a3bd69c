"""What differs between two versions of a course: enough to make the one from the other."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal, TypeAlias

import msgspec

from milepost.contracts.courses import CoursePublished, Lesson, Skill
from milepost.contracts.rules.prerequisites import CoursePassed, Prerequisite

Part: TypeAlias = Literal["course", "lesson", "skill", "prerequisite"]
Kind: TypeAlias = Literal["added", "removed", "moved", "changed"]
Listed: TypeAlias = Lesson | Skill | Prerequisite

_SINGLE = (
    *("title", "titles", "language", "workload_hours"),
    *("passing_rule", "offline_days", "late", "deadline_resets"),
)
# There or not: told as one thing, not part by part.
_WHOLE = frozenset({"late"})


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that differs.

    id     the lesson's id, the skill's URL, the course or achievement required
    field  as the plan names it: `weight`, `titles.de`, `passing_rule.drop_lowest`; absent when
           the whole lesson, skill or prerequisite is meant
    place  from 1, in the new list: of what was added, moved or changed
    old    the value that was; of what moved, its place; absent when it was added
    new    the value that is; of what moved, its place; absent when it was removed
    """

    part: Part
    kind: Kind
    id: str | None = None
    field: str | None = None
    place: int | None = None
    old: Any = None
    new: Any = None


def differences(old: CoursePublished | None, new: CoursePublished) -> tuple[Difference, ...]:
    """Against nothing, everything was added."""
    before = _fields(old, *_SINGLE) if old else {}
    return (
        *_changed("course", None, None, before, _fields(new, *_SINGLE)),
        *_listed("lesson", old.lessons if old else (), new.lessons),
        *_listed("skill", old.skills if old else (), new.skills),
        *_listed("prerequisite", old.prerequisites if old else (), new.prerequisites),
    )


def _listed(part: Part, old: Sequence[Listed], new: Sequence[Listed]) -> Iterator[Difference]:
    before, after = _by_id(old), _by_id(new)
    for key, (_, one) in before.items():
        if key not in after:
            yield Difference(part=part, kind="removed", id=key[0], old=one)
    stay = _unmoved([before[key][0] for key in after if key in before])
    for key, (place, one) in after.items():
        if key not in before:
            yield Difference(part=part, kind="added", id=key[0], place=place, new=one)
            continue
        was_at, was = before[key]
        if was_at not in stay:
            yield Difference(part=part, kind="moved", id=key[0], place=place, old=was_at, new=place)
        if was != one:
            # A lesson's translations may be many: only what differs is looked at by its parts.
            names = [
                name for name in one.__struct_fields__ if getattr(was, name) != getattr(one, name)
            ]
            yield from _changed(part, key[0], place, _fields(was, *names), _fields(one, *names))


def _changed(
    part: Part, id_: str | None, place: int | None, old: Mapping[str, Any], new: Mapping[str, Any]
) -> Iterator[Difference]:
    for name in dict.fromkeys((*old, *new)):
        if name in old and name in new and old[name] == new[name]:
            continue
        kind: Kind = "added" if name not in old else "changed" if name in new else "removed"
        yield Difference(
            part=part,
            kind=kind,
            id=id_,
            field=name,
            place=place,
            old=old.get(name),
            new=new.get(name),
        )


def _fields(one: msgspec.Struct, *names: str) -> dict[str, Any]:
    """By their paths from `one`: values within values have a name of their own."""
    found: dict[str, Any] = {}
    for name in names or one.__struct_fields__:
        value = getattr(one, name)
        if isinstance(value, msgspec.Struct) and name not in _WHOLE:
            value = _fields(value)
        if isinstance(value, Mapping):
            found.update({f"{name}.{inner}": part for inner, part in value.items()})
        else:
            found[name] = value
    return found


def _by_id(listed: Iterable[Listed]) -> dict[tuple[str, int], tuple[int, Listed]]:
    """Place and value. Versions of old may say something twice: the second has the number 2."""
    seen: Counter[str] = Counter()
    found: dict[tuple[str, int], tuple[int, Listed]] = {}
    for place, one in enumerate(listed, 1):
        seen[_id_of(one)] += 1
        found[_id_of(one), seen[_id_of(one)]] = (place, one)
    return found


def _id_of(one: Listed) -> str:
    match one:
        case Lesson():
            return one.id
        case Skill():
            return one.url
        case CoursePassed():
            return f"course {one.course}"
        case _:
            return f"achievement {one.achievement}"


def _unmoved(places: Sequence[int]) -> set[int]:
    """As many as can be said to have stayed where they were: the longest run that rises."""
    ends: list[int] = []  # the smallest last place of a rising run, by the run's length
    lengths = []
    for place in places:
        length = bisect_left(ends, place)
        ends[length : length + 1] = [place]
        lengths.append(length)
    stayed: set[int] = set()
    wanted = len(ends) - 1
    for place, length in zip(reversed(places), reversed(lengths), strict=True):
        if length == wanted:
            stayed.add(place)
            wanted -= 1
    return stayed
