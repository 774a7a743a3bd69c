import pytest
from tests.enrollment.given import lesson, published

from milepost.enrollment.domain.course.translations import in_language

PLAN = published(
    title="Data",
    language="en-GB",
    titles={"de": "Daten", "de-CH": "Date", "PT-br": "Dados"},
    lessons=(lesson("intro", titles={"de": "Einführung"}), lesson("exam")),
)


@pytest.mark.parametrize(
    ("wanted", "title"),
    [
        ("de", "Daten"),
        ("DE", "Daten"),
        ("de-CH", "Date"),
        ("de-CH-1996", "Date"),
        ("de-AT", "Daten"),
        ("pt-BR", "Dados"),
        ("pt", "Data"),
        ("fr", "Data"),
        ("en-GB", "Data"),
        ("en", "Data"),
        (None, "Data"),
    ],
)
def test_a_title_is_found_by_the_most_exact_tag(wanted, title):
    assert in_language(PLAN, wanted)[0].title == title


def test_what_is_not_translated_stays_in_the_language_of_the_plan_and_that_is_said():
    plan, spoken = in_language(PLAN, "de-AT")
    assert [one.title for one in plan.lessons] == ["Einführung", "Exam"]
    assert spoken == ["de", "en-GB"]


def test_without_a_wish_the_plan_is_as_it_is():
    assert in_language(PLAN, None) == (PLAN, ["en-GB"])
