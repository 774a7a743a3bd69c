from datetime import UTC, datetime
from pathlib import Path

import pytest

from milepost.operations.history.import_history import import_past
from milepost.operations.history.oulad import (
    Dataset,
    HandedIn,
    TableMissing,
    TableUnreadable,
    Visit,
    read_dataset,
)
from milepost.operations.history.oulad_school import past_of
from milepost.web.settings import Settings

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


def write_tables(folder: Path, **tables: list[str]) -> None:
    for name, lines in (TABLES | tables).items():
        header = ",".join(f"column{number}" for number in range(WIDTHS[name]))
        (folder / f"{name}.csv").write_text("\n".join([header, *lines]) + "\n")


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    write_tables(tmp_path)
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


def test_tables_of_headers_alone_are_an_empty_past(tmp_path: Path) -> None:
    write_tables(tmp_path, **{name: [] for name in TABLES})
    assert read_dataset(tmp_path) == Dataset((), ())
    for name in TABLES:
        (tmp_path / f"{name}.csv").write_text("")
    assert read_dataset(tmp_path) == Dataset((), ())


def test_registrations_on_a_run_that_is_not_there_are_counted(tmp_path: Path) -> None:
    write_tables(tmp_path, courses=["BBB,2013J,268"])
    dataset = read_dataset(tmp_path)
    assert [one.code for one in dataset.presentations] == ["2013J"]
    assert dataset.nowhere == {"BBB-2013B": 2}


@pytest.mark.parametrize(
    ("table", "line"),
    [
        ("courses", "BBB,2013Q,268"),
        ("courses", "BBB,2013J,many"),
        ("courses", "BBB,2013J"),
        ("courses", "BBB,2013J,99999999"),
        ("assessments", "BBB,2013J,1,Essay,54,60"),
        ("assessments", "BBB,2013J,1,TMA,54,nan"),
        ("studentAssessment", "1,5,,0,70"),
        ("studentRegistration", "BBB,2013J,5,soon,"),
        ("studentVle", "BBB,2013J,5,page,1,1"),
    ],
)
def test_a_line_that_makes_no_sense_is_named(tmp_path: Path, table: str, line: str) -> None:
    write_tables(tmp_path, **{table: [line]})
    with pytest.raises(TableUnreadable, match=f"{table} in .*, line 2: "):
        read_dataset(tmp_path)


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    write_tables(tmp_path)
    (tmp_path / "vle.csv").rename(tmp_path / "vle.csv.gz")
    with pytest.raises(TableUnreadable, match="vle in "):
        read_dataset(tmp_path)
    (tmp_path / "vle.csv.gz").unlink()
    (tmp_path / "vle.csv").write_bytes(b"\xff\xfe,,,,,")
    with pytest.raises(TableUnreadable, match="vle in "):
        read_dataset(tmp_path)


async def test_what_a_rule_refuses_is_told_and_the_rest_is_there(
    postgres: str, nats_url: str, tmp_path: Path
) -> None:
    weights = ["AAA,2013B,9,TMA,54,100", *TABLES["assessments"]]
    write_tables(
        tmp_path,
        courses=["AAA,2013B,240", "BBB,2013B,240"],
        assessments=weights,
        studentRegistration=["AAA,2013B,5,,", *TABLES["studentRegistration"]],
    )
    settings = Settings(postgres=postgres, nats=nats_url, data_dir=tmp_path)
    for appended in (True, False):
        past = past_of(read_dataset(tmp_path))
        imported = await import_past(settings, past, "ou", lambda _: None)
        assert imported.enrollments == 2
        assert imported.refused_courses == {
            "AAA-2013B": "plan_invalid: $.passing_rule.passing_grade no_lesson_has_weight",
            "BBB-2013J": "unknown_course",
        }
        assert imported.refusals["course_refused"] == 2
        assert (imported.appended > 0) is appended


async def test_an_empty_past_is_imported(postgres: str, nats_url: str, tmp_path: Path) -> None:
    write_tables(tmp_path, **{name: [] for name in TABLES})
    settings = Settings(postgres=postgres, nats=nats_url, data_dir=tmp_path)
    past = past_of(read_dataset(tmp_path))
    imported = await import_past(settings, past, "empty", lambda _: None)
    assert (imported.enrollments, imported.events, imported.refused_courses) == (0, 0, {})
