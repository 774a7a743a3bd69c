"""The largest documents that may be asked for do not hold up everybody else."""

from typing import Any

import pytest
from tests.clients import School
from tests.loop_lag import loop_free

from milepost.contracts.ids import enrollment_id

LESSONS = 2_000
PREREQUISITES = 40  # as many as a body of 1 MiB has room for


def plan(weight: float) -> dict[str, Any]:
    names = [f"l-{number:04d}" for number in range(LESSONS)]
    return {
        "title": "Everything",
        "passing_rule": {"passing_grade": 0.5, "drop_lowest": 3},
        "lessons": [
            {
                "id": name,
                "title": f"Lesson {name}",
                "weight": weight,
                "prerequisites": names[max(0, number - PREREQUISITES) : number],
            }
            for number, name in enumerate(names)
        ],
    }


@pytest.mark.parametrize(
    "path",
    [
        "/enrollment/courses/DATA-101",
        "/enrollment/courses/DATA-101/versions/2/diff",
        f"/progress/enrollments/{enrollment_id('spring', 'ana')}",
    ],
)
async def test_the_largest_plan_is_shown_beside_the_others(whole_school: School, path: str):
    school = whole_school
    for weight in (1.0, 2.0):
        published = await school.publish(plan=plan(weight))
        assert published.status_code == 201, published.text
    await school.open(plan=plan(2.0), version=2)
    assert (await school.enroll("ana")).status_code == 201
    await school.policies_hear()
    await school.get(path)  # what is done once only: the plan is read, the token is looked at
    async with loop_free():
        answer = await school.get(path)
    assert answer.status_code == 200
    assert len(answer.content) > 150_000
