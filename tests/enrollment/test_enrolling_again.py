"""Enrolling again: a suspension outlives the stay, and another mode is not passed over."""

import pytest
from tests.enrollment.test_http import problem
from tests.enrollment.test_http_steps import BASICS, SAFETY, award, recorded

from milepost.contracts.ids import enrollment_id

OWN = {"by": "learner", "subject": "ana"}
ANA = enrollment_id("spring", "ana")


@pytest.mark.parametrize("back", ["reinstated", "enrolled by the registrar"])
async def test_a_suspended_learner_does_not_come_back_by_leaving(school, back):
    await school.open()
    assert (await school.enroll("ana", **OWN)).status_code == 201
    assert (await school.step(ANA, "suspend", {"reason": "misconduct"})).status_code == 200
    if back == "reinstated":
        assert (await school.step(ANA, "reinstate")).status_code == 200
    assert (await school.withdraw(ANA, **OWN)).status_code == 200
    if back != "reinstated":
        refused = problem(await school.enroll("ana", **OWN), 409, "already_suspended")
        assert refused["reason"] == "misconduct"
        path = "/enrollment/offerings/spring/enrollments/preview"
        preview = (await school.post(path, {"learner": "ana"}, **OWN)).json()
        assert [one["remedy"] for one in preview["obstacles"]] == ["ask_the_registrar"]
        assert (await school.enroll("ana")).status_code == 201
        assert (await school.withdraw(ANA, **OWN)).status_code == 200
    assert (await school.enroll("ana", **OWN)).status_code == 201


async def test_who_is_in_is_told_of_another_mode(school):
    await school.open()
    assert (await school.enroll("ana", facts={"mode": "audit"})).status_code == 201
    wanted = {"learner": "ana", "mode": "verified"}
    refused = problem(await school.enroll("ana", facts=wanted), 409, "mode_differs")
    assert (refused["enrollment"], refused["mode"]) == (ANA, "audit")
    path = "/enrollment/offerings/spring/enrollments/preview"
    preview = (await school.post(path, wanted)).json()
    assert [one["remedy"] for one in preview["obstacles"]] == ["change_the_mode"]
    assert (await school.step(ANA, "mode", {"mode": "verified"})).status_code == 200
    assert (await school.enroll("ana", facts=wanted)).status_code == 200
    assert (await school.enroll("ana")).status_code == 200
    problem(await school.enroll("ana", facts={"mode": "audit"}), 409, "mode_differs")


async def test_who_has_asked_is_told_of_another_mode_and_keeps_it_unless_told(school):
    await school.open(approval=True, prerequisites=[SAFETY, BASICS])
    wanted = {"learner": "ana", "mode": "verified"}
    asked = (await school.enroll("ana", facts=wanted)).json()
    assert (asked["state"], asked["mode"]) == ("requested", "verified")
    problem(await school.enroll("ana", facts={"mode": "audit"}), 409, "mode_differs")
    path = "/enrollment/offerings/spring/enrollments/preview"
    preview = (await school.post(path, {"learner": "ana", "mode": "audit"})).json()
    assert [one["remedy"] for one in preview["obstacles"]] == ["change_the_mode"]
    await recorded(school, "ana", award("ana"))
    again = (await school.enroll("ana")).json()
    assert (again["state"], again["mode"]) == ("requested", "verified")
    assert (await school.happened()).count("enrollment_requested") == 2
