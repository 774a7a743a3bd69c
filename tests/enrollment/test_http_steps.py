"""What can be asked of offerings and enrollments over HTTP, beyond enrolling and withdrawing."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from tests.enrollment.given import id_of
from tests.enrollment.test_http import KEY, hours_from_now, problem

from milepost.contracts.ids import enrollment_id
from milepost.contracts.records import CourseResultNoted, CredentialAwarded, CredentialRevoked
from milepost.events.codec import Codec
from milepost.events.ids import new_id
from milepost.events.log import Command, NewEvent

SAFETY = {"type": "achievement_held", "achievement": "safety"}
BASICS = {"type": "course_passed", "course": "DATA-100", "min_grade": 0.6}
NOW = datetime.now(UTC)


async def step(school, learner, name, body=None, offering="spring", **asked):
    path = f"/enrollment/enrollments/{enrollment_id(offering, learner)}/{name}"
    return await school.post(path, body or {}, **asked)


async def state(school, learner, offering="spring"):
    await school.policies_hear()
    path = f"/enrollment/enrollments/{enrollment_id(offering, learner)}"
    return (await school.get(path)).json()["state"]


async def preview(school, learner, **facts):
    body = {"learner": learner, **facts}
    asked = {"by": "learner", "subject": learner}
    answer = await school.post("/enrollment/offerings/spring/enrollments/preview", body, **asked)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def another(school, offering="autumn", **facts):
    body = {"course": "DATA-101", **facts}
    assert (await school.put(f"/enrollment/offerings/{offering}", body)).status_code == 201


async def recorded(school, learner, *events):
    stream = f"record-{learner}"
    version = len(await school.transactor.log.read_stream(school.tenant, stream))
    new = []
    for event in events:
        tag, data = Codec(type(event)).encode(event)
        new.append(NewEvent(stream=stream, type=tag, data=data, occurred_at=NOW, event_id=new_id()))
    command = Command(command_id=new_id(), expects=((stream, version),), events=tuple(new))
    await school.transactor.log.append(school.tenant, [command])


def result(learner, grade):
    return CourseResultNoted(
        learner=learner,
        course="DATA-100",
        version=1,
        offering="o",
        enrollment="e",
        grade=grade,
        position=1,
        occurred_at=NOW,
    )


def award(learner, until=None):
    return CredentialAwarded(
        credential=f"c-{learner}",
        learner=learner,
        achievement="safety",
        achievement_version=1,
        evidence=(),
        valid_from=NOW,
        valid_until=until,
        occurred_at=NOW,
    )


async def test_more_seats_are_offered_and_fewer_evict_nobody(school):
    await school.open(seats=1, offer_hours=24)
    for learner in ("ana", "ben", "cleo"):
        await school.enroll(learner)
    more = await school.ask("PATCH", "/enrollment/offerings/spring", {"seats": 2})
    assert (more.json()["seats"], more.json()["seats_offered"], more.json()["waiting"]) == (2, 1, 1)
    assert await state(school, "ben") == "offered"
    fewer = (await school.ask("PATCH", "/enrollment/offerings/spring", {"seats": 1})).json()
    assert (fewer["seats_taken"], fewer["seats_offered"]) == (1, 1)
    await school.withdraw(id_of("ana"))
    assert await state(school, "cleo") == "waitlisted"
    uncapped = await school.ask("PATCH", "/enrollment/offerings/spring", {"seats": None})
    assert problem(uncapped, 422, "offering_invalid")["faults"] == [
        {"path": "$.seats", "condition": "cap_comes_or_goes"}
    ]


async def test_an_offer_is_turned_down_and_passed_on_then_accepted(school):
    await school.open(seats=1, offer_hours=24)
    for learner in ("ana", "ben", "cleo"):
        await school.enroll(learner)
    problem(await step(school, "ben", "accept"), 409, "still_waiting")
    await school.withdraw(id_of("ana"))
    # The offering knows before the enrollment is told.
    assert (await step(school, "ben", "turn-down")).json()["state"] == "withdrawn"
    assert await state(school, "cleo") == "offered"
    problem(await school.withdraw(id_of("ben")), 409, "already_withdrawn")
    by = {"by": "learner", "subject": "cleo"}
    assert (await step(school, "cleo", "accept", **by)).json()["state"] == "enrolled"
    problem(await step(school, "cleo", "accept", **by), 409, "already_enrolled")
    assert await state(school, "cleo") == "enrolled"


async def test_a_canceled_offering_lets_everybody_go_and_they_move_together(school):
    await school.open(seats=2)
    for learner in ("ana", "ben", "cleo"):
        await school.enroll(learner)
    await another(school, seats=1)
    body = {"reason": "low_demand"}
    canceled = await school.post("/enrollment/offerings/spring/cancel", body)
    assert canceled.json()["cancellation_reason"] == "low_demand"
    assert await state(school, "ana") == await state(school, "cleo") == "canceled"
    problem(await school.enroll("dan"), 409, "offering_already_canceled")
    move = {"to": "autumn", "reason": "low_demand"}
    moved = (await school.post("/enrollment/offerings/spring/transfers", move)).json()
    assert moved["moved"] == 3
    assert [one["to"]["state"] for one in moved["results"]] == ["enrolled"] + ["waitlisted"] * 2
    again = (await school.post("/enrollment/offerings/spring/transfers", move)).json()
    assert [one["problem"]["type"] for one in again["results"]] == [
        "urn:milepost:problem:already_transferred"
    ] * 3


async def test_a_transfer_moves_both_ends_or_neither(school):
    await school.open(seats=1)
    await another(school, seats=1)
    await school.enroll("ana")
    await school.post("/enrollment/offerings/autumn/enrollments", {"learner": "ben"})
    move = {"to": "autumn", "reason": "moved_away"}
    before = await school.happened()
    problem(await step(school, "ana", "transfer", move), 409, "offering_full")
    own = {"to": "spring", "reason": "moved_away"}
    problem(await step(school, "ana", "transfer", own), 422, "same_offering")
    assert await school.happened() == before
    problem(await step(school, "ana", "transfer", move, by="learner"), 403, "role_missing")
    await school.ask("PATCH", "/enrollment/offerings/autumn", {"seats": 2})
    moved = await step(school, "ana", "transfer", move, key=KEY)
    again = await step(school, "ana", "transfer", move, key=KEY)
    assert moved.json() == again.json()
    assert moved.json()["enrollment"] == enrollment_id("autumn", "ana")
    assert (await school.get("/enrollment/offerings/spring")).json()["seats_taken"] == 0
    assert await state(school, "ana") == "transferred"


async def test_a_deferral_leads_to_a_later_run_of_the_same_course(school):
    await school.open(starts="2026-03-01T00:00:00Z")
    await another(school, starts="2026-09-01T00:00:00Z")
    await another(school, "earlier", starts="2026-01-01T00:00:00Z")
    await school.enroll("ana")
    early = {"to": "earlier", "reason": "illness"}
    problem(await step(school, "ana", "defer", early), 409, "not_a_later_run")
    later = await step(school, "ana", "defer", {"to": "autumn", "reason": "illness"})
    assert (later.json()["offering"], later.json()["state"]) == ("autumn", "enrolled")


async def test_requests_are_approved_or_declined(school):
    await school.open(seats=1, approval=True)
    for learner in ("ana", "ben", "cleo"):
        assert (await school.enroll(learner)).json()["state"] == "pending_approval"
    assert (await step(school, "ana", "approve")).json()["state"] == "enrolled"
    assert (await step(school, "ben", "approve")).json()["state"] == "waitlisted"
    declined = await step(school, "cleo", "decline", {"reason": "no_prior_training"})
    assert declined.json()["state"] == "declined"
    problem(await school.enroll("cleo"), 409, "already_declined")
    refused = await step(school, "ben", "approve", by="learner", subject="ben")
    problem(refused, 403, "role_missing")


async def test_an_invitation_is_for_one_address_once_and_for_a_while(school):
    await school.open(invitation_only=True)
    ana = {"by": "learner", "subject": "ana"}
    problem(await school.enroll("ana", **ana), 403, "invitation_required")
    body = {"email": "Ana@Example.org", "expires": hours_from_now(24)}
    sent = await school.post("/enrollment/offerings/spring/invitations", body)
    issued, where = sent.json(), sent.headers["location"]
    assert sent.headers["cache-control"] == "private, no-store"
    unused = {"invitation": issued["invitation"], "offering": "spring", "used_by": None}
    assert (await school.get(where)).json().items() >= {**unused, "revoked": False}.items()
    shown = {"invitation": issued["invitation"], "code": issued["code"]}
    other = {"invited": {**shown, "email": "ben@example.org"}}
    problem(await school.enroll("ana", facts=other, **ana), 403, "invitation_invalid")
    own = {"invited": {**shown, "email": " ana@example.ORG"}}
    assert (await school.enroll("ana", facts=own, **ana)).status_code == 201
    assert (await school.enroll("ana", facts=own, **ana)).status_code == 200
    ben = {"by": "learner", "subject": "ben"}
    problem(await school.enroll("ben", facts=own, **ben), 409, "invitation_already_used")
    assert (await school.get(where)).json()["used_by"] == enrollment_id("spring", "ana")
    problem(await school.get("/enrollment/invitations/none"), 404, "unknown_invitation")
    path = f"/enrollment/invitations/{issued['invitation']}/revoke"
    problem(await school.post(path), 409, "invitation_already_used")
    everything = [one.data for one in await school.transactor.log.read(school.tenant)]
    assert not any(b"example" in data.lower() for data in everything)
    assert not any(issued["code"].encode() in data for data in everything)


async def test_a_suspension_keeps_the_seat_until_the_reinstatement(school):
    await school.open(seats=1)
    await school.enroll("ana")
    suspended = await step(school, "ana", "suspend", {"reason": "fees_unpaid"})
    assert suspended.json()["state"] == "suspended"
    problem(await step(school, "ana", "mode", {"mode": "verified"}), 409, "already_suspended")
    assert (await school.enroll("ben")).json()["state"] == "waitlisted"
    assert (await step(school, "ana", "reinstate")).json()["state"] == "enrolled"
    problem(await step(school, "ana", "reinstate"), 409, "already_enrolled")


async def test_the_mode_is_changed_within_what_is_offered(school):
    await school.open()
    await school.enroll("ana")
    by = {"by": "learner", "subject": "ana"}
    changed = await step(school, "ana", "mode", {"mode": "verified"}, **by)
    assert changed.json()["mode"] == "verified"
    await another(school, modes=["audit"])
    move = {"to": "autumn", "reason": "moved_away"}
    problem(await step(school, "ana", "transfer", move), 409, "mode_not_offered")


async def test_prerequisites_come_from_the_learner_record(school):
    await school.open(prerequisites=[SAFETY, BASICS])
    refused = problem(await school.enroll("ana"), 409, "prerequisites_missing")
    assert refused["missing"] == [SAFETY, BASICS]
    await recorded(school, "ana", result("ana", 0.5), award("ana"))
    assert problem(await school.enroll("ana"), 409, "prerequisites_missing")["missing"] == [BASICS]
    await recorded(school, "ana", result("ana", 0.7))
    assert (await school.enroll("ana")).json()["state"] == "enrolled"
    revoked = CredentialRevoked(
        credential="c-ben", learner="ben", achievement="safety", reason="error", occurred_at=NOW
    )
    await recorded(school, "ben", result("ben", 0.9), award("ben"), revoked)
    assert problem(await school.enroll("ben"), 409, "prerequisites_missing")["missing"] == [SAFETY]
    await recorded(school, "cleo", result("cleo", 0.9), award("cleo", until=NOW))
    assert problem(await school.enroll("cleo"), 409, "prerequisites_missing")["missing"] == [SAFETY]


async def test_a_request_that_lacks_something_is_held_until_it_is_there(school):
    await school.open(prerequisites=[SAFETY], approval=True)
    assert (await school.enroll("ana")).json()["state"] == "requested"
    problem(await step(school, "ana", "approve"), 409, "prerequisites_missing")
    assert (await school.enroll("ana")).status_code == 200
    await recorded(school, "ana", award("ana"))
    assert (await school.enroll("ana")).json()["state"] == "pending_approval"


async def test_a_learner_is_in_so_many_limited_offerings_at_once(school):
    await school.open(parallel_limit=2)
    for offering in ("b", "c", "d"):
        await another(school, offering, parallel_limit=2, seats=5)
    body = {"learner": "ana"}
    await school.enroll("ana")
    await school.post("/enrollment/offerings/b/enrollments", body)
    refused = await school.post("/enrollment/offerings/c/enrollments", body)
    full = problem(refused, 409, "parallel_limit_reached")
    assert full["enrollments"] == [id_of("ana"), enrollment_id("b", "ana")]
    move = {"to": "c", "reason": "moved_away"}
    assert (await step(school, "ana", "transfer", move)).status_code == 200
    problem(await school.enroll("ana"), 409, "parallel_limit_reached")
    left = await step(school, "ana", "withdraw", {"reason": "no_time"}, offering="b")
    assert left.status_code == 200
    assert (await school.enroll("ana")).json()["state"] == "enrolled"


async def test_the_limit_holds_however_many_offerings_are_tried_at_once(school):
    await school.open()
    offerings = [f"o{number}" for number in range(12)]
    for offering in offerings:
        await another(school, offering, parallel_limit=3)
    paths = [f"/enrollment/offerings/{offering}/enrollments" for offering in offerings]
    answers = await asyncio.gather(*(school.post(p, {"learner": "ana"}) for p in paths))
    assert sorted(answer.status_code for answer in answers) == [201] * 3 + [409] * 9


async def test_what_ends_by_itself_frees_the_learner(school):
    await school.open(parallel_limit=1)
    await another(school, "b", parallel_limit=1)
    await school.enroll("ana")
    await school.post("/enrollment/offerings/spring/cancel", {"reason": "low_demand"})
    await school.policies_hear()
    await school.policies_hear()
    answer = await school.post("/enrollment/offerings/b/enrollments", {"learner": "ana"})
    assert answer.status_code == 201


async def test_time_ends_enrollments_when_the_offering_has_ended(school):
    ends = NOW + timedelta(days=10)
    await school.open(ends=ends.isoformat(), expires_days=5, seats=1)
    await school.enroll("ana")
    await school.enroll("ben")
    prolonged = ends + timedelta(days=1)
    await school.ask("PATCH", "/enrollment/offerings/spring", {"ends": prolonged.isoformat()})
    await school.time_comes(ends + timedelta(days=5))
    assert await state(school, "ana") == "enrolled"
    await school.time_comes(prolonged + timedelta(days=5))
    assert await state(school, "ana") == await state(school, "ben") == "expired"
    await school.policies_hear()
    offering = (await school.get("/enrollment/offerings/spring")).json()
    assert (offering["seats_taken"], offering["waiting"]) == (0, 0)


async def test_a_preview_says_what_would_come_or_everything_in_the_way(school):
    await school.open(
        seats=1,
        waitlist=False,
        window_closes="2026-01-20T00:00:00Z",
        modes=["audit"],
        prerequisites=[SAFETY],
        invitation_only=True,
        parallel_limit=1,
    )
    before = await school.happened()
    seen = await preview(school, "ana", mode="verified")
    assert (seen["possible"], seen["state"]) == (False, None)
    assert [
        (one["problem"]["type"].split(":")[-1], one["remedy"]) for one in seen["obstacles"]
    ] == [
        ("window_closed", "choose_another_offering"),
        ("mode_not_offered", "choose_another_mode"),
        ("invitation_required", "be_invited"),
        ("prerequisites_missing", "achieve_what_is_missing"),
    ]
    assert seen["obstacles"][3]["problem"]["missing"] == [SAFETY]
    assert await school.happened() == before


async def test_a_preview_tells_the_place_in_the_waitlist(school):
    await school.open(seats=1)
    assert (await preview(school, "ana"))["state"] == "enrolled"
    await school.enroll("ana")
    await school.enroll("ben")
    seen = await preview(school, "cleo")
    assert (seen["possible"], seen["state"], seen["place"]) == (True, "waitlisted", 2)
    there = await preview(school, "ben")
    assert (there["possible"], there["state"], there["place"]) == (True, "waitlisted", 1)


@pytest.mark.parametrize("name", ["approve", "suspend", "reinstate", "transfer", "defer"])
async def test_an_unknown_enrollment_goes_nowhere(school, name):
    body = {
        "suspend": {"reason": "x"},
        "transfer": {"to": "autumn", "reason": "x"},
        "defer": {"to": "autumn", "reason": "x"},
    }
    problem(await step(school, "ana", name, body.get(name)), 404, "unknown_enrollment")


async def test_an_offering_that_makes_no_sense_is_refused(school):
    await school.publish()
    body = {"course": "DATA-101", "expires_days": 3}
    refused = await school.put("/enrollment/offerings/spring", body)
    assert problem(refused, 422, "offering_invalid")["faults"] == [
        {"path": "$.expires_days", "condition": "without_ends"}
    ]
