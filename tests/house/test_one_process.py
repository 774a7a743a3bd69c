"""Rooms that share a process read each other's streams, each in its own way."""

from tests.clients import School


async def test_a_credential_just_awarded_is_a_prerequisite_that_holds(whole_school: School):
    school = whole_school
    held = {"type": "achievement_held", "achievement": "badge"}
    course = {"type": "course_passed", "course": "NEXT"}
    await school.define("badge", {"name": "Badge", "criteria": course})
    await school.open(prerequisites=[held])
    assert (await school.enroll("ann")).json()["missing"] == [held]
    award = {"achievement": "badge", "reason": "prior_learning"}
    awarded = await school.post("/credentials/learners/ann/credentials", award)
    assert awarded.is_success, awarded.text
    entered = await school.enroll("ann")
    assert (entered.status_code, entered.json()["state"]) == (201, "enrolled")
    record = (await school.get("/credentials/learners/ann/record")).json()
    assert [one["achievement"] for one in record["credentials"]] == ["badge"]
    revoking = f"/credentials/learners/ann/credentials/{record['credentials'][0]['credential']}"
    assert (await school.post(f"{revoking}/revoke", {"reason": "error"})).status_code == 200
    await school.open("fall", prerequisites=[held])
    assert (await school.enroll("ann", "fall")).json()["missing"] == [held]


async def test_a_course_that_is_published_is_no_warning_any_more(whole_school: School):
    badge = {"name": "Badge", "criteria": {"type": "course_passed", "course": "NEXT"}}
    for published in (False, True):
        if published:
            assert (await whole_school.publish("NEXT")).status_code == 201
        warned = (await whole_school.define("badge", badge))["warnings"]
        assert [one["condition"] for one in warned] == ([] if published else ["unknown_course"])
