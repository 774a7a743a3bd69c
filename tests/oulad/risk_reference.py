"""Who was at risk on a day of each presentation, and what became of them, from the CSV files alone.

Plain Python, and nothing of Milepost: an error there cannot hide here.
`python tests/oulad/risk_reference.py DIR` prints the table of docs/concepts/at-risk.md.
"""

import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.oulad.reference import (
    NEEDED,
    Enrollment,
    Presentation,
    happenings,
    presentation_of,
    rows,
)

DAYS = (30, 60, 90)
LOST = ("Withdrawn", "Fail")
REASONS = ("inactive", "behind_own_pace", "behind_cohort", "failed_twice", "due_soon")


class Learner(NamedTuple):
    """As of a day: whole days since things happened; `failed` counts assessments below 40."""

    student: str
    entered: int
    last_activity: int | None
    done: frozenset[str]
    failed: int
    completed: bool


class Due(NamedTuple):
    assessment: str
    day: int


class History:
    """All of one presentation, by student: what was accepted, day by day."""

    def __init__(self) -> None:
        self.entered: dict[str, int] = {}
        self.left: dict[str, int] = {}
        self.completed: dict[str, int] = {}
        self.handed_in: dict[str, list[tuple[int, str, float | None]]] = defaultdict(list)
        self.active: dict[str, list[int]] = defaultdict(list)
        self.due: list[Due] = []

    def as_of(self, day: int) -> list[Learner]:
        """Who was in by the end of this day, in order."""
        return [
            self._learner(student, entered, day)
            for student, entered in sorted(self.entered.items())
            if entered <= day and self.left.get(student, day + 1) > day
        ]

    def _learner(self, student: str, entered: int, day: int) -> Learner:
        results = [one for one in self.handed_in[student] if one[0] <= day]
        days = [one for one in self.active[student] if one <= day]
        return Learner(
            student=student,
            entered=max(entered, 0),
            last_activity=max(days, default=None),
            done=frozenset(assessment for _, assessment, _ in results),
            failed=sum(score is not None and score < 40 for _, _, score in results),
            completed=self.completed.get(student, day + 1) <= day,
        )


def histories(folder: Path) -> dict[Presentation, History]:
    found: dict[Presentation, History] = defaultdict(History)
    lengths = {presentation_of(row): row for row in rows(folder, "courses")}
    weights = weights_with_results(folder)
    for row in rows(folder, "assessments"):
        if weights.get(row["id_assessment"], 0) > 0:
            length = lengths[presentation_of(row)]["module_presentation_length"]
            due = Due(row["id_assessment"], int(row["date"] or length))
            found[presentation_of(row)].due.append(due)
    for (presentation, student), one in happenings(folder).items():
        live(found[presentation], student, one)
    name_results(folder, found)
    return found


def weights_with_results(folder: Path) -> dict[str, float]:
    weights = {row["id_assessment"]: float(row["weight"]) for row in rows(folder, "assessments")}
    handed_in = {row["id_assessment"] for row in rows(folder, "studentAssessment")}
    return {one: weight for one, weight in weights.items() if one in handed_in}


def live(history: History, student: str, one: Enrollment) -> None:
    """What of it was accepted: `Enrollment` of the other reference, gone through once more."""
    state, points = "none", Fraction(0)
    for day, _, name, fact in sorted(one.happened, key=lambda each: each[:2]):
        if name == "enrollments":
            state = "enrolled"
            history.entered[student] = day
        elif state != "enrolled":
            continue
        elif name == "withdrawals":
            if student not in history.completed:
                state = "withdrawn"
                history.left[student] = day
        else:
            history.active[student].append(day)
            points += fact or 0
            if points >= NEEDED * one.total and fact is not None:
                history.completed.setdefault(student, day)


def name_results(folder: Path, found: Mapping[Presentation, History]) -> None:
    """Each accepted result once more, with its assessment: those of days on which one was in."""
    places = {row["id_assessment"]: presentation_of(row) for row in rows(folder, "assessments")}
    for row in rows(folder, "studentAssessment"):
        history, student = found[places[row["id_assessment"]]], row["id_student"]
        day = 0 if row["is_banked"] == "1" else int(row["date_submitted"])
        if history.entered[student] <= day <= history.left.get(student, day):
            score = float(row["score"]) if row["score"] else None
            history.handed_in[student].append((day, row["id_assessment"], score))


def reasons_of(
    learners: Collection[Learner], due: Collection[Due], day: int
) -> dict[str, set[str]]:
    """Of each who has not completed, by student. `day` has ended."""
    counting = {one.assessment for one in due}
    done = Counter(each for one in learners for each in one.done & counting)
    active = sum(one.last_activity is not None and day - one.last_activity < 7 for one in learners)
    found = {}
    for one in learners:
        if one.completed:
            continue
        open_days = [
            max(one.entered, 0) + each.day for each in due if each.assessment not in one.done
        ]
        missed = [each for each in counting - one.done if done[each] >= 0.75 * len(learners)]
        quiet = len(learners) >= 5 and active <= 0.5 * len(learners)
        found[one.student] = {
            name
            for name, holds in {
                "inactive": is_silent(one, day) and not quiet,
                "behind_own_pace": any(day - each >= 3 for each in open_days),
                "behind_cohort": bool(missed) and len(learners) >= 5 and day - one.entered >= 7,
                "failed_twice": one.failed >= 2,
                "due_soon": any(1 <= each - day <= 3 for each in open_days),
            }.items()
            if holds
        }
    return found


def is_silent(one: Learner, day: int) -> bool:
    since = one.entered if one.last_activity is None else max(one.entered, one.last_activity)
    return day - since >= 7


def at_risk(reasons: Collection[str]) -> bool:
    return bool(set(reasons) - {"due_soon"})


class Score(NamedTuple):
    """Of the `learners` judged, `lost` in the end; of those `flagged` `hit` are lost."""

    learners: int = 0
    lost: int = 0
    flagged: int = 0
    hit: int = 0

    def __add__(self, other: object) -> "Score":
        assert isinstance(other, Score)
        return Score(*(one + two for one, two in zip(self, other, strict=True)))

    @property
    def precision(self) -> float:
        return self.hit / self.flagged if self.flagged else 0.0

    @property
    def recall(self) -> float:
        return self.hit / self.lost if self.lost else 0.0


def score_of(flagged: Collection[str], judged: Collection[str], lost: Collection[str]) -> Score:
    gone, marked = set(judged) & set(lost), set(flagged)
    return Score(len(judged), len(gone), len(marked), len(marked & gone))


def lost_of(folder: Path) -> dict[Presentation, set[str]]:
    lost: dict[Presentation, set[str]] = defaultdict(set)
    for row in rows(folder, "studentInfo"):
        if row["final_result"] in LOST:
            lost[presentation_of(row)].add(row["id_student"])
    return lost


GROUPS: dict[str, Callable[[Presentation], bool]] = {
    "BBB-2013B, with clicks": lambda one: one == ("BBB", "2013B"),
    "others of 2013": lambda one: one[1].startswith("2013") and one != ("BBB", "2013B"),
    "2014, held out": lambda one: one[1].startswith("2014"),
}


def evaluate(folder: Path) -> Iterator[tuple[str, int, Score, Score]]:
    """By group and day: the rule, and no activity for 7 days alone."""
    known, lost = histories(folder), lost_of(folder)
    for group, contains in GROUPS.items():
        for day in DAYS:
            rule = alone = Score()
            for presentation, history in known.items():
                if contains(presentation):
                    learners = history.as_of(day)
                    reasons = reasons_of(learners, history.due, day)
                    flagged = [one for one, why in reasons.items() if at_risk(why)]
                    silent = [
                        one.student for one in learners if not one.completed and is_silent(one, day)
                    ]
                    rule += score_of(flagged, reasons, lost[presentation])
                    alone += score_of(silent, reasons, lost[presentation])
            yield group, day, rule, alone


def lines(folder: Path) -> Iterator[str]:
    """Rows of the table in docs/concepts/at-risk.md."""
    for group, day, rule, alone in evaluate(folder):
        numbers = (
            f"{one.flagged:,} | {one.precision:.2f} | {one.recall:.2f}" for one in (rule, alone)
        )
        share = f"{rule.lost / rule.learners:.2f}"
        yield f"| {group} | {day} | {rule.learners:,} | {share} | {' | '.join(numbers)} |"


if __name__ == "__main__":
    sys.stdout.write("\n".join(lines(Path(sys.argv[1]))) + "\n")
