"""Where everybody stands in the end, computed from the CSV files alone."""

from collections import Counter
from datetime import date
from pathlib import Path
from typing import NamedTuple

from tests.oulad.reference import Enrollment, Presentation, credentials, day_of, happenings
from tests.oulad.risk_reference import History, histories

STATES = ("enrolled", "active", "completed", "withdrawn")


class Computed(NamedTuple):
    """`earned`: by module and student, on which presentation."""

    known: dict[Presentation, History]
    everyone: dict[tuple[Presentation, str], Enrollment]
    earned: dict[tuple[str, str], Presentation]


class Standing(NamedTuple):
    """Of one on one presentation. `grade`, 0 to 1, only of who has completed."""

    state: str
    entered: date
    last_activity: date | None
    completed: date | None
    grade: float | None


def computed(folder: Path) -> Computed:
    everyone = happenings(folder)
    return Computed(histories(folder), everyone, credentials(everyone))


def standings(of: Computed, presentation: Presentation) -> dict[str, Standing]:
    history, found = of.known[presentation], {}
    for student, entered in history.entered.items():
        one = of.everyone[presentation, student]
        days, completed = history.active.get(student), history.completed.get(student)
        found[student] = Standing(
            state=state_of(history, student),
            entered=day_of(presentation, entered),
            last_activity=day_of(presentation, max(days)) if days else None,
            completed=None if completed is None else day_of(presentation, completed),
            grade=None if completed is None else float(one.points / one.total),
        )
    return found


def state_of(history: History, student: str) -> str:
    if student in history.left:
        return "withdrawn"
    if student in history.completed:
        return "completed"
    return "active" if history.active.get(student) else "enrolled"


def awards_by_day(of: Computed) -> dict[Presentation, Counter[int]]:
    found: dict[Presentation, Counter[int]] = {}
    for (_, student), presentation in of.earned.items():
        day = of.everyone[presentation, student].completed_on
        assert day is not None
        found.setdefault(presentation, Counter())[day] += 1
    return found
