"""A learner's home and course: what they say, in every state, and how they look."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from litestar import Response, get
from litestar.params import FromPath, FromQuery
from msgspec.structs import replace
from tests.browser import THEMES, reader
from tests.clients import Client, connection_to
from tests.pages.learner.scenes import BUSY, COURSE, NEW, NOW, enrollment, progress
from tests.pages.teaching.test_timeline import recorded

from milepost.contracts.progress import AttemptScored, LessonPassed, LessonStarted
from milepost.dashboards.pages.learner.api import SHELL
from milepost.dashboards.pages.learner.course import course_view
from milepost.dashboards.pages.learner.home import home_view
from milepost.dashboards.queries.enrollment.latest_events import Latest
from milepost.dashboards.queries.home import Home
from milepost.pages import app as pages
from milepost.pages.shell import PageRequest
from milepost.web.app import create_app
from milepost.web.auth.development_issuer import DevelopmentIssuer
from milepost.web.auth.tokens import TokenVerifier
from milepost.web.room import Service
from milepost.web.settings import Settings

ORIGIN = "http://127.0.0.1:8400"
HOMES: dict[str, Home] = {
    "busy": BUSY,
    "new": NEW,
    "later": replace(NEW, enrollments=[enrollment("sql", "Data and databases")]),
}
STORY = recorded(
    LessonStarted(enrollment="e", lesson="sets", report="r"),
    *(
        AttemptScored(enrollment="e", lesson="keys", report=f"r-{one}", attempt=one, score=0.3)
        for one in range(1, 41)
    ),
    LessonPassed(enrollment="e", lesson="sets", score=0.9),
)
COURSES = {
    "under-way": COURSE,
    "waiting": replace(COURSE, state="waitlisted", progress=None, lessons=[]),
    "completed": replace(
        COURSE, state="completed", completed_at=NOW, progress=progress(final_grade=0.9, next=None)
    ),
}


@get("/homes/{name:str}")
async def get_home(name: FromPath[str], request: PageRequest) -> Response[bytes]:
    return SHELL.render(request, "home.html", area="my", view=home_view(HOMES[name], NOW))


@get("/my")
async def get_part(part: FromQuery[str], request: PageRequest) -> Response[bytes]:
    """What the page asks for when something has changed."""
    later = home_view(HOMES["later"], NOW)
    return SHELL.render(request, "home.html", area="my", part=part, view=later)


@get("/courses/{name:str}")
async def get_course(name: FromPath[str], request: PageRequest) -> Response[bytes]:
    view = course_view(COURSES[name], NOW, Latest(STORY, cut=False), SHELL.locale(request))
    return SHELL.render(request, "course.html", area="my", view=view)


@pytest.fixture(scope="module")
async def shown(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Client]:
    """The templates with what learners there are in these scenes."""
    settings = Settings(data_dir=tmp_path_factory.mktemp("learner"))
    scenes = Service(name="scenes", routes=(SHELL.router([get_home, get_course, get_part]),))
    app = create_app([scenes, pages.service()], settings, TokenVerifier(settings), ready={})
    async with connection_to(app, raises=False) as connection:
        issuer = DevelopmentIssuer(settings.data_dir)
        yield Client(connection, issuer, by="learner", subject="ana")


async def text(shown: Client, address: str) -> str:
    answer = await shown.connection.get(address, headers=shown.headers())
    assert answer.status_code == 200, answer.text
    return answer.text


def test_what_is_late_comes_first_then_what_is_due_soonest():
    later = enrollment("later", "x", progress=progress(next_due_at=None))
    view = home_view(replace(BUSY, enrollments=[later, *BUSY.enrollments]), NOW)
    assert [one.course for one in view.current] == ["maths", "sql", "ethics", "later"]
    assert view.first is not None
    assert view.first.course == "maths"
    assert [one.state for one in view.waiting] == ["offered", "waitlisted"]
    assert [one.course for one in view.past] == ["old", "left"]
    assert view.overdue == 2


async def test_home_says_what_to_do_and_of_how_many(shown):
    html = await text(shown, "/homes/busy")
    assert "2 lessons are overdue." in html
    assert "Sets and relations" in html
    assert "5 of 8 lessons done" in html
    assert "Ethics &lt;of&gt; data" in html
    assert 'data-command="POST /enrollment/enrollments/e-python/accept"' in html
    assert "3 of 5 criteria met" in html
    assert "valid until 3 April 2026" in html
    html = await text(shown, "/homes/new")
    assert "You are in no course yet" in html
    assert "Next lesson" not in html


async def test_a_course_says_why_a_lesson_is_locked_and_what_is_needed(shown):
    html = await text(shown, "/courses/under-way")
    assert "Opens after: <bdi>Keys</bdi>" in " ".join(html.split())
    assert "To pass, you need 42 % on average in what is left" in html
    assert "2 attempts, 1 left" in html
    assert " % of the grade" in html
    assert "weight" not in html
    assert "Passed “Sets and relations” with 90 %" in html
    assert "and 12 earlier steps" in html
    html = await text(shown, "/courses/waiting")
    assert "You have no seat yet" in html
    html = await text(shown, "/courses/completed")
    assert "Final grade" in html


@pytest.mark.servers
@pytest.mark.parametrize("scheme", THEMES)
async def test_learners_pages_are_seen_by_everybody(browser: Any, shown: Client, scheme: str):
    often = [("homes", "busy"), ("courses", "under-way")]
    once = [("homes", "new"), ("courses", "waiting"), ("courses", "completed")]
    headers = shown.headers()
    async with reader(browser, ORIGIN, shown.connection, extra_http_headers=headers) as window:
        for kind, name in often if scheme == "dark" else often + once:
            language = "ar" if name == "busy" and scheme == "dark" else "en"
            await window.open(f"/{kind}/{name}?lang={language}")
            assert await window.faults(f"learner-{name}", scheme) == []


@pytest.mark.servers
async def test_a_page_that_is_open_shows_what_has_changed(browser: Any, shown: Client):
    async with reader(
        browser, ORIGIN, shown.connection, extra_http_headers=shown.headers()
    ) as window:
        await window.open("/homes/new")
        await window.page.wait_for_function("window.htmx !== undefined")
        await window.page.evaluate("document.body.dispatchEvent(new Event('changed'))")
        await window.page.get_by_role("heading", name="Data and databases").wait_for()
        assert await window.page.locator("#page").count() == 1
        assert await window.page.locator("h1").inner_text() == "My learning"
