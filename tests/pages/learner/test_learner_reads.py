"""What a learner's pages read: their own and nobody else's, as the read models have it."""

from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import quote

import asyncpg
import pytest
from tests.clients import Client, connection_to
from tests.dashboards.desk import happens
from tests.dashboards.history import Life, achievable, offered, project, published
from tests.tenants import new_tenant

from milepost.contracts.achievements import AllOf, CoursePassed
from milepost.contracts.courses import Lesson, PassingRule
from milepost.dashboards.app import learner_pages
from milepost.dashboards.queries.enrollment import latest_events
from milepost.dashboards.queries.enrollment.latest_events import read_latest
from milepost.events.commands.transact import Transactor
from milepost.events.log import Recorded
from milepost.events.store.postgres import PostgresLog, connect_pool
from milepost.web.app import create_app
from milepost.web.auth.development_issuer import DevelopmentIssuer
from milepost.web.auth.tokens import TokenVerifier
from milepost.web.room import Context
from milepost.web.settings import Settings

COURSE = published(
    "ART",
    Lesson(id="x", title="Lines", titles={"de": "Linien"}),
    Lesson(id="y", title="Colors", kind="quiz", weight=1.0, prerequisites=("x",)),
    Lesson(id="z", title="Shapes", prerequisites=("y",)),
    passing_rule=PassingRule(passing_grade=0.5),
    titles={"de": "Kunst"},
)
ARTIST = achievable(
    "artist", AllOf(criteria=(CoursePassed(course="ART"), CoursePassed(course="B")))
)


@pytest.fixture(scope="module")
async def pool(postgres: str) -> AsyncIterator[asyncpg.Pool]:
    pool = await connect_pool(postgres, name="test", size=8)
    yield pool
    await pool.close()


@pytest.fixture
async def learner(pool: asyncpg.Pool, tmp_path: Path) -> AsyncIterator[Client]:
    settings = Settings(data_dir=tmp_path)
    context = Context(Transactor(PostgresLog(pool)), settings, pool)
    app = create_app([learner_pages(context)], settings, TokenVerifier(settings), ready={})
    async with connection_to(app) as connection:
        issuer = DevelopmentIssuer(tmp_path)
        yield Client(connection, issuer, by="learner", subject="ann", tenant=new_tenant())


async def opened(learner: Client, path: str, status: int = 200, **whose: str) -> str:
    headers = {**learner.headers(**whose), "Accept-Language": "de"}
    answer = await learner.connection.get(path, headers=headers)
    assert answer.status_code == status, answer.text
    return " ".join(answer.text.split())


async def test_home_and_course_tell_what_is_done_next_and_locked(pool, learner):
    ann, ben = Life("red", "ann"), Life("red", "ben")
    await happens(
        *(pool, learner.tenant, [COURSE, ARTIST, offered("red")], ann.enrolls(), ben.enrolls()),
        *(ann.completes_lesson("x"), ann.attempts("y", 0.3), ann.earns("sketcher")),
    )
    home = await opened(learner, "/my")
    assert "Kunst" in home
    assert "1 von 3 Lektionen erledigt" in home
    assert "0 von 2 Bedingungen erfüllt" in home
    assert "sketcher" in home
    [course] = {one for one in home.split('"') if one.startswith("/my/courses/")}
    page = await opened(learner, course)
    assert "Colors" in page
    assert "Öffnet sich nach: <bdi>Colors</bdi>" in page
    assert "Linien" in page
    assert "Schloss „Linien“ ab" in page, "its history"
    # Nobody else's, not even by its address.
    assert "1 von 3" not in await opened(learner, "/my", subject="ben")
    await opened(learner, course, 404, subject="ben")
    await opened(learner, course, 404, tenant=new_tenant())
    await opened(learner, f"/my/courses/{quote(ben.id, safe='')}", 404)


async def test_who_is_new_is_told_what_to_wait_for(pool, learner):
    await project(pool)
    assert "Sie sind noch in keinem Kurs" in await opened(learner, "/my", subject="new")


async def test_a_history_is_read_from_its_end_and_no_further_than_it_is_told(
    pool, learner, monkeypatch
):
    ann = Life("red", "ann")
    lessons = (*ann.completes_lesson("x"), *ann.completes_lesson("y"), *ann.completes_lesson("z"))
    await happens(pool, learner.tenant, [COURSE, offered("red")], ann.enrolls(), lessons)
    page = f"/my/courses/{ann.id}"
    whole = await read_latest(pool, learner.tenant, ann.id)
    assert not whole.cut
    assert [one.position for one in whole.events] == sorted(one.position for one in whole.events)
    assert "Schritte davor" not in await opened(learner, page)
    monkeypatch.setattr(latest_events, "MOST_EVENTS", 3)
    assert await read_latest(pool, learner.tenant, ann.id) == (whole.events[-3:], True)
    monkeypatch.setattr(latest_events, "MOST_BYTES", 1)
    assert await read_latest(pool, learner.tenant, ann.id) == (whole.events[-1:], True)
    assert "Schloss „Shapes“ ab" in await opened(learner, page)


async def test_a_history_is_read_on_from_where_a_page_ended(pool, learner, monkeypatch):
    ann = Life("red", "ann")
    lessons = [entry for one in "xyzxyz" for entry in ann.visits(one)]
    await happens(pool, learner.tenant, [COURSE, offered("red")], ann.enrolls(), lessons)
    whole = await read_latest(pool, learner.tenant, ann.id)
    monkeypatch.setattr(latest_events, "MOST_EVENTS", 3)
    found, before = list[Recorded](), None
    while (page := await read_latest(pool, learner.tenant, ann.id, before=before)).cut:
        assert len(page.events) == 3
        found, before = [*page.events, *found], page.events[0].position
    assert [*page.events, *found] == whole.events
