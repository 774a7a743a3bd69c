"""`milepost groups`, beside a service that is a process of its own."""

import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest
from tests.clients import Running
from tests.dashboards.history import project
from tests.operations.desk import Desk, serving, sit_down

from milepost.events.store.postgres import connect_pool


@pytest.fixture(scope="module")
def served(postgres: str, nats_url: str, session_dir: Path) -> Iterator[Running]:
    yield from serving("all", postgres, nats_url, session_dir)


@pytest.fixture
async def desk(served: Running, tmp_path: Path) -> Desk:
    return await sit_down(served, tmp_path)


@pytest.fixture
async def pool(postgres: str) -> AsyncIterator[asyncpg.Pool]:
    opened = await connect_pool(postgres, name="test")
    await project(opened)
    yield opened
    await opened.close()


async def made(desk: Desk, *more: str) -> str:
    group = f"g-{desk.folder.name}"
    said = await desk.run("groups", "create", group, "--name", "Acme, apprentices", *more)
    assert said == f"{group} is there: Acme, apprentices.\n"
    return group


async def test_a_group_is_made_filled_listed_and_shown(desk: Desk, pool: asyncpg.Pool):
    group = await made(desk, "--kind", "contract", "--course", "DATA-101")
    said = await desk.run("groups", "add", group, "ann", "bob", "ann")
    assert said == f"2 added to {group}; 0 were in it already.\n"
    told = json.loads(await desk.run("groups", "remove", group, "bob", "cid", "--json"))
    assert told == {
        "group": group,
        "dry_run": False,
        "changed": 1,
        "unchanged": 1,
        "refused": [],
    }
    await project(pool)
    assert await desk.run("groups", "members", group) == "ann\n"
    listed = json.loads(await desk.run("groups", "list", "--json", "--status", "open"))
    [one] = [one for one in listed if one["group"] == group]
    assert (one["members"], one["kind"], one["courses"]) == (1, "contract", ["DATA-101"])
    assert group in await desk.run("groups", "list")
    shown = await desk.run("groups", "show", group)
    assert f"{group}: Acme, apprentices (contract, open)" in shown
    assert "1 members: 0 enrolled" in shown
    assert "Staff: nobody." in shown
    told = json.loads(await desk.run("groups", "show", group, "--json"))
    assert (told["group"]["members"], told["staff"]) == (1, [])


async def test_a_file_is_tried_out_then_done_and_its_faults_stand_at_their_rows(
    desk: Desk, pool: asyncpg.Pool
):
    group = await made(desk)
    many = [f"learner-{number}" for number in range(1_200)]
    await desk.run("groups", "add", group, "learner-0", "learner-1")
    await project(pool)
    file = desk.file("who.csv", "\n".join(["learner", *many, "two words", "ｃｉｄ", "learner-7"]))
    dry = await desk.run("groups", "add", group, "--from", file, "--dry-run", code=1)
    assert f"1,198 would be added to {group}; 2 were in it already." in dry
    assert "Nothing is changed." in dry
    real = await desk.run("groups", "add", group, "--from", file, code=1)
    assert f"1,198 added to {group}; 2 were in it already." in real
    for said in (dry, real):
        assert "row 1202, $.learner: Expected a learner's id" in said
        assert "row 1203, $.learner: " in said
        assert "It has full-width signs." in said
    told = json.loads(await desk.run("groups", "add", group, "--from", file, "--json", code=1))
    assert (told["changed"], told["unchanged"]) == (0, 1_200)
    assert [one["row"] for one in told["refused"]] == [1_202, 1_203]
    await project(pool)
    left = desk.file("left.ndjson", "\n".join(f'{{"learner": "{one}"}}' for one in many[:1_001]))
    said = await desk.run("groups", "remove", group, "--from", left)
    assert said == f"1,001 removed from {group}; 0 were not in it.\n"


@pytest.mark.usefixtures("pool")
async def test_what_cannot_be_is_said_with_what_to_do(desk: Desk):
    said = await desk.run("groups", "show", "no-such-group", code=1)
    assert "Unknown group" in said
    assert "`milepost groups list` shows" in said
    group = await made(desk)
    for arguments in ((), ("ann", "--from", "who.csv")):
        said = await desk.run("groups", "add", group, *arguments, code=2)
        assert "Name learners, or a file with --from FILE: one of the two." in said
    said = await desk.run("groups", "add", group, "--from", "who.xlsx", code=2)
    assert "should end with .csv" in said
    missing = str(desk.folder / "nobody.csv")
    assert "cannot be read" in await desk.run("groups", "add", group, "--from", missing, code=1)
    for name, text, why in (
        ("empty.csv", "learner\n", "there is no row in it"),
        ("names.csv", "learner,email\nann,a@example.org\n", "nobody asked for email"),
        ("other.csv", "name\nann\n", "there is no column learner"),
        ("none.csv", "learner\ntwo words\n", "row 2, $.learner: Expected a learner's id"),
    ):
        said = await desk.run("groups", "add", group, "--from", desk.file(name, text), code=1)
        assert why in said
        assert "a@" not in said
    async with desk.school.client() as client:
        await client.post(f"/enrollment/groups/{group}/archive")
    said = await desk.run("groups", "add", group, "ann", code=1)
    assert "is archived: nothing of it changes any more" in said
