"""Every page for every role, in one table: who makes a page adds its row."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

import pytest
from litestar import Litestar
from tests.clients import Client, connection_to
from tests.dashboards.history import project

from milepost.events.commands.transact import Transactor
from milepost.events.store.postgres import PostgresLog, connect_pool
from milepost.operations.rooms import ENROLLMENT_ROLE, services_of
from milepost.web.app import create_app
from milepost.web.auth.claims import ROLES
from milepost.web.auth.development_issuer import DevelopmentIssuer
from milepost.web.auth.tokens import TokenVerifier
from milepost.web.room import Context
from milepost.web.settings import Settings

pytestmark = pytest.mark.servers

# The route of each page: the roles that may open it. Nothing has the ids in it: 404 is theirs, too.
PAGES: dict[str, set[str]] = {
    "/catalog": set(ROLES),
    "/catalog/courses/{course}": set(ROLES),
    "/issue": {"issuer", "registrar", "operator", "auditor"},
    "/issue/achievements": {"issuer", "registrar", "operator", "auditor"},
    "/issue/achievements/{achievement}": {"issuer", "registrar", "operator", "auditor"},
    "/issue/achievements/{achievement}/impact": {"issuer", "registrar", "operator", "service"},
    "/issue/keys": {"issuer", "registrar", "operator", "auditor"},
    "/issue/register/{learner}/{credential}": {"issuer", "registrar", "operator", "auditor"},
    "/issue/register": {"issuer", "registrar", "operator", "auditor"},
    "/my": {"learner"},
    "/my/courses/{enrollment}": {"learner"},
    "/my/credentials/{credential}": {"learner"},
    "/teach": {"instructor", "registrar"},
    "/teach/offerings/{offering}": {"instructor", "registrar"},
    "/teach/offerings/{offering}/learners": {"instructor", "registrar"},
    "/teach/offerings/{offering}/at-risk": {"instructor", "registrar"},
    "/teach/offerings/{offering}/gradebook": {"instructor", "registrar"},
    "/teach/enrollments/{enrollment}": {"instructor", "registrar"},
    "/teach/enrollments/{enrollment}/lessons/{lesson}": {"instructor", "registrar"},
    "/office": {"registrar"},
    "/office/new-offering": {"registrar"},
    "/office/offerings/{offering}": {"registrar"},
    "/office/offerings/{offering}/cancel": {"registrar"},
    "/office/offerings/{offering}/change": {"registrar"},
    "/office/offerings/{offering}/move": {"registrar"},
    "/office/courses/{course}": {"registrar"},
    "/office/enrollments/{enrollment}": {"registrar"},
    "/office/learners": {"registrar"},
    "/office/learners/{learner}": {"registrar"},
    "/office/personal-data/{learner}": {"registrar"},
    "/office/bulk": {"registrar"},
    "/office/bulk/{job}": {"registrar"},
    "/console": {"operator", "auditor"},
    "/console/integrity": {"operator", "auditor"},
    "/console/projections": {"operator", "auditor"},
    "/console/projections/{model}": {"operator", "auditor"},
    "/console/parked": {"operator", "auditor"},
    "/console/parked/{parked}": {"operator", "auditor"},
    "/console/subscribers": {"operator", "auditor"},
    "/console/timers": {"operator", "auditor"},
    "/console/log": {"operator", "auditor"},
    "/console/log/{position}": {"operator", "auditor"},
    "/console/streams/{stream}": {"operator", "auditor"},
    # Whose a group is, the log says: whoever is signed in may ask.
    "/sponsor": {*ROLES},
    "/sponsor/groups/{group}": {*ROLES},
    "/sponsor/groups/{group}/at-risk": {*ROLES},
    "/sponsor/groups/{group}/members/{learner}": {*ROLES},
    "/office/groups": {"registrar"},
    "/office/groups/{group}": {"registrar"},
    "/office/programs": {"registrar"},
    "/office/programs/{program}": {"registrar"},
    "/office/skills": {"registrar"},
    "/my/skills": {"learner"},
}


class Everything(NamedTuple):
    app: Litestar
    client: Client


@pytest.fixture(scope="module")
async def everything(
    postgres: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Everything]:
    """All rooms, at a school where nothing has happened."""
    folder: Path = tmp_path_factory.mktemp("pages")
    settings = Settings(data_dir=folder)
    pool = await connect_pool(postgres, name="test", size=4, role=ENROLLMENT_ROLE)
    transactor = Transactor(PostgresLog(pool))
    await project(pool)
    services = services_of("all", Context(transactor, settings, pool))
    app = create_app(services, settings, TokenVerifier(settings), ready={})
    async with connection_to(app, raises=False) as connection:
        yield Everything(app, Client(connection, DevelopmentIssuer(folder)))
    await transactor.close()
    await pool.close()


async def test_every_page_stands_in_the_table(everything):
    routes = {
        route.path_format: handler.opt
        for route in everything.app.routes
        for handler in getattr(route, "route_handlers", ())
        if handler.opt.get("page") and not handler.opt.get("public")
    }
    assert set(routes) == set(PAGES)


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_is_for_its_roles_alone(everything, path):
    client, address = everything.client, path.replace("{", "").replace("}", "")
    found = {}
    for role in ROLES:
        headers = client.headers(by=role, subject="nobody")
        answer = await client.connection.get(address, headers=headers)
        assert answer.headers["content-type"].startswith("text/html"), answer.text
        found[role] = answer.status_code
    assert set(found.values()) <= {200, 403, 404}, found
    assert {role for role, status in found.items() if status != 403} == PAGES[path], found
