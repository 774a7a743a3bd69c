"""The import, and everything that follows from it, against the independent computation."""

import sys
from fractions import Fraction
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from typing import Any, NamedTuple

import pytest
from tests.clients import Running
from tests.loop_lag import slowness
from tests.oulad.arrival import (
    answer_of,
    awards_heard,
    command,
    log_of,
    numbers_of,
    planted,
    read_models,
    report,
    require_each_once_in_order,
    start_import,
)
from tests.oulad.figures import require_at_risk, require_figures
from tests.oulad.reference import compute, happenings, losing, rows
from tests.oulad.risk_reference import DAYS, REASONS

from milepost.credentials.queries.audit import audit
from milepost.events.policies.timers import utc_now

# Of the import's own processor time. What the clock says of it, `make bench` measures: there
# nothing else runs.
MOST_CPU_SECONDS = 180
MILEPOST = (sys.executable, "-m", "milepost.operations")


def require_numbers(imported: dict[str, Any], expected: dict[str, Any]) -> None:
    numbers = {k: v for k, v in expected.items() if k != "offerings"}
    assert numbers_of(imported) == numbers | {"refused_courses": {}}


async def require_everywhere(school: Running, tenant: str, expected: dict[str, Any]) -> None:
    """Read models, log and subscribers agree with the computation."""
    assert report(school, tenant) == expected["offerings"]
    head, count, last = await log_of(school, tenant)
    assert head == count == last
    heard = await awards_heard(school, tenant, expected["credentials"])
    require_each_once_in_order(heard, expected["credentials"])


class Arrived(NamedTuple):
    expected: dict[str, Any]
    imported: dict[str, Any]


@pytest.fixture(scope="module")
def arrived(school: Running, slice_of_oulad: Path) -> Arrived:
    imported = answer_of(start_import(school, slice_of_oulad, "slice"))
    return Arrived(compute(slice_of_oulad), imported)


async def test_a_slice_arrives_as_computed_from_the_files(
    school: Running, arrived: Arrived
) -> None:
    require_numbers(arrived.imported, arrived.expected)
    await require_everywhere(school, "slice", arrived.expected)


def test_a_second_run_adds_nothing(school: Running, slice_of_oulad: Path, arrived: Arrived) -> None:
    again = answer_of(start_import(school, slice_of_oulad, "slice"))
    assert numbers_of(again) == numbers_of(arrived.imported)
    assert again["appended"] == 0
    assert again["events"] == arrived.imported["events"] == arrived.imported["appended"]


async def test_the_dashboards_api_gives_the_same_numbers(school: Running, arrived: Arrived) -> None:
    at = arrived.imported["events"]
    async with school.client("operator", tenant="slice") as client:
        for expected in arrived.expected["offerings"]:
            offering = expected["offering"]
            answer = await client.get(f"/dashboards/offerings/{offering}", at=at)
            shown = answer.json()["offering"]
            assert {key: shown[key] for key in expected} == expected


@pytest.mark.usefixtures("arrived")
async def test_a_rebuild_from_nothing_gives_identical_tables(school: Running) -> None:
    report(school, "slice")  # waits until the read models are there
    before = await read_models(school, "slice")
    answer_of(command(school, "projections", "rebuild", "--all", "--json"))
    assert await read_models(school, "slice") == before
    assert all(before.values())


def require_what_if(school: Running, tenant: str, folder: Path) -> int:
    """Passing at 50 instead of 40 %: who loses, equal to the computation; how many were judged."""
    expected, judged = losing(happenings(folder), Fraction(1, 2)), 0
    assert any(expected.values())
    for module in sorted({row["code_module"] for row in rows(folder, "courses")}):
        asked = ("what-if", module, "--passing-grade", "0.5", "--tenant", tenant, "--json")
        told = answer_of(command(school, *asked))
        losers = [one for one in told["affected"] if one["effect"] == "loses_completion"]
        assert {(one["offering"], one["learner"]) for one in losers} == expected[module]
        assert told["lose_completion"] == len(losers) == len(told["affected"])
        judged += told["judged"]
    return judged


@pytest.mark.usefixtures("arrived")
def test_half_of_the_points_instead_of_two_fifths_takes_completion_from_whom_it_should(
    school: Running, slice_of_oulad: Path
) -> None:
    assert require_what_if(school, "slice", slice_of_oulad) > 0


async def require_audit(school: Running, tenant: str, expected: dict[str, Any]) -> None:
    """No difference; an award cut out and one too many, both taken back again, are found."""
    [told] = answer_of(command(school, "audit", "--tenant", tenant, "--json"))
    assert (told["kinds"], told["differences"]) == ({}, [])
    assert told["held"] == expected["credentials"]
    async with planted(school, tenant) as plants:
        found = [
            (one.kind, one.because, one.learner)
            async for part in audit(plants.log, tenant, at=utc_now(), upto=told["position"])
            for one in part.differences
        ]
    assert sorted(found) == [
        ("missing", "not_awarded", plants.robbed),
        ("unearned", "never_earned", plants.favored),
    ]


async def test_the_auditor_finds_no_difference_and_each_planted_one(
    school: Running, arrived: Arrived
) -> None:
    await require_audit(school, "slice", arrived.expected)


async def test_every_figure_is_the_computations_however_it_is_asked_for(
    school: Running, slice_of_oulad: Path, arrived: Arrived
) -> None:
    await require_figures(school, "slice", slice_of_oulad, arrived.imported["events"])


@pytest.mark.usefixtures("arrived")
async def test_who_was_at_risk_and_why_is_the_computations(
    school: Running, slice_of_oulad: Path
) -> None:
    report(school, "slice")  # waits until the read models are there
    assert await require_at_risk(school, "slice", slice_of_oulad, (60,))


def cpu_seconds() -> float:
    """Of the processes that this one started and that have ended."""
    spent = getrusage(RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


@pytest.mark.slow
@pytest.mark.timeout(3_600)  # some minutes on two idle cores
async def test_all_five_modules_arrive_as_computed_and_three_minutes_of_work_do(
    school: Running, oulad: Path
) -> None:
    expected = compute(oulad)
    before = cpu_seconds()
    imported = answer_of(start_import(school, oulad, "ou", MILEPOST))
    assert cpu_seconds() - before <= MOST_CPU_SECONDS * slowness()
    require_numbers(imported, expected)
    await require_everywhere(school, "ou", expected)
    assert require_what_if(school, "ou", oulad) > 20_000
    await require_audit(school, "ou", expected)
    await require_figures(school, "ou", oulad, imported["events"])
    reasons = await require_at_risk(school, "ou", oulad, DAYS)
    assert set(reasons) == set(REASONS)
