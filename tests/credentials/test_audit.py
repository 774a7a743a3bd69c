"""The auditor: what the policies did has no difference, and each planted one is found."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
from tests.credentials.campus import EVENTS, TENANT, Campus, graded
from tests.credentials.scenes import day

from milepost.contracts.achievements import CoursePassed
from milepost.contracts.records import CredentialAccepted, CredentialAwarded
from milepost.credentials.domain.achievements.definition import Definition
from milepost.credentials.domain.audit.differences import Difference


@pytest.fixture
async def campus() -> AsyncIterator[Campus]:
    async with graded() as campus:
        yield campus


def said(found: tuple[int, list[Difference]]) -> list[tuple[str, str, str, str]]:
    return [(one.learner, one.achievement, one.kind, one.because) for one in found[1]]


async def test_what_the_policies_did_has_no_difference_in_one_pass_or_many(campus: Campus):
    assert await campus.audit() == (6, [])
    assert await campus.audit(most_bytes=2_000) == (6, [])


async def test_an_award_cut_out_is_found_with_what_decides_and_so_is_what_rested_on_it(
    campus: Campus,
):
    badge, program = await campus.places("credential_awarded", "l2")
    cut = await campus.without(badge)
    _, found = await cut.audit()
    missing, resting = found
    assert (missing.learner, missing.achievement, missing.kind) == ("l2", "badge", "missing")
    assert missing.because == "not_awarded"
    [decides] = missing.decided_by
    [completed] = await cut.log.read(TENANT, decides - 1, 1)
    assert (completed.type, completed.stream) == ("course_completed", "progress-AAA-l2")
    assert missing.condition is not None
    assert missing.condition.holds
    assert said((0, [resting])) == [("l2", "program", "unearned", "never_earned")]
    assert resting.position == program


async def test_one_award_too_many_is_found_whoever_it_was_given_to(campus: Campus):
    badge = (await campus.places("credential_awarded", "l1"))[0]
    award = EVENTS.read((await campus.log.read(TENANT, badge - 1, 1))[0])
    unearned = CredentialAwarded(**{**_facts(award), "learner": "fell", "achievement": "exam"})
    again = CredentialAwarded(**{**_facts(award), "credential": str(uuid4())})
    await campus.append("record-fell", unearned)
    await campus.append("record-l1", again)
    assert said(await campus.audit()) == [
        ("fell", "exam", "unearned", "never_earned"),
        ("l1", "badge", "twice", "held_already"),
    ]


def _facts(event: Any) -> dict[str, Any]:
    return {name: getattr(event, name) for name in event.__struct_fields__}


async def test_a_flag_cut_out_is_found(campus: Campus):
    [flag] = await campus.places("credential_flagged", "fell")
    cut = await campus.without(flag)
    assert said(await cut.audit()) == [("fell", "badge", "unearned", "fell_unflagged")]


async def test_what_is_not_noted_yet_and_what_was_defined_later_say_so(campus: Campus):
    await campus.completes("new")
    await campus.define("late", Definition(name="late", criteria=CoursePassed(course="BBB")))
    late = [(f"l{number}", "late", "missing", "defined_later") for number in range(4)]
    new = ("new", "badge", "missing", "not_noted")
    assert said(await campus.audit()) == [*late, new]


async def test_what_happened_to_a_credential_that_nobody_awarded_is_found(campus: Campus):
    accepted = CredentialAccepted(
        credential="c", learner="l0", achievement="exam", occurred_at=day(9)
    )
    await campus.append("record-l0", accepted)
    assert said(await campus.audit()) == [("l0", "exam", "unknown", "award_missing")]
