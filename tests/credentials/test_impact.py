"""Impact: told before it is published, and then exactly that is what publishing and applying do."""

from collections.abc import AsyncIterator
from functools import partial

import pytest
from tests.credentials.campus import TENANT, Campus, graded
from tests.credentials.scenes import day

from milepost.contracts.achievements import AchievementHeld, CoursePassed, LessonScored
from milepost.credentials.domain.achievements.definition import Definition
from milepost.credentials.domain.records.awards import RECORD, award_if_earned
from milepost.credentials.domain.refusals import CircularCriteria, UnknownAchievement
from milepost.credentials.queries.impact import Impact, ImpactQuestion, impact
from milepost.events.event import Refused


@pytest.fixture
async def campus() -> AsyncIterator[Campus]:
    """l0 to l3 have 0.5, 0.6, 0.8 and 0.95 in both courses; l0 holds the badge by hand."""
    async with graded() as campus:
        yield campus


CIRCULAR = Definition(name="b", criteria=AchievementHeld(achievement="program"))


def badge(min_grade: float) -> Definition:
    return Definition(name="badge", criteria=CoursePassed(course="AAA", min_grade=min_grade))


async def ask(campus: Campus, code: str, definition: Definition | None = None) -> Impact:
    return await impact(
        campus.log, TENANT, ImpactQuestion(achievement=code, definition=definition), at=day(20)
    )


def who(told: Impact) -> dict[str, str]:
    return {one.learner: one.effect for one in told.affected}


async def test_a_harder_definition_names_who_would_not_have_earned_it_and_takes_nothing(
    campus: Campus,
):
    told = await ask(campus, "badge", badge(0.9))
    assert who(told) == {"l1": "loses", "l2": "loses"}
    assert (told.judged, told.gain, told.lose, told.version) == (6, 0, 2, 2)
    [one] = [one for one in told.affected if one.learner == "l2"]
    assert (one.condition.because, one.condition.grade) == ("grade_too_low", 0.8)
    assert one.credential


async def test_what_an_easier_one_would_award_is_what_publishing_and_evaluating_awards(
    campus: Campus,
):
    new = Definition(name="exam", criteria=LessonScored(course="AAA", lesson="exam", min_score=0.7))
    told = await ask(campus, "exam", new)
    assert who(told) == {"l2": "gains", "fell": "gains", "revoked": "gains"}
    await campus.define("exam", new)
    assert who(await ask(campus, "exam")) == who(told)
    catalog = await campus.catalog()
    for learner in who(told):
        decide = partial(
            award_if_earned, catalog=catalog, learner=learner, achievement="exam", at=day(20)
        )
        outcome = await campus.transactor.transact(TENANT, RECORD.of(learner), decide)
        assert [event.type for event in outcome.events] == ["credential_awarded"]
    assert who(await ask(campus, "exam")) == {}


async def test_what_rests_on_it_follows(campus: Campus):
    await campus.completes("low", grade=0.4)
    await campus.completes("low", "BBB", grade=0.4)
    await campus.settle()
    told = await ask(campus, "badge", badge(0.4))
    assert {one.learner: one.follows for one in told.affected} == {"low": ("program",)}


async def test_pages_say_what_one_answer_says(campus: Campus):
    whole = await ask(campus, "badge", badge(0.9))
    question = ImpactQuestion(achievement="badge", definition=badge(0.9), limit=2)
    pages = [await impact(campus.log, TENANT, question, at=day(20))]
    while cursor := pages[-1].next:
        question = ImpactQuestion(
            achievement="badge", definition=badge(0.9), limit=2, cursor=cursor
        )
        pages.append(await impact(campus.log, TENANT, question, at=day(20)))
    assert [one for page in pages for one in page.affected] == whole.affected
    assert [page.judged for page in pages] == [2, 2, 2]


@pytest.mark.parametrize(
    ("code", "definition", "refusal"),
    [
        ("nothing", None, UnknownAchievement),
        ("badge", CIRCULAR, CircularCriteria),
    ],
)
async def test_what_could_not_be_published_is_refused(
    campus: Campus, code: str, definition: Definition | None, refusal: type[Refused]
):
    with pytest.raises(refusal):
        await ask(campus, code, definition)
