"""What a European micro-credential has to say, and what an achievement says of it."""

from typing import get_args

import pytest
from msgspec.structs import replace
from tests.credentials.scenes import passed
from tests.credentials.test_endorsements import BADGE, A, school

from milepost.contracts.achievements import EuropeanElements
from milepost.credentials.domain.achievements.definition import Definition
from milepost.credentials.domain.achievements.european import Element, european_report

__all__ = ["school"]  # a fixture

ELEMENTS = EuropeanElements(
    learning_outcomes=("Joins tables.",),
    workload_hours=50,
    assessment_type="Exam",
    participation="Online",
    quality_assurance="Accredited",
)
WHOLE = Definition(name="Badge", criteria=passed("AAA"), european=ELEMENTS)


def test_an_achievement_that_says_all_that_is_mandatory_is_complete():
    report = european_report(WHOLE, "DE")
    assert (report.complete, report.missing) == (True, ())
    assert [one.element for one in report.elements] == list(get_args(Element))
    optional = {one.element: one.state for one in report.elements if one.need != "mandatory"}
    assert optional == dict.fromkeys(
        ("level", "prerequisites", "supervision", "grade", "integration"), "missing"
    )


def test_an_achievement_that_says_nothing_misses_each_by_its_name():
    report = european_report(replace(WHOLE, european=None), None)
    assert report.missing == (
        "country",
        "learning_outcomes",
        "workload",
        "assessment_type",
        "participation",
        "quality_assurance",
    )


@pytest.mark.parametrize(
    ("left_out", "missing"),
    [
        ({"learning_outcomes": ()}, ("learning_outcomes",)),
        ({"workload_hours": None}, ("workload",)),
        ({"workload_hours": None, "ects": 2}, ()),
        ({"assessment_type": None}, ("assessment_type",)),
        ({"participation": None}, ("participation",)),
        ({"quality_assurance": None}, ("quality_assurance",)),
    ],
)
def test_each_element_left_out_is_named(left_out, missing):
    told = replace(WHOLE, european=replace(ELEMENTS, **left_out))
    assert european_report(told, "DE").missing == missing


async def test_whoever_has_a_token_reads_what_is_missing(school):
    await school.define("badge", {**BADGE, "european": {"ects": 2}})
    report = (await school.get(f"{A}/european", by="learner")).json()
    assert (report["achievement"], report["version"], report["complete"]) == ("badge", 1, False)
    assert "country" in report["missing"]
    assert "workload" not in report["missing"]
    unknown = await school.get("/credentials/achievements/nothing/european")
    assert unknown.status_code == 404
