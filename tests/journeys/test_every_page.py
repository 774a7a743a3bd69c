"""Every page of everybody, by following links: on a small school, and on one that was imported."""

import os
import subprocess
import sys
from collections.abc import AsyncIterator
from typing import Any, NamedTuple

import pytest
from tests.browser import chromium, visitor
from tests.clients import Running
from tests.pages.crawl import Look, crawl, kind_of

pytestmark = pytest.mark.servers  # the browser is a process

MOST_BYTES = 150_000
MOST_MILLISECONDS = 300
LEARNERS = 60


class Person(NamedTuple):
    """`home`: where they arrive after they have signed in."""

    subject: str
    roles: tuple[str, ...]
    home: str


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
    subprocess.run(
        [
            *(sys.executable, "-m", "milepost.operations", "simulate"),
            *("--tenant", tenant, "--learners", str(LEARNERS)),
        ],
        env={**os.environ, "MILEPOST_DATA_DIR": str(school.data_dir)},
        check=True,
        capture_output=True,
        timeout=240,
    )
    return tenant


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("person", PEOPLE, ids=lambda one: f"{one.subject}-{one.roles[0]}")
async def test_each_is_whole_and_clear(
    browser: Any, school: Running, simulated: str, person: Person
):
    async with visitor(browser, school.http) as window:
        await window.sign_in(simulated, person.subject, person.roles)
        looks = await crawl(window, person.home, looks=True, name=person.roles[0])
    _report(person, looks)
    assert [(one.address, one.problems) for one in looks if one.problems] == []
    assert {one.address: one.bytes for one in looks if one.bytes > MOST_BYTES} == {}
    assert kind_of(person.home) in {kind_of(one.address) for one in looks}
    assert len(looks) > 1, "nothing leads on from the first page"


def _report(person: Person, looks: list[Look]) -> None:
    for one in looks:
        print(f"{person.subject} {one.address} {one.bytes} bytes {one.milliseconds:.0f} ms")
    print(sum(one.milliseconds for one in looks) / len(looks), "ms on average")
