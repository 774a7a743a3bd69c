"""The documents as every process serves them: to anybody, at next to no cost."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.clients import AsyncClient, connection_to
from tests.contracts.conftest import ORIGIN

from milepost.contracts.documents.event_schemas import event_types, schema_of
from milepost.contracts.published import PUBLISHED
from milepost.web.app import create_app
from milepost.web.auth.tokens import TokenVerifier
from milepost.web.settings import Settings

AWARDED = "/schema/events/credential_awarded/1.json"
TYPES = {
    "/schema/asyncapi.json": "application/vnd.aai.asyncapi+json",
    "/schema/events": "application/json",
    AWARDED: "application/schema+json",
}


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[AsyncClient]:
    """Of a process without a service of its own."""
    settings = Settings(data_dir=tmp_path, public_url=ORIGIN)
    async with connection_to(create_app([], settings, TokenVerifier(settings), ready={})) as client:
        yield client


@pytest.mark.parametrize("path", TYPES)
async def test_anybody_reads_it_compressed_and_once(client: AsyncClient, path: str):
    plain = await client.get(path, headers={"Accept-Encoding": "identity"})
    zipped = await client.get(path, headers={"Accept-Encoding": "gzip"})
    assert (plain.status_code, zipped.status_code) == (200, 200)
    assert plain.headers["Content-Type"].startswith(TYPES[path])
    assert zipped.headers["Content-Encoding"] == "gzip"
    assert zipped.json() == plain.json()
    has_it = {"If-None-Match": plain.headers["ETag"], "Accept-Encoding": "identity"}
    again = await client.get(path, headers=has_it)
    assert (again.status_code, again.content) == (304, b"")


async def test_the_list_leads_to_every_schema(client: AsyncClient):
    listed = (await client.get("/schema/events")).json()["events"]
    assert [one["type"] for one in listed] == [f"milepost.{tag}" for tag in PUBLISHED]
    for one, event in zip(listed, event_types(), strict=True):
        schema = (await client.get(one["schema"].removeprefix(ORIGIN))).json()
        assert schema == schema_of(event, ORIGIN)
        assert schema["$id"] == one["schema"]


@pytest.mark.parametrize(
    "path", ["credential_awarded/2.json", "credential_awarded", "nobody/1.json", "../events/x"]
)
async def test_what_is_not_published_is_not_there(client: AsyncClient, path: str):
    answer = await client.get(f"/schema/events/{path}")
    assert answer.status_code == 404
    assert answer.json()["type"] == "urn:milepost:problem:unknown_route"
