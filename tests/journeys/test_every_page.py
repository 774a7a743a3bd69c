"""Every page of everybody, by following links: on a small school, and on one that was imported."""

import csv
import os
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import pytest
from tests.browser import chromium, visitor
from tests.clients import Running
from tests.commands.forked import forked
from tests.oulad.conftest import SHARED, TABLES, cut
from tests.pages.crawl import Look, crawl, kind_of

pytestmark = pytest.mark.servers  # the browser is a process

MOST_BYTES = 150_000
MOST_MILLISECONDS = 300
LEARNERS = 60
# Of the dataset: every so manieth student, and a run whose clicks are known.
EVERY = 120
RUN = "BBB-2013B"


class Person(NamedTuple):
    """`home`: where they arrive after they have signed in."""

    subject: str
    roles: tuple[str, ...]
    home: str


class Imported(NamedTuple):
    tenant: str
    student: str


PEOPLE = (
    Person("learner-0001", ("learner",), "/my"),
    Person("teacher", ("instructor",), "/teach"),
    Person("office", ("registrar",), "/office"),
    Person("issuer", ("issuer",), "/issue"),
    Person("mentor", ("learner",), "/sponsor"),
    Person("olga", ("operator",), "/console"),
    Person("ava", ("auditor",), "/console"),
)


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Any]:
    async with chromium() as opened:
        yield opened


@pytest.fixture(scope="module")
def simulated(school: Running) -> str:
    """A school that has lived through a term; its name."""
    tenant = "every-page"
    run(school, "simulate", "--tenant", tenant, "--learners", str(LEARNERS))
    return tenant


@pytest.fixture(scope="module")
async def imported(school: Running, tmp_path_factory: pytest.TempPathFactory) -> Imported:
    """A school with years behind it, hundreds of lessons a course, and a teacher of one run."""
    whole = SHARED / "data" / "oulad"
    if not whole.is_dir():
        pytest.skip(f"OULAD is not in {whole.parent}: MILEPOST_SHARED names the folder that has it")
    folder = tmp_path_factory.mktemp("oulad")
    for table in TABLES:
        cut(whole, table, folder, EVERY)
    tenant = "imported-pages"
    run(school, "import", "oulad", str(folder), "--tenant", tenant)
    headers = school.headers("registrar", tenant=tenant)
    async with school.connection(headers=headers) as office:
        given = await office.put(f"/enrollment/offerings/{RUN}/instructors/teacher", json={})
    assert given.is_success, given.text
    return Imported(tenant, student_of(folder))


def run(school: Running, *arguments: str) -> None:
    subprocess.run(
        [*forked(), *arguments],
        env={**os.environ, "MILEPOST_DATA_DIR": str(school.data_dir)},
        check=True,
        capture_output=True,
        timeout=240,
    )


def student_of(folder: Path) -> str:
    """One who opened pages of that run."""
    with (folder / "studentVle.csv").open(encoding="utf-8") as rows:
        return next(csv.DictReader(rows))["id_student"]


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("person", PEOPLE, ids=lambda one: f"{one.subject}-{one.roles[0]}")
async def test_each_is_whole_and_clear(
    browser: Any, school: Running, simulated: str, person: Person
):
    await _all_of(browser, school, simulated, person)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    "person",
    [one for one in PEOPLE if one.home != "/sponsor"],
    ids=lambda one: f"{one.subject}-{one.roles[0]}",
)
async def test_each_is_whole_and_clear_with_years_behind_it(
    browser: Any, school: Running, imported: Imported, person: Person
):
    if person.home == "/my":
        person = person._replace(subject=imported.student)
    await _all_of(browser, school, imported.tenant, person)


async def _all_of(browser: Any, school: Running, tenant: str, person: Person) -> None:
    async with visitor(browser, school.http) as window:
        await window.sign_in(tenant, person.subject, person.roles)
        looks = await crawl(window, person.home, looks=True, name=f"{tenant}-{person.roles[0]}")
    _report(person, looks)
    assert [(one.address, one.problems) for one in looks if one.problems] == []
    assert {one.address: one.bytes for one in looks if one.bytes > MOST_BYTES} == {}
    assert median(one.milliseconds for one in looks) <= MOST_MILLISECONDS
    assert kind_of(person.home) in {kind_of(one.address) for one in looks}
    assert len(looks) > 1, "nothing leads on from the first page"


def _report(person: Person, looks: list[Look]) -> None:
    for one in looks:
        print(f"{person.subject} {one.address} {one.bytes} bytes {one.milliseconds:.0f} ms")
    print(sum(one.milliseconds for one in looks) / len(looks), "ms on average")
