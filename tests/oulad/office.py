"""What the registrar is shown, by page, API and file: all as computed."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any, TypeAlias

import pytest
from tests.clients import Client
from tests.oulad.lists import listed
from tests.oulad.reference import Presentation
from tests.oulad.standing import STATES, Computed, Standing, standings
from tests.pages.markup import Markup, number_in

MOST_PAGES = 200
PERCENT = re.compile(r"([\d.]+) %")
# As far as a page says a share: whole percent.
HALF_A_PERCENT = 0.0051

Standings: TypeAlias = Mapping[Presentation, Mapping[str, Standing]]


async def require_office(client: Client, of: Computed, at: int) -> None:
    """Every offering, every enrollment in it, every course, the register."""
    known = {one: standings(of, one) for one in of.known}
    await require_runs(client, known, at)
    for presentation, stands in known.items():
        await require_roster(client, "-".join(presentation), stands, at)
    for module in sorted({module for module, _ in known}):
        await require_course(client, module, known, at)
    await require_register(client, of, at)


def seated(stands: Mapping[str, Standing]) -> int:
    return sum(one.state != "withdrawn" for one in stands.values())


async def require_runs(client: Client, known: Standings, at: int) -> None:
    """Seats taken and who waits: OULAD knows no cap, so that nobody does."""
    expected = {"-".join(one): (seated(stands), 0) for one, stands in known.items()}
    runs = await listed(client, "/dashboards/catalog/offerings", "offerings", at=at)
    assert {one["offering"]: (one["seated"], one["waiting"]) for one in runs} == expected
    page = Markup((await client.get("/office", by="registrar")).text)
    shown = {row[0].split()[-1]: (row[3], row[4]) for row in page.tables["Offerings"]}
    assert {
        one: (number_in(taken), number_in(waiting)) for one, (taken, waiting) in shown.items()
    } == expected


async def require_roster(
    client: Client, offering: str, stands: Mapping[str, Standing], at: int
) -> None:
    """Each enrollment as it stands, and who is in each state, by the page's own links."""
    rows = await listed(
        client, "/dashboards/enrollments", "enrollments", at=at, offering=offering, sort="learner"
    )
    assert len(rows) == len(stands)
    assert {row["learner"]: _dated(row) for row in rows} == {
        learner: tuple(None if one is None else str(one) for one in stand[:4])
        for learner, stand in stands.items()
    }
    address = f"/office/offerings/{offering}"
    figures = Markup((await client.get(address, by="registrar")).text).figures
    shown = {name: number_in(text) for name, text in figures.items()}
    assert shown == {
        "Seats taken": seated(stands),
        "Waiting for a seat": 0,
        "Waiting for your decision": 0,
    }
    for state in STATES:
        learners = await first_cells(client, f"{address}?state={state}", "Everybody")
        assert Counter(learners) == Counter(
            learner for learner, one in stands.items() if one.state == state
        )


def _dated(row: Mapping[str, Any]) -> tuple[str | None, ...]:
    days = (row[name] and row[name][:10] for name in ("entered_at", "last_activity"))
    completed = row["completed_at"] and row["completed_at"][:10]
    return row["state"], *days, completed


async def first_cells(
    client: Client, address: str, caption: str, *, by: str = "registrar", subject: str = "office"
) -> Sequence[str]:
    """Of a table that goes on over pages, as its pager leads."""
    found: list[str] = []
    path, following = address.partition("?")[0], address
    for _ in range(MOST_PAGES):
        answer = await client.get(following, by=by, subject=subject)
        assert answer.is_success, answer.text
        page = Markup(answer.text)
        found += [row[0] for row in page.tables.get(caption, ())]
        if page.next_page is None:
            return found
        following = path + page.next_page.partition("#")[0]
    raise AssertionError(f"{address} has no end")


async def require_course(client: Client, module: str, known: Standings, at: int) -> None:
    """Its runs side by side, as the API and the page have them."""
    expected = {"-".join(one): figures_of(known[one]) for one in known if one[0] == module}
    runs = (await client.get(f"/dashboards/courses/{module}/runs", at=at)).json()["runs"]
    counted = ("enrolled", "started", "completed", "withdrawn")
    assert {one["offering"]: [one[name] for name in counted] for one in runs} == {
        offering: counts for offering, (counts, _) in expected.items()
    }
    for one in runs:
        grade = expected[one["offering"]][1]
        assert one["mean_grade_of_completed"] == (grade and pytest.approx(grade, abs=1e-8))
    page = Markup((await client.get(f"/office/courses/{module}", by="registrar")).text)
    shown = {row[0]: row for row in page.tables["The runs in figures"]}
    assert set(shown) == set(expected)
    for offering, (counts, grade) in expected.items():
        assert [number_in(cell) for cell in shown[offering][2:6]] == counts
        percent = PERCENT.search(shown[offering][6])
        assert (percent and float(percent[1]) / 100) == (
            grade and pytest.approx(grade, abs=HALF_A_PERCENT)
        )


def figures_of(stands: Mapping[str, Standing]) -> tuple[list[int], float | None]:
    """Enrolled, started, completed, withdrawn; the mean grade of those completed."""
    everybody = stands.values()
    grades = [one.grade for one in everybody if one.grade is not None]
    counts = [
        len(everybody),
        sum(one.last_activity is not None for one in everybody),
        len(grades),
        sum(one.state == "withdrawn" for one in everybody),
    ]
    return counts, fmean(grades) if grades else None


async def require_register(client: Client, of: Computed, at: int) -> None:
    rows = await listed(client, "/dashboards/credentials", "credentials", at=at)
    found = {(one["course"], one["learner"]): one["offering"] for one in rows}
    assert len(found) == len(rows)
    assert found == {key: "-".join(one) for key, one in of.earned.items()}
    assert {one["status"] for one in rows} <= {"active"}
