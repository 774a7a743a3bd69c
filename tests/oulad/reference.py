"""What an import of OULAD must arrive at, computed from the CSV files alone.

Plain Python, and nothing of Milepost: an error there cannot hide here.
`python tests/oulad/reference.py DIR` prints the figures.
"""

import csv
import gzip
import json
import lzma
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

OPENERS: dict[str, Callable[..., Any]] = {".gz": gzip.open, ".xz": lzma.open, ".csv": open}
ENROLLMENT, ACTIVITY, WITHDRAWAL = 0, 1, 2
NEEDED = Fraction(40, 100)

Row = dict[str, str]
Presentation = tuple[str, str]


def rows(folder: Path, table: str) -> Iterator[Row]:
    (path,) = folder.glob(f"{table}.csv*")
    with OPENERS[path.suffix](path, "rt", encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def presentation_of(row: Row) -> Presentation:
    return row["code_module"], row["code_presentation"]


def day_of(presentation: Presentation, day: int) -> date:
    _, code = presentation
    return date(int(code[:4]), {"B": 2, "J": 10}[code[4]], 1) + timedelta(days=day)


class Enrollment:
    """One student on one presentation: what happened, and what became of it."""

    def __init__(self) -> None:
        self.happened: list[tuple[int, int, str, Any]] = []
        self.state = "none"
        self.points = self.total = Fraction(0)
        self.counts: Counter[str] = Counter()
        self.refusals: Counter[str] = Counter()
        self.completed_on: int | None = None

    def add(self, day: int, kind: int, name: str, fact: Any = None) -> None:
        self.happened.append((day, kind, name, fact))

    def live(self, needed_points: Fraction) -> None:
        """Go through everything in strict order of (day, kind)."""
        for day, _, name, fact in sorted(self.happened, key=lambda one: one[:2]):
            refusal = self.refusal_of(name)
            if refusal:
                self.refusals[refusal] += 1
                continue
            self.counts[name] += 1
            self.follow(day, name, fact, needed_points)

    def refusal_of(self, name: str) -> str | None:
        if name == "enrollments":
            return None
        if self.state in ("none", "withdrawn"):
            return "not_enrolled"
        if name == "withdrawals" and self.completed_on is not None:
            return "already_completed"
        return None

    def follow(self, day: int, name: str, fact: Any, needed_points: Fraction) -> None:
        if name == "enrollments":
            self.state = "enrolled"
        elif name == "withdrawals":
            self.state = "withdrawn"
        elif name == "attempts" and fact is not None:
            self.points += fact
            if self.completed_on is None and self.points >= needed_points:
                self.completed_on = day


def happenings(folder: Path) -> dict[tuple[Presentation, str], Enrollment]:
    """Every student's happenings on every presentation, lived through."""
    everyone: dict[tuple[Presentation, str], Enrollment] = defaultdict(Enrollment)
    for row in rows(folder, "studentRegistration"):
        one = everyone[presentation_of(row), row["id_student"]]
        one.add(int(row["date_registration"] or 0), ENROLLMENT, "enrollments")
        if row["date_unregistration"]:
            one.add(int(row["date_unregistration"]), WITHDRAWAL, "withdrawals")
    totals = add_attempts(folder, everyone)
    for row in rows(folder, "studentVle"):
        one = everyone[presentation_of(row), row["id_student"]]
        one.add(int(row["date"]), ACTIVITY, "visits")
    for (presentation, _), one in everyone.items():
        one.total = totals[presentation]
        one.live(NEEDED * one.total)
    return everyone


def add_attempts(
    folder: Path, everyone: dict[tuple[Presentation, str], Enrollment]
) -> dict[Presentation, Fraction]:
    """Adds each result, and answers each presentation's total weight."""
    assessments = {row["id_assessment"]: row for row in rows(folder, "assessments")}
    with_results = set()
    for row in rows(folder, "studentAssessment"):
        assessment = assessments.get(row["id_assessment"])
        if assessment is None:
            continue
        with_results.add(row["id_assessment"])
        day = 0 if row["is_banked"] == "1" else int(row["date_submitted"])
        weight = Fraction(assessment["weight"])
        points = weight * Fraction(row["score"]) / 100 if row["score"] else None
        one = everyone[presentation_of(assessment), row["id_student"]]
        one.add(day, ACTIVITY, "attempts", points)
    totals: dict[Presentation, Fraction] = defaultdict(Fraction)
    for each in with_results:
        totals[presentation_of(assessments[each])] += Fraction(assessments[each]["weight"])
    return totals


def credentials(everyone: dict[tuple[Presentation, str], Enrollment]) -> dict[Any, Presentation]:
    """(module, student) -> the presentation whose completion, the first in time, earned it."""
    completions = sorted(
        (day_of(presentation, one.completed_on), presentation, student)
        for (presentation, student), one in everyone.items()
        if one.completed_on is not None
    )
    earned: dict[Any, Presentation] = {}
    for _, presentation, student in completions:
        earned.setdefault((presentation[0], student), presentation)
    return earned


def losing(
    everyone: dict[tuple[Presentation, str], Enrollment], needed: Fraction
) -> dict[str, set[tuple[str, str]]]:
    """By module, who has completed and would not have if so much were needed."""
    found: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for (presentation, student), one in everyone.items():
        if one.completed_on is not None and one.points < needed * one.total:
            found[presentation[0]].add(("-".join(presentation), student))
    return found


def compute(folder: Path) -> dict[str, Any]:
    everyone = happenings(folder)
    earned = credentials(everyone)
    counts: Counter[str] = Counter()
    refusals: Counter[str] = Counter()
    for one in everyone.values():
        counts += one.counts
        refusals += one.refusals
    return {
        **{name: counts[name] for name in ("enrollments", "withdrawals", "attempts", "visits")},
        "completions": sum(one.completed_on is not None for one in everyone.values()),
        "credentials": len(earned),
        "refusals": dict(sorted(refusals.items())),
        "offerings": offerings(folder, everyone, Counter(earned.values())),
    }


def offerings(
    folder: Path,
    everyone: dict[tuple[Presentation, str], Enrollment],
    earned: Counter[Presentation],
) -> list[dict[str, Any]]:
    tallies: dict[Presentation, Counter[str]] = defaultdict(Counter)
    for (presentation, _), one in everyone.items():
        tallies[presentation] += one.counts
        tallies[presentation]["completed"] += one.completed_on is not None
    return [
        {
            "offering": "-".join(presentation),
            "enrolled": tallies[presentation]["enrollments"],
            "withdrawn": tallies[presentation]["withdrawals"],
            "completed": tallies[presentation]["completed"],
            "credentials": earned[presentation],
        }
        for presentation in sorted(presentation_of(row) for row in rows(folder, "courses"))
    ]


if __name__ == "__main__":
    sys.stdout.write(json.dumps(compute(Path(sys.argv[1])), indent=1) + "\n")
