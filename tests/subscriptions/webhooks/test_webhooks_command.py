"""`milepost webhooks`, beside a Milepost that serves subscriptions."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from uuid import uuid4

import pytest
from tests.clients import Running
from tests.operations.desk import serving
from tests.subscriptions.webhooks.forget_webhook_secrets import forget_webhook_secrets
from tests.subscriptions.webhooks.receiver import Reply, receiving
from tests.tenants import new_tenant
from typer.testing import CliRunner

from milepost.operations.commands.subscriptions.webhooks import app
from milepost.operations.terminal.errors import Trouble

Command = Callable[..., Awaitable[str]]


@pytest.fixture(scope="module")
async def unsealed(postgres: str) -> str:
    """A database in which nothing is sealed with another data directory's key."""
    await forget_webhook_secrets(postgres)
    return postgres


@pytest.fixture(scope="module")
def served(
    unsealed: str, nats_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    data_dir = tmp_path_factory.mktemp("command")
    private = {"MILEPOST_OUTBOUND_PRIVATE": "127.0.0.1"}
    yield from serving("subscriptions", unsealed, nats_url, data_dir, **private)


@pytest.fixture
def command(served: Running) -> Command:
    """In this process: to start one takes longer than all that it does."""
    school = ("--tenant", new_tenant(), "--data-dir", str(served.data_dir))

    async def run(*asked: str, code: int = 0) -> str:
        arguments = [*asked, "--http", served.http, *school]
        result = await asyncio.to_thread(CliRunner().invoke, app, arguments)
        failed = result.exception
        assert isinstance(failed, Trouble | SystemExit | None), failed
        assert (getattr(failed, "code", 1) if failed else 0) == code, result.output
        return f"{result.output}{failed or ''}"

    return run


async def test_a_webhook_is_added_verified_rotated_and_removed(command: Command):
    assert await command("list") == "There are no webhooks.\n"
    named = ("--event", "credential_awarded", "--ordered", "--description", "The CRM")
    async with receiving() as endpoint:
        made = json.loads(await command("add", endpoint.url, *named, "--json"))
        webhook = made["webhook"]
        added = await command("add", endpoint.url, "--signature", "v1a")
        assert "Secret  whpk_" in added
        assert f"milepost webhooks verify {added.split()[1]}" in added
        assert await command("verify", webhook) == f"{webhook} is active.\n"
        assert len(endpoint.heard) == 1
    listed = await command("list")
    assert (listed.count("active"), listed.count("unverified")) == (1, 1)
    shown = await command("show", webhook)
    assert "credential_awarded" in shown
    assert "The CRM" in shown
    assert "whsec_" not in shown
    for step, state in (("pause", "paused"), ("resume", "active"), ("enable", "active")):
        assert await command(step, webhook) == f"{webhook} is {state}.\n"
    new, old = (await command("rotate", webhook, "--hours", "1")).splitlines()
    assert old.split()[0] == made["secret"]
    assert new.endswith("until it is rotated")
    assert "[y/N]" in await command("remove", webhook, code=1)
    assert await command("remove", webhook, "--yes") == f"{webhook} is deleted.\n"
    gone = await command("verify", webhook, code=1)
    assert "`milepost webhooks list` shows those there are." in gone


async def test_a_test_message_is_sent_listed_and_shown(command: Command):
    async with receiving() as endpoint:
        webhook = json.loads(await command("add", endpoint.url, "--json"))["webhook"]
        early = await command("test", webhook, code=1)
        assert "`milepost webhooks verify WEBHOOK`" in early
        await command("verify", webhook)
        assert await command("deliveries", webhook) == "Nothing was sent.\n"
        sent = await command("test", webhook)
        message = sent.split()[0]
        assert sent == f"{message} delivered: 204\n"
        endpoint.answer = lambda _: Reply(503)
        assert "failed: 503" in await command("test", webhook, code=1)
    assert endpoint.heard[1].event["type"] == "milepost.webhook.test"
    listed = await command("deliveries", webhook)
    assert message in listed
    assert (listed.count("delivered"), listed.count("failed")) == (1, 1)
    shown = json.loads(await command("deliveries", webhook, message))
    assert shown["tries"][0]["response"]["status"] == 204
    again = json.loads(await command("redeliver", webhook, "--after", "0", "--json"))
    assert again["after"] == "0"


async def test_what_is_wrong_is_said_in_words(command: Command):
    private = await command("add", "https://10.0.0.7/hook", code=1)
    assert "MILEPOST_OUTBOUND_PRIVATE" in private
    url = "https://192.88.98.7/hook"
    unknown = await command("add", url, "--event", "credential_awardet", code=1)
    assert "credential_awarded" in unknown
    assert "like https://" in await command("add", "crm.example", code=1)
    assert "`milepost webhooks list`" in await command("show", "crm", code=1)
    one_of = await command("redeliver", str(uuid4()), code=1)
    assert "one of MESSAGE, --after and --since" in one_of
