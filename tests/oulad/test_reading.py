from datetime import UTC, datetime
from pathlib import Path

import pytest

from milepost.operations.history.oulad import Dataset, HandedIn, TableMissing, Visit, read_dataset

TABLES = {
    "courses": ["BBB,2013J,268", "BBB,2013B,240"],
    "assessments": [
        "BBB,2013B,1,TMA,54,60",
        "BBB,2013B,2,CMA,89,40",
        "BBB,2013B,3,Exam,,100",
    ],
    "vle": ["77,BBB,2013B,forumng,,", "78,BBB,2013J,resource,,"],
    "studentRegistration": ["BBB,2013J,5,,", "BBB,2013B,5,-20,90", "BBB,2013B,6,-3,"],
    "studentAssessment": ["1,5,50,0,70", "2,5,-1,1,88", "1,6,52,0,", "99,6,1,0,1"],
    "studentVle": ["BBB,2013B,5,77,-9,3", "BBB,2013B,6,77,-9,4", "BBB,2013B,5,77,-8,1"],
}
WIDTHS = {name: len(lines[0].split(",")) for name, lines in TABLES.items()}


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    for name, lines in TABLES.items():
        header = ",".join(f"column{number}" for number in range(WIDTHS[name]))
        (tmp_path / f"{name}.csv").write_text("\n".join([header, *lines]) + "\n")
    return read_dataset(tmp_path)


def test_runs_of_a_module_are_its_versions_in_order_of_time(dataset: Dataset) -> None:
    assert [(one.offering, one.version, one.days) for one in dataset.presentations] == [
        ("BBB-2013B", 1, 240),
        ("BBB-2013J", 2, 268),
    ]


def test_a_run_starts_in_february_or_october(dataset: Dataset) -> None:
    spring, autumn = dataset.presentations
    assert spring.starts == datetime(2013, 2, 1, tzinfo=UTC)
    assert autumn.starts == datetime(2013, 10, 1, tzinfo=UTC)


def test_an_assessment_nobody_has_a_result_for_does_not_count(dataset: Dataset) -> None:
    lessons = {one.id: one for one in dataset.presentations[0].lessons}
    assert [lessons[name].weight for name in "123"] == [60, 40, 0]
    assert [lessons[name].kind for name in "123"] == ["assignment", "quiz", "exam"]


def test_an_exam_without_a_day_is_due_on_the_last(dataset: Dataset) -> None:
    assert [one.due_day for one in dataset.presentations[0].lessons[:3]] == [54, 89, 240]


def test_only_a_run_with_visits_has_pages(dataset: Dataset) -> None:
    spring, autumn = dataset.presentations
    page = spring.lessons[-1]
    assert (page.id, page.kind, page.weight, page.required) == ("77", "page", 0, False)
    assert autumn.lessons == ()


def test_a_students_runs_are_in_order_of_time(dataset: Dataset) -> None:
    first, second = dataset.learners[0]
    assert (first.presentation.code, first.registered, first.left) == ("2013B", -20, 90)
    assert (second.presentation.code, second.registered, second.left) == ("2013J", 0, None)


def test_a_banked_result_counts_on_the_first_day(dataset: Dataset) -> None:
    assert dataset.learners[0][0].results == [HandedIn(50, "1", 70.0), HandedIn(0, "2", 88.0)]


def test_a_result_may_have_no_score(dataset: Dataset) -> None:
    assert dataset.learners[1][0].results == [HandedIn(52, "1", None)]


def test_a_visit_carries_its_row(dataset: Dataset) -> None:
    assert list(dataset.learners[0][0].visits()) == [Visit(-9, 1, "77", 3), Visit(-8, 3, "77", 1)]


def test_a_folder_without_a_table_is_refused(tmp_path: Path) -> None:
    (tmp_path / "courses.csv.gz").touch()
    with pytest.raises(TableMissing, match=r"lacks assessments.csv, studentAssessment.csv, .*vle"):
        read_dataset(tmp_path)
