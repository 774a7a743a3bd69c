"""`milepost republish` and `relay --reconcile` as operators have them, and what others then get."""

import asyncio
import json
import os

import nats
import pytest
from nats.js.errors import NotFoundError
from tests.commands.forked import forked
from tests.events.traffic import append, lose, messages, positions, relaying
from tests.eventually import eventually
from tests.tenants import new_tenant

from milepost.events.nats.jetstream import STREAM as MAIN_STREAM
from milepost.events.nats.jetstream import ensure_stream
from milepost.events.relay.republish import STREAM, NobodyListens, Part, SubjectUnfit, stream_for
from milepost.events.store.postgres import PostgresLog, connect_pool
from milepost.operations.commands.events.republish import _stream, _within
from milepost.operations.installation.published import require_published
from milepost.operations.terminal.errors import Trouble, WrongUsage


@pytest.fixture
async def log(postgres):
    pool = await connect_pool(postgres, name="test")
    yield PostgresLog(pool)
    await pool.close()


@pytest.fixture
def tenant():
    return new_tenant()


@pytest.fixture
async def js(nats_url):
    client = await nats.connect(nats_url)
    js = client.jetstream()
    await ensure_stream(js)
    yield js
    for name in (STREAM, MAIN_STREAM):
        try:
            await js.delete_stream(name)
        except NotFoundError:
            continue
    await client.close()


@pytest.fixture
def milepost(postgres, nats_url):
    env = {**os.environ, "MILEPOST_POSTGRES": postgres, "MILEPOST_NATS": nats_url}

    async def run(*arguments, **other):
        process = await asyncio.create_subprocess_exec(
            *forked(),
            *map(str, arguments),
            env={**env, **other},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, errors = await process.communicate()
        return process.returncode, out.decode(), errors.decode()

    return run


@pytest.mark.parametrize(
    "command",
    [
        ("relay", "--reconcile"),
        ("republish", "--tenant", "t", "--from", 1, "--subject", "republish.desk"),
        ("tail",),
    ],
)
async def test_nobody_waits_for_a_nats_that_is_away(milepost, command):
    async with asyncio.timeout(30):
        code, _, errors = await milepost(*command, MILEPOST_NATS="nats://127.0.0.1:9")
    assert (code, "MILEPOST_NATS names nats://127.0.0.1:9" in errors) == (1, True)
    assert "no answer in time" not in errors  # it was refused, and is not asked again


async def published(log, tenant):
    """Positions 1 to 10 are enrollments, 11 stays at home, 12 and 13 are lessons."""
    await append(log, tenant, "enrollment-a", *range(1, 11))
    await append(log, tenant, "progress-a", 11, type_="lesson_progressed")
    await append(log, tenant, "progress-a", 12, 13, type_="lesson_started")


@pytest.fixture
async def relayed(log, tenant, postgres, nats_url, js):  # noqa: ARG001 - it cleans up behind this
    """What the stream holds of these, by position."""
    await published(log, tenant)
    async with relaying(log, postgres, nats_url):
        await eventually(lambda: all_relayed(nats_url, tenant))
    found = await messages(nats_url, f"milepost.{tenant}.>")
    return {headers_of(message)["Milepost-Position"]: message for message in found}


def headers_of(message):
    assert message.headers
    return message.headers


async def test_a_part_comes_again_as_it_was_to_one_subject(relayed, tenant, nats_url, js, milepost):
    code, out, errors = await milepost(
        "republish", "--tenant", tenant, "--from", 9, "--subject", "republish.payroll", "--json"
    )
    assert code == 0, errors
    told = json.loads(out.splitlines()[-1])
    assert (told["events"], told["from"], told["to"], told["stream"]) == (4, 9, 13, STREAM)
    assert told["by_event"] == {"learner_enrolled": 2, "lesson_started": 2}
    pull = await js.pull_subscribe("republish.payroll", durable="payroll", stream=STREAM)
    again = await pull.fetch(10, timeout=1)
    assert [headers_of(m)["Milepost-Position"] for m in again] == ["9", "10", "12", "13"]
    for message in again:
        headers = headers_of(message)
        first = relayed[headers["Milepost-Position"]]
        assert message.data == first.data
        assert headers.pop("Milepost-Republished") == first.subject
        event = first.subject.rpartition(".")[2]
        assert headers.pop("ce-dataschema").endswith(f"/schema/events/{event}/1.json")
        assert headers.items() <= headers_of(first).items()
    assert len(await messages(nats_url, f"milepost.{tenant}.>")) == len(relayed)


async def all_relayed(nats_url, tenant):
    return len(await messages(nats_url, f"milepost.{tenant}.>")) == 12


async def test_a_dry_run_counts_and_publishes_nothing(log, tenant, js, milepost):
    await published(log, tenant)
    part = ("--from", 2, "--to", 12, "--event", "learner_enrolled")
    code, out, _ = await milepost(
        "republish", "--tenant", tenant, *part, "--subject", "republish.payroll", "--dry-run"
    )
    assert code == 0
    assert out == f"{tenant}/2 to 12: 9 events to republish (learner_enrolled 9).\n"
    with pytest.raises(NotFoundError):
        await js.stream_info(STREAM)


async def test_what_cannot_be_done_is_said(log, tenant, js, milepost):
    await published(log, tenant)
    for dry in ([], ["--dry-run"]):
        code, _, errors = await milepost(
            "republish", "--tenant", tenant, "--from", 1, "--subject", "milepost.default.x", *dry
        )
        assert code == 1
        assert errors.endswith("wildcards name no place. Use republish.NAME.\n")
    for first, last in ((5, 4), (14, 0), (1, 14)):
        with pytest.raises(Trouble, match="has positions 1 to 13"):
            await _within(log, Part(tenant, first, last, ()))
    with pytest.raises(Trouble, match="No school 'nowhere'"):
        await _within(log, Part("nowhere", 1, 0, ()))
    with pytest.raises(WrongUsage, match="Nobody publishes 'learner_enroled', 'sat'"):
        require_published(["learner_enroled", "learner_enrolled", "sat"])
    with pytest.raises(Trouble, match=r"No stream takes 'payroll\.catchup'"):
        await _stream(js, "payroll.catchup")


async def test_a_subject_must_be_taken_by_a_stream_that_is_not_the_main_one(js):
    for subject in (
        "milepost",
        "milepost.>",
        "republish.*",
        "republish..x",
        "$JS.x",
        "_INBOX.x",
        "",
    ):
        with pytest.raises(SubjectUnfit):
            await stream_for(js, subject)
    for subject in ("payroll", "republish"):
        with pytest.raises(NobodyListens):
            await stream_for(js, subject)
    await js.add_stream(name="PAYROLL", subjects=["payroll"])
    assert await stream_for(js, "payroll") == "PAYROLL"
    await js.delete_stream("PAYROLL")
    assert await stream_for(js, "republish.payroll") == STREAM
    assert await stream_for(js, "republish.payroll") == STREAM


async def test_a_full_stream_stops_it_and_says_where_to_go_on(log, tenant, js, milepost):
    await published(log, tenant)
    await js.add_stream(name="PAYROLL", subjects=["payroll"], max_msgs=5, discard="new")
    code, _, errors = await milepost(
        "republish", "--tenant", tenant, "--from", 1, "--subject", "payroll"
    )
    await js.delete_stream("PAYROLL")
    assert code == 1
    assert "PAYROLL refused position 6 (maximum messages exceeded)" in errors
    assert "--from 6" in errors


async def reconciled(milepost, *arguments, code=0):
    ended, out, errors = await milepost("relay", "--reconcile", "--json", *arguments)
    assert ended == code, errors
    told = json.loads(out.splitlines()[-1])
    return told["lost"], told["behind"], told["mended"]


@pytest.mark.usefixtures("relayed")
async def test_reconcile_fills_what_is_missing_without_any_relay(tenant, js, nats_url, milepost):
    await lose(js, tenant, 5, 6, 7, 13)
    assert await reconciled(milepost, "--tenant", tenant, "--dry-run", code=1) == (3, 1, 0)
    assert await positions(nats_url, tenant) == [1, 2, 3, 4, 8, 9, 10, 12]
    assert await reconciled(milepost, "--tenant", tenant) == (3, 1, 3)
    assert await positions(nats_url, tenant) == [1, 2, 3, 4, 8, 9, 10, 12, 13, 5, 6, 7]
    assert await reconciled(milepost, "--tenant", tenant, "--dry-run") == (0, 0, 0)


@pytest.mark.usefixtures("relayed")
async def test_reconcile_ends_with_one_while_the_stream_holds_what_nobody_wrote(
    tenant, js, milepost
):
    await js.publish(f"milepost.{tenant}.enrollment.learner_enrolled", b"{}")
    for dry in ([], ["--dry-run"]):
        code, _, errors = await milepost("relay", "--reconcile", "--tenant", tenant, *dry)
        assert (code, "milepost stream rebuild" in errors) == (1, True)
