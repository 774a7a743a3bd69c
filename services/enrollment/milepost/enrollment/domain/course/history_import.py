"""Taking a course over as a file tells it: versions with the times at which they were published."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

import msgspec

from milepost.contracts.courses import CourseDrafted, CoursePublished, CourseRetired
from milepost.enrollment.domain.course.course import Course, PlanInvalid, same_content
from milepost.enrollment.domain.course.diff import Difference, differences
from milepost.enrollment.domain.course.plan_faults import Fault, plan_faults
from milepost.enrollment.events import CourseEvent
from milepost.events.event import Conflicting


class History(msgspec.Struct, frozen=True, kw_only=True):
    """All that happened to a course. `title` is the latest version's, or the draft's."""

    course: str
    title: str
    versions: tuple[CoursePublished, ...] = ()
    retired_at: datetime | None = None


@dataclass
class CourseDiffers(Conflicting):
    """The course has another history here: every place of the file that says otherwise."""

    course: str
    faults: tuple[Fault, ...]


def import_history(
    state: Course, history: History, *, course: str, latest: datetime, occurred_at: datetime
) -> list[CourseEvent]:
    """Write what the history has beyond the course: nothing, when it is an older one of the same.

    Nothing may have happened after `latest`; a draft is dated `occurred_at`. What is here already
    is not judged again. Raises `PlanInvalid`, `CourseDiffers`.
    """
    if faults := tuple(_faults(state, history, course, latest)):
        raise PlanInvalid(course, faults)
    if differing := tuple(dict.fromkeys(_contradictions(state, history))):
        raise CourseDiffers(course, differing)
    new: list[CourseEvent] = list(history.versions[len(state.versions) :])
    if _renames(state, history):
        new = [CourseDrafted(course=course, title=history.title, occurred_at=occurred_at)]
    if history.retired_at is not None and not state.retired:
        new.append(CourseRetired(course=course, occurred_at=history.retired_at))
    return new


def _renames(state: Course, history: History) -> bool:
    return not history.versions and state.latest is None and state.title != history.title


def _faults(state: Course, history: History, course: str, latest: datetime) -> Iterator[Fault]:
    """What makes no sense about the history itself."""
    if history.course != course:
        yield Fault("$.course", "not_the_one_addressed")
    if history.versions and history.title != history.versions[-1].title:
        yield Fault("$.title", "not_that_of_the_latest_version")
    if history.retired_at is not None and history.retired_at > latest:
        yield Fault("$.retired_at", "in_the_future")
    if not state.retired and _retired_too_early(history):
        yield Fault("$.retired_at", "before_the_latest_version")
    for number, one in enumerate(history.versions):
        before = history.versions[number - 1] if number else None
        is_new = number >= len(state.versions)
        faults = _version_faults(one, before, number + 1, latest, is_new=is_new)
        yield from _within(f"$.versions[{number}]", faults)


def _version_faults(
    one: CoursePublished,
    before: CoursePublished | None,
    number: int,
    latest: datetime,
    *,
    is_new: bool,
) -> Iterator[Fault]:
    if one.version != number:
        yield Fault("$.version", "not_the_next")
    if one.occurred_at > latest:
        yield Fault("$.published_at", "in_the_future")
    if before is not None and same_content(one, before):
        yield Fault("$", "same_as_the_version_before")
    if is_new:
        if before is not None and one.occurred_at < before.occurred_at:
            yield Fault("$.published_at", "before_the_version_before")
        yield from plan_faults(one)


def _retired_too_early(history: History) -> bool:
    if history.retired_at is None or not history.versions:
        return False
    return history.retired_at < history.versions[-1].occurred_at


def _within(path: str, faults: Iterable[Fault]) -> Iterator[Fault]:
    for fault in faults:
        yield Fault(path + fault.path.removeprefix("$"), fault.condition)


def _contradictions(state: Course, history: History) -> Iterator[Fault]:
    for number, (stored, imported) in enumerate(
        zip(state.versions, history.versions, strict=False)
    ):
        path = f"$.versions[{number}]"
        if stored.occurred_at != imported.occurred_at:
            yield Fault(f"{path}.published_at", "differs")
        for one in differences(stored, imported):
            yield Fault(f"{path}.{_path_of(one)}", "differs")
    more = len(history.versions) - len(state.versions)
    if history.retired_at is not None and not state.retired and more < 0:
        yield Fault("$.retired_at", "published_since")
    if state.retired and (more > 0 or _renames(state, history)):
        yield Fault("$.retired_at", "already_retired")
    elif state.retired and history.retired_at not in {None, state.retired_at}:
        yield Fault("$.retired_at", "differs")


def _path_of(one: Difference) -> str:
    """Where it stands in the new plan; of what is gone, where it stood among others."""
    if one.part == "course":
        return str(one.field)
    place = "" if one.place is None else f"[{one.place - 1}]"
    return f"{one.part}s{place}" + (f".{one.field}" if one.field else "")
