"""Instructors are assigned to offerings; what is another offering's is not there for them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import pytest

from milepost.contracts.ids import enrollment_id
from milepost.contracts.offerings import (
    INSTRUCTORS,
    InstructorAssigned,
    InstructorRemoved,
    Instructors,
    OfferingOpened,
)
from milepost.enrollment.domain.offering.instructors import (
    MAX_INSTRUCTORS,
    TooManyInstructors,
    assign,
    remove,
)
from milepost.enrollment.domain.offering.offering import Offering, UnknownOffering

MAY = datetime(2026, 5, 4, tzinfo=UTC)
SPRING = Offering(OfferingOpened(offering="spring", course="X", version=1))
FACTS: Mapping[str, Any] = {"offering": "spring", "instructor": "ines", "occurred_at": MAY}
# What identity providers call people.
HARD = ("auth0|5f7c8ec7", "ines@example.org", "Inés Núñez", "a%2Fb?c#d;e", "*", ">", "x" * 255)


def after(*events):
    state = Instructors()
    for one in events:
        state = INSTRUCTORS.evolve(state, one)
    return state


def path(subject, offering="spring"):
    return f"/enrollment/offerings/{offering}/instructors/{quote(subject, safe='')}"


def test_who_is_assigned_teaches_until_removed():
    (assigned,) = assign(SPRING, Instructors(), **FACTS)
    assert assigned == InstructorAssigned(**FACTS)
    teaching = after(assigned)
    assert assign(SPRING, teaching, **FACTS) == []
    (removed,) = remove(SPRING, teaching, **FACTS)
    assert removed == InstructorRemoved(**FACTS)
    assert remove(SPRING, after(assigned, removed), **FACTS) == []
    assert assign(SPRING, after(assigned, removed), **FACTS) == [assigned]


def test_nobody_teaches_what_is_unknown_and_no_more_than_so_many_anything():
    full = Instructors(tuple(f"i{number}" for number in range(MAX_INSTRUCTORS)))
    for decide in (assign, remove):
        with pytest.raises(UnknownOffering):
            decide(Offering(), full, **FACTS)
    with pytest.raises(TooManyInstructors):
        assign(SPRING, full, **FACTS)
    assert assign(SPRING, full, **{**FACTS, "instructor": "i7"}) == []
    assert len(remove(SPRING, full, **{**FACTS, "instructor": "i7"})) == 1


async def test_whatever_somebody_is_called_they_are_assigned_and_see_their_own(school):
    await school.open()
    await school.enroll("ana")
    own = f"/enrollment/enrollments/{enrollment_id('spring', 'ana')}"
    for number, subject in enumerate(HARD):
        whose = {"by": "instructor", "subject": subject}
        unknown = await school.get(own[:-1] + ("e" if own[-1] == "f" else "f"), **whose)
        hidden = await school.get(own, **whose)
        assert hidden.status_code == unknown.status_code == 404
        assert hidden.json()["type"] == unknown.json()["type"]
        expected = {"offering": "spring", "instructor": subject, "assigned": True}
        for _ in range(2):
            answer = await school.ask("PUT", path(subject))
            assert (answer.status_code, answer.json()) == (200, expected)
        assert (await school.get(own, **whose)).status_code == 200
        listed = (await school.get("/enrollment/offerings/spring/instructors", **whose)).json()
        assert listed == {"offering": "spring", "instructors": [*HARD[: number + 1]]}
        # A step on it is not theirs to take, whoever's it is.
        answer = await school.post(f"{own}/suspend", {"reason": "x"}, **whose)
        assert (answer.status_code, answer.json()["type"].rpartition(":")[2]) == (
            403,
            "role_missing",
        )
    for subject in HARD:
        for _ in range(2):
            answer = await school.ask("DELETE", path(subject))
            assert (answer.status_code, answer.json()["assigned"]) == (200, False)
        gone = await school.get(own, by="instructor", subject=subject)
        assert gone.status_code == 404
    assert (await school.get(own, by=["instructor", "operator"])).status_code == 200


async def test_nobody_is_assigned_to_what_is_not_there_or_by_themselves(school):
    answer = await school.ask("PUT", path("ines"))
    assert (answer.status_code, answer.json()["type"]) == (
        404,
        "urn:milepost:problem:unknown_offering",
    )
    await school.open()
    for role in ("learner", "instructor", "issuer", "operator"):
        answer = await school.ask("PUT", path("ines"), by=role, subject="ines")
        assert answer.status_code == 403
    for subject in ("x" * 256, "a/b", "a\nb"):
        assert (await school.ask("PUT", path(subject))).status_code in (400, 404)
    listing = {"by": "instructor", "subject": "ines"}
    foreign = await school.get("/enrollment/offerings/spring/instructors", **listing)
    missing = await school.get("/enrollment/offerings/summer/instructors", **listing)
    assert foreign.status_code == missing.status_code == 404
    assert foreign.json()["type"] == missing.json()["type"]
