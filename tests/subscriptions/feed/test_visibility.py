"""Who is told of what: by role, by what is their own, and never of what is withheld."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from milepost.events.commands.transact import Transactor
from milepost.events.log import Command, NewEvent
from milepost.events.store.memory import MemoryLog
from milepost.subscriptions.selection import Selection
from milepost.subscriptions.visibility import Viewer, Visibility, may_change
from milepost.web.auth.tokens import Caller, RoleMissing

AT = datetime(2026, 5, 4, tzinfo=UTC)
EVERYTHING = ["service", "registrar", "issuer", "operator", "auditor"]


def caller(*roles: str, subject: str = "ann") -> Caller:
    return Caller(subject=subject, tenant="north", roles=frozenset(roles))


class School:
    def __init__(self) -> None:
        self.log = MemoryLog()
        self.visibility = Visibility(Transactor(self.log), Selection(self.log))
        self._versions: dict[str, int] = {}

    async def happens(self, stream: str, tag: str, **data: Any) -> None:
        event = NewEvent(
            stream=stream,
            type=tag,
            data=msgspec.json.encode({"type": tag, **data}),
            occurred_at=AT,
            event_id=uuid4(),
        )
        expects = ((stream, self._versions.get(stream, 0)),)
        self._versions[stream] = expects[0][1] + 1
        command = Command(command_id=uuid4(), expects=expects, events=(event,))
        await self.log.append("north", [command])

    async def told(self, *roles: str, subject: str) -> list[str]:
        viewer = Viewer.of(caller(*roles, subject=subject))
        events = await self.log.read("north")
        return [one.type for one in await self.visibility.visible(viewer, events)]


@pytest.fixture
async def school() -> School:
    school = School()
    await school.happens("course-sql", "course_published", course="sql", version=1)
    for offering, learner in (("spring", "ann"), ("autumn", "ben")):
        about = {"enrollment": f"e-{learner}", "learner": learner}
        await school.happens(f"offering-{offering}", "seat_taken", offering=offering, **about)
        await school.happens(
            f"enrollment-e-{learner}", "learner_enrolled", offering=offering, course="sql", **about
        )
        await school.happens(f"progress-e-{learner}", f"lesson_of_{learner}", lesson="a")
    return school


@pytest.mark.parametrize("role", EVERYTHING)
async def test_staff_are_told_of_all(school: School, role: str):
    assert len(await school.told(role, subject="zoe")) == 7


@pytest.mark.parametrize("roles", [(), ("janitor",)])
def test_without_a_role_there_is_nothing_to_be_told(roles: tuple[str, ...]):
    with pytest.raises(RoleMissing):
        Viewer.of(caller(*roles))


async def test_learners_are_told_of_themselves(school: School):
    own = ["seat_taken", "learner_enrolled", "lesson_of_ann"]
    assert await school.told("learner", subject="ann") == own
    assert await school.told("learner", subject="nobody") == []


async def test_instructors_are_told_of_what_they_teach_now(school: School):
    assert await school.told("instructor", subject="ines") == []
    teaches = {"offering": "autumn", "instructor": "ines"}
    await school.happens("instructors-autumn", "instructor_assigned", **teaches)
    own = ["seat_taken", "learner_enrolled", "lesson_of_ben"]
    assert own == (await school.told("instructor", subject="ines"))[:3]
    assert "lesson_of_ben" not in await school.told("learner", subject="ines")
    await school.happens("instructors-autumn", "instructor_removed", **teaches)
    assert await school.told("instructor", subject="ines") == []


async def test_who_learns_and_teaches_is_told_of_both(school: School):
    await school.happens(
        "instructors-autumn", "instructor_assigned", offering="autumn", instructor="ann"
    )
    told = await school.told("instructor", "learner", subject="ann")
    assert {"lesson_of_ann", "lesson_of_ben"} <= {*told}


@pytest.mark.parametrize(
    "withheld", [{"held_for_release": True}, {"embargo_until": "2026-06-01T00:00:00Z"}]
)
async def test_what_is_withheld_is_told_from_its_release_on(
    school: School, withheld: Mapping[str, Any]
):
    evidence = [{"course": "sql", "offering": "spring"}, {"course": "r", "offering": "autumn"}]
    named = {"credential": "c-1", "learner": "ann", "achievement": "badge"}
    await school.happens("record-ann", "credential_awarded", evidence=evidence, **named, **withheld)
    await school.happens("record-ann", "credential_flagged", **named)
    for offering in ("spring", "autumn"):
        await school.happens(
            f"instructors-{offering}", "instructor_assigned",
            offering=offering, instructor=f"of-{offering}",
        )  # fmt: skip
    assert not told_of_credentials(await school.told("learner", subject="ann"))
    assert len(told_of_credentials(await school.told("issuer", subject="zoe"))) == 2
    await school.happens("record-ann", "credential_released", **named)
    await school.happens("record-ann", "credential_revoked", **named)
    out = ["credential_released", "credential_revoked"]
    assert told_of_credentials(await school.told("learner", subject="ann")) == out
    # Where it was first earned.
    assert told_of_credentials(await school.told("instructor", subject="of-spring")) == out
    assert not told_of_credentials(await school.told("instructor", subject="of-autumn"))


def told_of_credentials(tags: list[str]) -> list[str]:
    return [tag for tag in tags if tag.startswith("credential_")]


@pytest.mark.parametrize(
    ("role", "subject", "theirs"),
    [
        ("service", "lms", True),
        ("service", "other", False),
        *((role, "zoe", True) for role in ("registrar", "issuer", "operator")),
    ],
)
def test_a_service_has_what_it_made_and_staff_have_all(role: str, subject: str, theirs: bool):
    assert may_change(caller(role, subject=subject), created_by="lms") is theirs
