"""The rule of who is at risk on all the files: as the script says, and as good as the docs say."""

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest
from tests.oulad.reference import Presentation, day_of
from tests.oulad.risk_reference import DAYS, Due, Learner, histories, lines, reasons_of

from milepost.dashboards.domain.at_risk import Learning, judge
from milepost.dashboards.queries.offerings.at_risk import name_of

DOCS = Path(__file__).parents[2] / "docs" / "concepts" / "at-risk.md"
NOON = timedelta(hours=12)


def at(presentation: Presentation, day: int) -> datetime:
    return datetime.combine(day_of(presentation, day), time.min, UTC)


def learning(presentation: Presentation, one: Learner, due: Sequence[Due]) -> Learning:
    """As the import dates it."""
    last = one.last_activity
    return Learning(
        enrollment=one.student,
        learner=one.student,
        entered=at(presentation, one.entered),
        last_activity=None if last is None else at(presentation, last) + NOON,
        counting=frozenset(each.assessment for each in due),
        done=one.done,
        due={each.assessment: at(presentation, one.entered + each.day) for each in due},
        failed={"any": one.failed} if one.failed else {},
        judged=not one.completed,
    )


@pytest.mark.slow
def test_the_rule_gives_everybody_the_reasons_that_the_script_gives_them(oulad: Path) -> None:
    judged = 0
    for presentation, history in histories(oulad).items():
        for day in DAYS:
            learners = history.as_of(day)
            facts = [learning(presentation, one, history.due) for one in learners]
            end = at(presentation, day + 1) - timedelta(microseconds=1)
            found = {
                one.learner: set(map(name_of, one.reasons))
                for one in judge(facts, end, together=True)
            }
            assert found == reasons_of(learners, history.due, day)
            judged += len(found)
    assert judged > 60_000


@pytest.mark.slow
def test_the_table_in_the_docs_is_computed_from_the_files(oulad: Path) -> None:
    shown = [line for line in DOCS.read_text().splitlines() if "2013" in line or "2014" in line]
    rows = [line for line in shown if line.startswith("|")]
    assert rows == list(lines(oulad))
