"""Reads the Open University Learning Analytics Dataset: presentations and students' timelines.

Pure reading: nothing is decided here. Only rows that the folder's tables join are read. Each
table may stand there as `.csv`, `.csv.gz` or `.csv.xz`. Days count from the presentation's start.
"""

import csv
import gzip
import lzma
from array import array
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

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
Fields = list[str]


TABLES = ("assessments", "courses", "studentAssessment", "studentRegistration", "studentVle", "vle")


class TableMissing(Trouble):
    """The folder is not OULAD: some of its tables are not there."""


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
    """`learners` gives each student's timelines, ordered by their presentations' start."""

    presentations: tuple[Presentation, ...]
    learners: tuple[tuple[Timeline, ...], ...]


def read_dataset(folder: Path) -> Dataset:
    """Raises `TableMissing`."""
    require_tables(folder)
    results, with_results = read_results(folder)
    visits = read_visits(folder)
    presentations = read_presentations(folder, with_results, {key[:2] for key in visits})
    by_student: dict[str, list[Timeline]] = defaultdict(list)
    for module, code, student, registered, left in rows(folder, "studentRegistration"):
        key = (module, code, student)
        timeline = Timeline(
            presentations[module, code],
            student,
            int(registered or 0),
            int(left) if left else None,
            results.get(key, ()),
            visits.get(key, ()),
        )
        by_student[student].append(timeline)
    return Dataset(tuple(presentations.values()), tuple(map(in_time_order, by_student.values())))


def in_time_order(timelines: Sequence[Timeline]) -> tuple[Timeline, ...]:
    return tuple(
        sorted(timelines, key=lambda one: (one.presentation.starts, one.presentation.module))
    )


def rows(folder: Path, table: str) -> Iterator[Fields]:
    """A table's rows without its header line."""
    with open_table(folder, table) as file:
        lines = csv.reader(file)
        next(lines)
        yield from lines


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
    places = {
        assessment: (module, code) for module, code, assessment, *_ in rows(folder, "assessments")
    }
    results: dict[Key, list[HandedIn]] = defaultdict(list)
    with_results = set()
    for assessment, student, day, banked, score in rows(folder, "studentAssessment"):
        if assessment not in places:
            continue
        with_results.add(assessment)
        handed_in = HandedIn(
            0 if banked == "1" else int(day), assessment, float(score) if score else None
        )
        results[*places[assessment], student].append(handed_in)
    return results, with_results


def read_visits(folder: Path) -> dict[Key, "array[int]"]:
    """Day, row, page and clicks of each visit, packed: there are millions."""
    visits: dict[Key, array[int]] = defaultdict(lambda: array("q"))
    for row, (module, code, student, page, day, clicks) in enumerate(rows(folder, "studentVle"), 1):
        visits[module, code, student].extend((int(day), row, int(page), int(clicks)))
    return visits


def read_presentations(
    folder: Path, with_results: set[str], visited: set[tuple[str, ...]]
) -> dict[tuple[str, str], Presentation]:
    lessons: dict[tuple[str, str], list[Lesson]] = defaultdict(list)
    lengths = {(module, code): int(days) for module, code, days in rows(folder, "courses")}
    for module, code, assessment, kind, day, weight in rows(folder, "assessments"):
        due_day = int(day) if day else lengths[module, code]
        counted = float(weight) if assessment in with_results else 0.0
        lessons[module, code].append(assessment_lesson(assessment, kind, due_day, counted))
    for page, module, code, activity, *_ in rows(folder, "vle"):
        if (module, code) in visited:
            lessons[module, code].append(page_lesson(page, activity))
    versions: dict[str, int] = defaultdict(int)
    presentations = {}
    for module, code in sorted(lengths):
        versions[module] += 1
        presentations[module, code] = Presentation(
            module,
            code,
            versions[module],
            start_of(code),
            lengths[module, code],
            tuple(lessons[module, code]),
        )
    return presentations


def start_of(code: str) -> datetime:
    """2013B began in February 2013, 2013J in October."""
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
