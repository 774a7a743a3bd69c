"""A school with a credential whose page is looked at."""

import re
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from tests.clients import School, school_of

from milepost.contracts.achievements import (
    AchievementDefined,
    AllOf,
    CoursePassed,
    EuropeanElements,
)
from milepost.contracts.courses import CoursePublished, Lesson, Skill
from milepost.contracts.records import CredentialAwarded, Evidence
from milepost.credentials.app import service
from milepost.credentials.domain.achievements.achievement import ACHIEVEMENT
from milepost.credentials.domain.achievements.criteria_warnings import COURSE
from milepost.credentials.domain.records.awards import RECORD
from milepost.credentials.public import held
from milepost.credentials.public.api import routes
from milepost.credentials.public.app import public_on
from milepost.events.commands.transact import Transactor
from milepost.events.store.memory import MemoryLog
from milepost.web.room import Context, Service
from milepost.web.settings import Settings

BASE = "https://school.example"
ANA: Mapping[str, Any] = {"by": "learner", "subject": "ana"}
DEFINED = AchievementDefined(
    achievement="data-analyst",
    version=1,
    name="Data analyst <of> year one",
    names={"de": "Datenanalyst"},
    description="Reads data & tells what they say.",
    narrative="Two courses and an exam.",
    criteria=AllOf(
        criteria=(CoursePassed(course="DATA-101", min_grade=0.6), CoursePassed(course="SQL"))
    ),
    skills=(
        Skill(name="data analysis", url="http://data.europa.eu/esco/skill/1", framework="ESCO"),
    ),
    european=EuropeanElements(
        learning_outcomes=("Cleans a data set.",), workload_hours=60, ects=2, eqf_level=5
    ),
    occurred_at=datetime(2026, 1, 5, tzinfo=UTC),
)


class Pages(School):
    """A school with one credential of Ana's; its clock stands until it is moved."""

    now = datetime(2026, 6, 1, 12, tzinfo=UTC)
    names: dict[str, str]

    async def happens(self, stream: Any, *events: Any) -> None:
        await self.transactor.transact(self.tenant, stream, lambda _: list(events))

    async def award(self, credential: str = "c-1", **facts: Any) -> str:  # type: ignore[override]
        event = {
            "learner": "ana",
            "achievement": "data-analyst",
            "achievement_version": 1,
            "issuer_name": "School of Data",
            "evidence": (Evidence(position=7, course="DATA-101", grade=0.875),),
            "valid_from": datetime(2026, 3, 4, tzinfo=UTC),
            "occurred_at": datetime(2026, 3, 4, tzinfo=UTC),
            **facts,
        }
        await self.happens(RECORD.of("ana"), CredentialAwarded(credential=credential, **event))
        return credential

    async def define(self, **facts: Any) -> None:  # type: ignore[override]
        fields = {name: getattr(DEFINED, name) for name in DEFINED.__struct_fields__}
        definition = AchievementDefined(**{**fields, **facts})
        await self.happens(ACHIEVEMENT.of(definition.achievement), definition)

    async def share(self, credential: str = "c-1", kind: str = "public", **facts: Any) -> str:
        path = f"/credentials/learners/ana/credentials/{credential}/shares"
        answer = await self.post(path, {"kind": kind, **facts}, **ANA)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["address"]).removeprefix(BASE)

    async def steps(self, kind: Any, on: datetime, **facts: Any) -> None:
        about = {"credential": "c-1", "learner": "ana", "achievement": "data-analyst"}
        await self.happens(RECORD.of("ana"), kind(**about, occurred_at=on, **facts))

    async def read(self, address: str = "/c/c-1", **headers: str) -> Any:
        """As a browser: without a token."""
        asked = {"Accept": "text/html", **{k.replace("_", "-"): v for k, v in headers.items()}}
        return await self.connection.get(address, headers=asked)

    async def text(self, address: str = "/c/c-1", **headers: str) -> str:
        """What a reader sees, tags left out."""
        answer = await self.read(address, **headers)
        assert answer.status_code == 200, answer.text
        body = re.sub(r"<(script|style|head)\b.*?</\1>", "", answer.text, flags=re.DOTALL)
        return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())


@pytest.fixture
async def school(tmp_path: Path) -> AsyncIterator[Pages]:
    settings, log = Settings(data_dir=tmp_path, public_url=BASE), MemoryLog()
    transactor, names = Transactor(log), {"ana": "Ana Ćirić"}

    async def find(credential: str) -> tuple[str, str] | None:
        recorded = await log.read("default", limit=10_000)
        awarded = (RECORD.codec.read(one) for one in recorded if one.type == "credential_awarded")
        known = {
            one.credential: one.learner for one in awarded if isinstance(one, CredentialAwarded)
        }
        return ("default", known[credential]) if credential in known else None

    async def name(tenant: str, learner: str) -> str | None:
        return names.get(learner) if tenant == "default" else None

    nowhere: Any = None  # nothing is asked of the database
    context = Context(transactor, settings, nowhere, clock=lambda: Pages.now, personal_name=name)
    made = public_on(context, find)
    pages = Service(name="pages", routes=(routes(made), held.routes(made)))
    services = [service(context), pages]
    async with school_of(services, transactor, settings) as opened:
        school = Pages(opened.connection, opened.issuer, transactor, services)
        school.names = names
        await school.define()
        await school.happens(
            COURSE.of("DATA-101"),
            CoursePublished(
                course="DATA-101",
                version=1,
                title="Reading data",
                titles={"de": "Daten lesen"},
                lessons=(Lesson(id="a", title="A"),),
                occurred_at=DEFINED.occurred_at,
            ),
        )
        yield school
    await transactor.close()
