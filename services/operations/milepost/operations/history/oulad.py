"""Reads the Open University Learning Analytics Dataset: presentations and students' timelines.

Pure reading: nothing is decided here. Only rows that the folder's tables join are read. Each
table may stand there as `.csv`, `.csv.gz` or `.csv.xz`. Days count from the presentation's start.
"""

import csv
import gzip
import lzma
import math
import zlib
from array import array
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO, TypeVar

import msgspec

from milepost.contracts.courses import Lesson, LessonKind
from milepost.operations.terminal.errors import Trouble

START_MONTHS = {"B": 2, "J": 10}
KINDS: dict[str, LessonKind] = {"TMA": "assignment", "CMA": "quiz", "Exam": "exam"}

OPENERS: dict[str, Callable[[Path], TextIO]] = {
    ".csv": lambda path: path.open(encoding="utf-8", newline=""),
    # Closed by whoever asks for the table's rows.
    ".csv.gz": lambda path: gzip.open(path, "rt", encoding="utf-8", newline=""),  # noqa: SIM115
    ".csv.xz": lambda path: lzma.open(path, "rt", encoding="utf-8", newline=""),  # noqa: SIM115
}

Key = tuple[str, str, str]
T = TypeVar("T")
# What a line or a damaged file raises.
UNREADABLE = (ValueError, TypeError, EOFError, OSError, lzma.LZMAError, zlib.error, csv.Error)
MAX_DAYS = 10_000


TABLES = ("assessments", "courses", "studentAssessment", "studentRegistration", "studentVle", "vle")


class TableMissing(Trouble):
    """The folder is not OULAD: some of its tables are not there."""


class TableUnreadable(Trouble):
    """A line of a table makes no sense, or the file is damaged."""


class Presentation(msgspec.Struct, frozen=True):
    """One run of a module. `version` counts a module's runs from 1, in order of time."""

    module: str
    code: str
    version: int
    starts: datetime
    days: int
    lessons: tuple[Lesson, ...]

    @property
    def offering(self) -> str:
        return f"{self.module}-{self.code}"


class HandedIn(msgspec.Struct, frozen=True, gc=False):
    """One student's result for one assessment; `score` is 0 to 100."""

    day: int
    assessment: str
    score: float | None


class Visit(msgspec.Struct, frozen=True, gc=False):
    """Clicks on one page on one day; `row` is its line's number in the file, the first being 1."""

    day: int
    row: int
    page: str
    clicks: int


class Timeline(msgspec.Struct, frozen=True):
    """One student on one presentation. `visits` holds day, row, page, clicks; and so on."""

    presentation: Presentation
    student: str
    registered: int
    left: int | None
    results: Sequence[HandedIn]
    packed_visits: Sequence[int]

    def visits(self) -> Iterator[Visit]:
        numbers = iter(self.packed_visits)
        for day, row, page, clicks in zip(numbers, numbers, numbers, numbers, strict=True):
            yield Visit(day, row, str(page), clicks)


class Dataset(msgspec.Struct, frozen=True):
    """`learners` gives each student's timelines, ordered by their presentations' start.

    `nowhere` counts registrations on presentations that the table of courses does not have.
    """

    presentations: tuple[Presentation, ...]
    learners: tuple[tuple[Timeline, ...], ...]
    nowhere: Mapping[str, int] = msgspec.field(default_factory=dict)


def read_dataset(folder: Path) -> Dataset:
    """Raises `TableMissing`, `TableUnreadable`."""
    require_tables(folder)
    results, with_results = read_results(folder)
    visits = read_visits(folder)
    presentations = read_presentations(folder, with_results, {key[:2] for key in visits})
    by_student: dict[str, list[Timeline]] = defaultdict(list)
    nowhere: Counter[str] = Counter()
    for (module, code, student), registered, left in parsed(
        folder, "studentRegistration", _registration
    ):
        if (module, code) not in presentations:
            nowhere[f"{module}-{code}"] += 1
            continue
        key = (module, code, student)
        timeline = Timeline(
            presentations[module, code],
            student,
            registered,
            left,
            results.get(key, ()),
            visits.get(key, ()),
        )
        by_student[student].append(timeline)
    learners = tuple(map(in_time_order, by_student.values()))
    return Dataset(tuple(presentations.values()), learners, dict(nowhere))


def _registration(
    module: str, code: str, student: str, registered: str, left: str
) -> tuple[Key, int, int | None]:
    return (module, code, student), _day(registered or "0"), _day(left) if left else None


def in_time_order(timelines: Sequence[Timeline]) -> tuple[Timeline, ...]:
    return tuple(
        sorted(timelines, key=lambda one: (one.presentation.starts, one.presentation.module))
    )


def parsed(folder: Path, table: str, parse: Callable[..., T]) -> Iterator[T]:
    """A table's rows without its header line. Raises `TableUnreadable` with the line."""
    with open_table(folder, table) as file:
        lines = csv.reader(file)
        try:
            next(lines, None)
            for fields in lines:
                yield parse(*fields)
        except UNREADABLE as fault:
            raise TableUnreadable(
                f"{table} in {folder}, line {lines.line_num}: {fault}. Nothing was imported."
            ) from fault


def require_tables(folder: Path) -> None:
    """Raises `TableMissing` with all that are."""
    missing = [f"{table}.csv" for table in TABLES if _file(folder, table) is None]
    if missing:
        raise TableMissing(
            f"{folder} lacks {', '.join(missing)} (each may be {', '.join(OPENERS)}):"
            " it is not the folder of OULAD's tables."
        )


def open_table(folder: Path, table: str) -> TextIO:
    path, opener = _file(folder, table) or (folder / f"{table}.csv", OPENERS[".csv"])
    return opener(path)


def _file(folder: Path, table: str) -> tuple[Path, Callable[[Path], TextIO]] | None:
    for suffix, opener in OPENERS.items():
        path = folder / f"{table}{suffix}"
        if path.exists():
            return path, opener
    return None


def read_results(folder: Path) -> tuple[dict[Key, list[HandedIn]], set[str]]:
    """Each student's results, and the assessments that have any. Banked ones count as day 0."""
    places = dict(parsed(folder, "assessments", lambda *row: (row[2], (row[0], row[1]))))
    results: dict[Key, list[HandedIn]] = defaultdict(list)
    with_results = set()
    for student, handed_in in parsed(folder, "studentAssessment", _result):
        if handed_in.assessment not in places:
            continue
        with_results.add(handed_in.assessment)
        results[*places[handed_in.assessment], student].append(handed_in)
    return results, with_results


def _result(
    assessment: str, student: str, day: str, banked: str, score: str
) -> tuple[str, HandedIn]:
    at = 0 if banked == "1" else _day(day)
    return student, HandedIn(at, assessment, _number(score) if score else None)


def read_visits(folder: Path) -> dict[Key, "array[int]"]:
    """Day, row, page and clicks of each visit, packed: there are millions."""
    visits: dict[Key, array[int]] = defaultdict(lambda: array("q"))
    for row, (key, day, page, clicks) in enumerate(parsed(folder, "studentVle", _visit), 1):
        visits[key].extend((day, row, page, clicks))
    return visits


def _visit(  # noqa: PLR0917 - as the table has it
    module: str, code: str, student: str, page: str, day: str, clicks: str
) -> tuple[Key, int, int, int]:
    return (module, code, student), int(day), int(page), int(clicks)


def read_presentations(
    folder: Path, with_results: set[str], visited: set[tuple[str, ...]]
) -> dict[tuple[str, str], Presentation]:
    lessons: dict[tuple[str, str], list[Lesson]] = defaultdict(list)
    runs = {one: (days, start) for one, days, start in parsed(folder, "courses", _run)}
    for place, assessment, kind, day, weight in parsed(folder, "assessments", _assessment):
        if place in runs:
            due_day = runs[place][0] if day is None else day
            counted = weight if assessment in with_results else 0.0
            lessons[place].append(assessment_lesson(assessment, kind, due_day, counted))
    for place, page, activity in parsed(folder, "vle", _page):
        if place in visited:
            lessons[place].append(page_lesson(page, activity))
    versions: dict[str, int] = defaultdict(int)
    presentations = {}
    for module, code in sorted(runs):
        versions[module] += 1
        days, starts = runs[module, code]
        presentations[module, code] = Presentation(
            module, code, versions[module], starts, days, tuple(lessons[module, code])
        )
    return presentations


def _run(module: str, code: str, days: str) -> tuple[tuple[str, str], int, datetime]:
    return (module, code), _day(days), start_of(code)


def _assessment(  # noqa: PLR0917 - as the table has it
    module: str, code: str, assessment: str, kind: str, day: str, weight: str
) -> tuple[tuple[str, str], str, str, int | None, float]:
    if kind not in KINDS:
        raise ValueError(f"{kind!r} is none of {', '.join(KINDS)}")
    return (module, code), assessment, kind, _day(day) if day else None, _number(weight)


def _page(
    page: str, module: str, code: str, activity: str, *_: str
) -> tuple[tuple[str, str], str, str]:
    return (module, code), page, activity


def _day(text: str) -> int:
    day = int(text)
    if abs(day) > MAX_DAYS:
        raise ValueError(f"day {day} is beyond {MAX_DAYS}")
    return day


def _number(text: str) -> float:
    if not math.isfinite(number := float(text)):
        raise ValueError(f"{text!r} is no number")
    return number


def start_of(code: str) -> datetime:
    """2013B began in February 2013, 2013J in October. Raises `ValueError`."""
    if code[4:] not in START_MONTHS:
        raise ValueError(f"{code!r} is not a presentation as 2013B or 2013J")
    return datetime(int(code[:4]), START_MONTHS[code[4:]], 1, tzinfo=UTC)


def assessment_lesson(assessment: str, kind: str, due_day: int, weight: float) -> Lesson:
    return Lesson(
        id=assessment,
        title=f"{kind} {assessment}",
        kind=KINDS[kind],
        required=False,
        weight=weight,
        due_day=due_day,
    )


def page_lesson(page: str, activity: str) -> Lesson:
    return Lesson(id=page, title=f"{activity} {page}", kind="page", required=False)
