"""The plan that an enrollment is pinned to, read once from the course's stream."""

import msgspec
import pytest
from tests.progress.conftest import COURSE

from milepost.contracts.courses import Lesson
from milepost.contracts.rules.learning.course_plan import pinned
from milepost.progress.domain.reports import UnknownPlan
from milepost.progress.plan_cache import PlanCache


def test_all_that_progress_needs_of_a_lesson_is_pinned():
    lesson = Lesson(
        id="quiz",
        title="Quiz",
        kind="quiz",
        required=False,
        weight=2,
        move_on="Passed",
        mastery_score=0.5,
        attempts_allowed=3,
        counts="last",
        prerequisites=("intro",),
        completed_by="staff",
    )
    rule = pinned(msgspec.structs.replace(COURSE, lessons=(lesson,))).lessons["quiz"]
    for name in rule.__struct_fields__:
        assert getattr(rule, name) == getattr(lesson, name), name


async def test_a_plan_is_read_once_and_is_of_its_version(school, log, monkeypatch):
    await school.write(COURSE)
    await school.write(msgspec.structs.replace(COURSE, version=4, lessons=()))
    plans = PlanCache(log)
    third = await plans.get("north", "rust", 3)
    assert (third.version, len(third.lessons), third.passing_grade) == (3, 4, 0.5)
    monkeypatch.setattr(log, "read_stream", None)
    assert await plans.get("north", "rust", 3) is third


async def test_the_plans_kept_are_bounded_and_the_one_used_longest_ago_goes(school, log):
    for version in (1, 2, 3):
        await school.write(msgspec.structs.replace(COURSE, version=version))
    plans = PlanCache(log, cache_size=2)
    first = await plans.get("north", "rust", 1)
    second = await plans.get("north", "rust", 2)
    assert await plans.get("north", "rust", 1) is first
    await plans.get("north", "rust", 3)
    assert await plans.get("north", "rust", 1) is first
    assert await plans.get("north", "rust", 2) is not second


async def test_a_version_that_is_not_in_the_log_is_unknown(school, log):
    await school.write(COURSE)
    for tenant, course, version in [("north", "rust", 9), ("north", "go", 3), ("south", "rust", 3)]:
        with pytest.raises(UnknownPlan):
            await PlanCache(log).get(tenant, course, version)
