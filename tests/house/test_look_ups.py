"""Many in one read: each item is answered as it would be alone, whoever asks."""

from collections.abc import Mapping
from typing import Any

import pytest
from tests.clients import School
from tests.house.test_idempotency import key_dir, one_school, pool, school
from tests.house.test_not_yours import LOOK_UPS, theirs

from milepost.contracts.ids import enrollment_id

__all__ = ["key_dir", "one_school", "pool", "school", "theirs"]  # fixtures

ANA: Mapping[str, Any] = {"by": "learner", "subject": "ana"}
ALONE = {
    "/progress/enrollments": ("enrollment", "/progress/enrollments/{}"),
    "/credentials/learners": ("learner", "/credentials/learners/{}/record"),
    "/enrollment/offerings": ("offering", "/enrollment/offerings/{}"),
}


async def asked_alone(school: School, path: str, one: str, who: Mapping[str, Any]) -> Any:
    answer = await school.get(ALONE[path][1].format(one), **who)
    body = answer.json()
    if answer.status_code == 200:
        return {"id": one, "found": body}
    kept = {name: value for name, value in body.items() if name not in {"instance", "correlation"}}
    return {"id": one, "problem": kept}


@pytest.mark.parametrize("who", [ANA, {}, {"by": "auditor"}, {"by": "learner", "subject": "zoe"}])
async def test_each_is_answered_as_it_would_be_alone(
    school: School, theirs: Mapping[str, str], who: Mapping[str, Any]
):
    await school.policies_hear()
    ids = {
        "enrollment": [theirs["enrollment"], enrollment_id("x", "y"), "no enrollment"[:2]],
        "learner": ["ana", "zoe"],
        "offering": ["spring", "winter"],
    }
    for path, (name, _) in ALONE.items():
        several = [*ids[name], ids[name][0]]
        answer = await school.get(path, **who, **{name: several})
        assert answer.status_code == 200, answer.text
        alone = [await asked_alone(school, path, one, who) for one in ids[name]]
        assert answer.json() == {"results": alone}
        etag = answer.headers["etag"]
        again = await school.get(path, **who, **{name: several}, etag=etag)
        assert again.status_code == 304


async def test_nobody_asks_for_too_many_or_for_what_is_no_id(school: School):
    assert {f"GET {path}" for path in ALONE} == LOOK_UPS
    for path, (name, _) in ALONE.items():
        assert (await school.get(path)).json() == {"results": []}
        hundred = await school.get(path, **{name: [f"x{n}" for n in range(100)]})
        assert len(hundred.json()["results"]) == 100
        for wrong in ([f"x{n}" for n in range(101)], ["a b"], [""]):
            assert (await school.get(path, **{name: wrong})).status_code == 400, wrong
