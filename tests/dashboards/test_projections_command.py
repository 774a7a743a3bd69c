"""`milepost projections` and `milepost report`, as an operator types them."""

import asyncio
import json
import os
import signal
from contextlib import suppress
from datetime import timedelta

import pytest
from tests.commands.forked import forked
from tests.dashboards.history import Life, offered, project, record, rows
from tests.eventually import eventually

from milepost.dashboards.projections.learner_overview import LEARNER_OVERVIEW
from milepost.events.projections.generations import NoGeneration, begin, generations
from milepost.events.projections.projector import Projector
from milepost.operations.rooms import read_models
from milepost.operations.terminal.errors import Trouble
from milepost.operations.terminal.generations import in_words

NAMES = sorted(model.name for model in read_models())


@pytest.fixture
def milepost(postgres, nats_url):
    return Command({"MILEPOST_POSTGRES": postgres, "MILEPOST_NATS": nats_url})


class Command:
    def __init__(self, servers):
        self.env = {**os.environ, **servers}

    async def __call__(self, *words):
        process = await self.start(*words)
        out, err = await process.communicate()
        return process.returncode, out.decode(), err.decode()

    async def start(self, *words):
        return await asyncio.create_subprocess_exec(
            *forked(),
            *words,
            env=self.env,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )

    async def json(self, *words):
        code, out, err = await self(*words, "--json")
        assert code == 0, err
        return json.loads(out.splitlines()[-1])


async def happens(pool, tenant, *steps):
    return await record(pool, tenant, [entry for step in steps for entry in step])


async def generation(pool, name):
    known = (await generations(pool, [name]))[name]
    return {status: one.generation for status, one in known.items()}


async def until_connected(pool, application, times=1):
    asked = "select count(*) >= $2 from pg_stat_activity where application_name = $1"
    await eventually(lambda: pool.fetchval(asked, application, times), 60)


async def test_a_report_is_as_new_as_the_log(pool, tenant, milepost):
    ann, ben, cat, there = (
        Life("red", "ann"),
        Life("red", "ben"),
        Life("red", "cat"),
        Life("blue", "cat"),
    )
    await happens(pool, tenant, [offered("red")], ann.enrolls(), ann.completes(), ann.earns())
    await happens(pool, tenant, cat.enrolls(), cat.earns(), cat.moves(there))
    await project(pool)
    await happens(pool, tenant, ben.enrolls(), ben.withdraws())
    reporting = asyncio.create_task(milepost.json("report", "offerings", "--tenant", tenant))
    await until_connected(pool, "milepost report")
    await project(pool)
    [line] = await reporting
    shown = {"offering": "red", "enrolled": 2, "current": 1, "withdrawn": 1, "completed": 1}
    assert line == line | shown | {"awarded": 1, "credentials": 2, "transferred": 1}
    code, out, _ = await milepost("report", "offerings", "--tenant", tenant)
    assert code == 0
    assert "red" in out


async def test_a_report_says_when_nobody_projects(pool, tenant, milepost):
    await project(pool)
    await happens(pool, tenant, [offered("red")])
    code, _, err = await milepost("report", "offerings", "--tenant", tenant, "--wait", "0")
    assert code == 1
    assert "0 of 1" in err


@pytest.mark.parametrize("processes", ["1", "3"])
async def test_all_are_rebuilt_and_listed(pool, tenant, milepost, processes):
    await happens(pool, tenant, [offered("red")], Life("red", "ann").enrolls())
    await project(pool)
    before = await rows(pool, tenant)
    was = await generation(pool, "learner_overview")
    done = await milepost.json("projections", "rebuild", "--all", "--processes", processes)
    assert sorted(done["models"]) == NAMES
    assert done["events"] == await pool.fetchval("select count(*) from log.events")
    assert await rows(pool, tenant) == before
    listed = await milepost.json("projections", "list", "--tenant", tenant)
    live = {one["name"]: one for one in listed if one["status"] == "live"}
    assert sorted(live) == NAMES
    assert {one["lag"] for one in live.values()} == {0}
    assert live["learner_overview"]["generation"] == was["live"] + 1
    code, out, _ = await milepost("projections", "list")
    assert code == 0
    assert "offering_summary" in out


async def test_one_model_is_rebuilt_for_one_tenant_while_a_projector_runs(pool, tenant, milepost):
    await happens(pool, tenant, [offered("red")], Life("red", "ann").enrolls())
    projecting = asyncio.create_task(Projector(pool, [LEARNER_OVERVIEW]).run())
    try:
        done = await milepost.json("projections", "rebuild", "learner_overview", "--tenant", tenant)
        assert (done["models"], done["events"]) == (["learner_overview"], 3)
        await happens(pool, tenant, Life("red", "ben").enrolls())

        async def both():
            return len((await rows(pool, tenant))["learner_overview"]) == 2

        await eventually(both)
    finally:
        projecting.cancel()
        with suppress(asyncio.CancelledError):
            await projecting


@pytest.mark.parametrize("words", [["learner_overview"], ["--all", "--processes", "2"]])
async def test_an_interrupted_rebuild_is_kept_until_it_is_canceled(pool, tenant, milepost, words):
    await happens(pool, tenant, [offered("red")])
    await project(pool)
    async with pool.acquire() as connection:
        # As if another rebuild ran: this one waits, and is interrupted.
        held = "select pg_advisory_lock(hashtextextended('rebuild/learner_overview', 0))"
        await connection.execute(held)
        process = await milepost.start("projections", "rebuild", *words)
        await until_connected(pool, "milepost projections", times=len(words))
        process.send_signal(signal.SIGINT)
        _, err = await process.communicate()
        assert process.returncode == 130, err
        mine = "select count(*) = 0 from pg_stat_activity where application_name = $1"
        await eventually(lambda: pool.fetchval(mine, "milepost projections"), 60)
        await connection.execute("select pg_advisory_unlock_all()")
    assert b"cancel" in err
    await begin(pool, LEARNER_OVERVIEW, None)
    assert "building" in await generation(pool, "learner_overview")
    code, out, _ = await milepost("projections", "cancel", "learner_overview")
    assert (code, "given up" in out) == (0, True)
    assert "building" not in await generation(pool, "learner_overview")
    code, _, err = await milepost("projections", "cancel", "learner_overview")
    assert (code, "not being rebuilt" in err) == (1, True)


@pytest.mark.parametrize("command", ["rebuild", "compare", "list"])
async def test_a_school_that_nobody_knows_is_refused(pool, tenant, milepost, command):
    await happens(pool, tenant, [offered("red")])
    model = [] if command == "list" else ["catalog"]
    code, out, err = await milepost("projections", command, *model, "--tenant", "nobody")
    assert (code, out, "No school 'nobody'" in err) == (1, "", True)


async def test_what_differs_is_named_and_takes_over_only_when_told_to(pool, tenant, milepost):
    await happens(pool, tenant, [offered("red")], Life("red", "ann").enrolls())
    await project(pool)
    table = "dashboards.learner_overview"
    await pool.execute(f"update {table} set state = 'lost' where tenant = $1", tenant)
    code, out, err = await milepost("projections", "rebuild", "learner_overview")
    assert code == 1, err
    assert "state is 'lost' and 'enrolled'" in out
    assert "milepost projections switch learner_overview" in out
    code, out, err = await milepost("projections", "compare", "learner_overview", "--json")
    assert code == 1, err
    compared = json.loads(out)
    assert compared["identical"] is False
    [first] = compared["differences"]
    assert (first["key"]["enrollment"], first["column"]) == ("red.ann", "state")
    code, out, _ = await milepost("projections", "switch", "learner_overview")
    assert (code, "is live" in out) == (0, True)
    [row] = (await rows(pool, tenant))["learner_overview"]
    assert row["state"] == "enrolled"
    code, out, _ = await milepost("projections", "rollback", "learner_overview")
    assert (code, "is live again" in out) == (0, True)
    [row] = (await rows(pool, tenant))["learner_overview"]
    assert row["state"] == "lost"
    assert (await milepost("projections", "rollback", "learner_overview"))[0] == 0


async def test_a_report_tells_of_a_past_moment_that_was_built(pool, tenant, milepost):
    position = await happens(pool, tenant, [offered("red")], Life("red", "ann").enrolls())
    await happens(pool, tenant, Life("red", "ben").enrolls())
    await project(pool)
    of = ("--as-of", str(position), "--tenant", tenant)
    code, _, err = await milepost("report", "offerings", *of)
    assert (code, "projections rebuild" in err) == (1, True)
    [built] = await milepost.json("projections", "rebuild", "offering_summary", *of)
    [line] = await milepost.json("report", "offerings", *of)
    assert (line["offering"], line["enrolled"]) == ("red", 1)
    listed = await milepost.json("projections", "list", "--tenant", tenant)
    assert f"position {position}" in [one["as_of"] for one in listed]
    number = str(built["generation"])
    code, _, err = await milepost("projections", "drop", "offering_summary", number)
    assert code == 0, err
    assert (await milepost("report", "offerings", *of))[0] == 1


async def test_a_report_tells_what_had_happened_however_late_it_was_recorded(
    pool, tenant, milepost
):
    await happens(pool, tenant, [offered("red")], Life("red", "ann").enrolls())
    first = await pool.fetchval("select max(occurred_at) from log.events where tenant = $1", tenant)
    await project(pool)
    for at, enrolled in ((first, [1]), (first - timedelta(days=365), [])):
        of = ("--as-happened", at.isoformat(), "--tenant", tenant)
        code, _, err = await milepost("report", "offerings", *of)
        assert (code, f"--as-happened {at.isoformat()}" in err) == (1, True)
        [built] = await milepost.json("projections", "rebuild", "offering_summary", *of)
        assert built["as_of"] == f"happened by {at.isoformat()}"
        lines = await milepost.json("report", "offerings", *of)
        assert [line["enrolled"] for line in lines] == enrolled
        await milepost("projections", "drop", "offering_summary", str(built["generation"]))


async def test_a_report_of_a_day_needs_nothing_built(pool, tenant, milepost):
    await happens(pool, tenant, [offered("red")], Life("red", "ann").enrolls())
    await project(pool)
    of = ("report", "offerings", "--tenant", tenant)
    for option, day, enrolled in (
        ("--as-happened", "2026-03-02", [1]),
        ("--as-happened", "2026-03-01", []),
        ("--as-of", "2026-03-02", []),
    ):
        lines = await milepost.json(*of, option, day)
        assert [line["enrolled"] for line in lines] == enrolled
    code, out, _ = await milepost(*of, "--as-happened", "2026-03-02")
    assert (code, "red" in out) == (0, True)


async def test_a_rebuild_that_is_done_and_waits_is_listed_as_built(pool, tenant, milepost):
    await happens(pool, tenant, [offered("red")], Life("red", "ann").enrolls())
    await project(pool)
    code, _, err = await milepost("projections", "rebuild", "offering_summary", "--no-switch")
    assert code == 0, err
    _, out, _ = await milepost("projections", "list")
    [line] = [line for line in out.splitlines() if "offering_summary" in line and "built" in line]
    assert "building" not in line
    listed = await milepost.json("projections", "list")
    ours = [one for one in listed if one["name"] == "offering_summary"]
    assert [one["built"] for one in ours if one["status"] == "building"] == [True]
    assert (await milepost("projections", "cancel", "offering_summary"))[0] == 0


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["rebuild", "nonsense"], "there are"),
        (["drop", "learner_overview", "77"], "generation 77"),
        (["list", "--tenant", "nosuch"], "No school 'nosuch'"),
        (["rebuild", "catalog", "--as-happened", "2999-01-01"], "still to come"),
    ],
)
async def test_what_cannot_be_rebuilt_is_said(milepost, words, says):
    code, _, err = await milepost("projections", *words)
    assert code == 1
    assert says in err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ([], ["--all"]),
        (["learner_overview", "--all"], ["--all"]),
        (["learner_overview", "--as-of", "1", "--switch"], ["never live"]),
        (["--all", "--as-of", "1", "--processes", "2"], ["one process"]),
        (["--as-of", "once", "--switch"], ["--all", "neither a position", "never live"]),
    ],
)
async def test_all_that_is_wrong_with_a_call_is_said_at_once(milepost, words, says):
    code, _, err = await milepost("projections", "rebuild", *words)
    assert code == 2
    assert [one for one in says if one not in err] == []


@pytest.mark.parametrize("which", ["building generation", "retired generation"])
def test_where_a_generation_is_missing_it_is_said_how_to_get_one(which):
    says = f"learner_overview has no {which}: `milepost projections rebuild`"
    with pytest.raises(Trouble, match=says), in_words():
        raise NoGeneration("learner_overview", which)


async def test_a_report_of_a_school_that_nobody_knows_is_refused(milepost):
    code, _, err = await milepost("report", "offerings", "--tenant", "nosuch")
    assert (code, "No school 'nosuch'" in err) == (1, True)
