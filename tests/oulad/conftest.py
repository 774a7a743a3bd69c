"""The dataset, and slices of it. It is not part of this repository: tests skip where it is not."""

import csv
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.clients import Running
from tests.oulad.reference import OPENERS
from tests.processes import running_up

SHARED = Path(os.environ.get("MILEPOST_SHARED") or Path(__file__).parents[3] / "shared")
TABLES = (
    "courses",
    "assessments",
    "vle",
    "studentRegistration",
    "studentAssessment",
    "studentVle",
)


@pytest.fixture(scope="session")
def oulad() -> Path:
    folder = SHARED / "data" / "oulad"
    if not folder.is_dir():
        pytest.skip(f"OULAD is not in {folder}: MILEPOST_SHARED names the folder that has it")
    return folder


@pytest.fixture(scope="session")
def slice_of_oulad(oulad: Path) -> Iterator[Path]:
    """All five modules, every fortieth student."""
    folder = Path(tempfile.mkdtemp(prefix="milepost-oulad-"))
    for table in TABLES:
        cut(oulad, table, folder)
    yield folder
    shutil.rmtree(folder)


def cut(whole: Path, table: str, folder: Path, every: int = 40) -> None:
    (path,) = whole.glob(f"{table}.csv*")
    with (
        OPENERS[path.suffix](path, "rt", encoding="utf-8", newline="") as source,
        (folder / f"{table}.csv").open("w", encoding="utf-8", newline="") as target,
    ):
        rows, out = csv.reader(source), csv.writer(target)
        header = next(rows)
        out.writerow(header)
        student = header.index("id_student") if "id_student" in header else None
        out.writerows(row for row in rows if student is None or int(row[student]) % every == 0)


@pytest.fixture(scope="module")
def school(own_processes: None) -> Iterator[Running]:  # noqa: ARG001 - it marks who asks
    """A `milepost up` that the module may hurt."""
    yield from running_up()
