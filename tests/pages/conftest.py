"""One browser for all pages, and a page of all components, for those who make pages."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from litestar import Response, Router, delete, get, post
from litestar.params import FromPath, FromQuery
from tests.browser import chromium
from tests.clients import Client, connection_to

from milepost.pages import app as pages
from milepost.pages.shell import PageRequest, Shell
from milepost.web.app import create_app
from milepost.web.auth.development_issuer import DevelopmentIssuer
from milepost.web.auth.tokens import TokenVerifier
from milepost.web.problems import Malformed
from milepost.web.room import Service
from milepost.web.settings import Settings

SHELL = Shell(Path(__file__).parent / "gallery")
Part = FromQuery[str | None]
NOW = datetime(2026, 3, 4, 14, 3, tzinfo=UTC)
FUNNEL = [("Enrolled", 400), ("Started", 388), ("25 %", 260), ("50 %", 212), ("Completed", 3)]
FACTS: dict[str, Any] = {
    "now": NOW,
    "funnel": [
        {"label": label, "value": value, "note": f"of 400 ({value // 4} %)", "href": "/x"}
        for label, value in FUNNEL
    ],
    "days": [f"{day} Mar" for day in range(1, 31)],
    "run": [200 + (day * 37) % 90 - day * 3 for day in range(30)],
    "last": [180 + (day * 23) % 60 - day * 5 if day > 4 else None for day in range(30)],
    "heat": [
        {"label": f"Lesson {one}: a title", "values": [one * 3, one, 12 * one, 30, None]}
        for one in range(1, 7)
    ],
    "learners": [
        {"name": name, "state": state, "score": 0.875}
        for name, state in (("ana", "active"), ("أمل", "waitlisted"), ("x" * 40, "withdrawn"))
    ],
}


@get("/gallery", opt={"roles": ["instructor"]})
async def get_gallery(request: PageRequest, part: Part = None) -> Response[bytes]:
    if part == "broken":
        raise RuntimeError("on purpose")
    return SHELL.render(request, "gallery.html", area="teach", part=part, **FACTS)


@post("/commands/{offering:str}", opt={"roles": ["instructor"]}, status_code=200)
async def post_command(offering: FromPath[str], request: PageRequest) -> dict[str, Any]:
    body = await request.json()
    if body["learner"] == "nobody":
        raise Malformed("There is no such learner.", path="$.learner")
    if body["learner"] == "late":
        raise Malformed("It is too late.", path="$")
    return {"offering": offering, "body": body, "key": request.headers["idempotency-key"]}


@delete("/commands/{offering:str}", opt={"roles": ["instructor"]}, status_code=200)
async def delete_command(offering: FromPath[str]) -> dict[str, Any]:
    return {"erased": offering}


@pytest.fixture
async def gallery(tmp_path: Path) -> AsyncIterator[Client]:
    """All components, for instructors, and a command."""
    settings = Settings(data_dir=tmp_path)
    commands = Router("/", route_handlers=[post_command, delete_command])
    shown = Service(name="gallery", routes=(SHELL.router([get_gallery]), commands))
    app = create_app([shown, pages.service()], settings, TokenVerifier(settings), ready={})
    async with connection_to(app, raises=False) as connection:
        yield Client(connection, DevelopmentIssuer(tmp_path), by="instructor", subject="ines")


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Any]:
    async with chromium() as opened:
        yield opened
