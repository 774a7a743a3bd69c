"""Plans over HTTP: preview, migrate, what if; and work that goes along with a transfer."""

import msgspec
from tests.progress.conftest import COURSE, ENROLLED, ENROLLMENT, Fed
from tests.progress.given import minute, progressed, scored

from milepost.contracts.achievements import AchievementDefined, CoursePassed
from milepost.contracts.courses import PassingRule
from milepost.contracts.enrollments import EnrollmentTransferred, LearnerEnrolled
from milepost.contracts.progress import PlanMigrated
from milepost.events.commands.transact import Transactor
from milepost.progress.domain.state import PROGRESS

PATH = f"/progress/enrollments/{ENROLLMENT}"
NEXT_RUN = "9bd49296-3d37-554a-978b-2047720aab49"
STRICTER = msgspec.structs.replace(
    COURSE,
    version=4,
    lessons=tuple(
        msgspec.structs.replace(one, required=one.id == "exam") for one in COURSE.lessons
    ),
    passing_rule=PassingRule(passing_grade=0.9),
)
STAFF = {"by": "registrar", "subject": "office"}


async def report(school: Fed, *reports, enrollment=ENROLLMENT, **whose):
    body = {"reports": msgspec.to_builtins(reports)}
    answer = await school.post(f"/progress/enrollments/{enrollment}/reports", body, **whose)
    return answer.json()["results"]


async def begin(school: Fed):
    await school.begin()
    await school.write(STRICTER)
    await report(school, progressed("intro", at=1, progress=1.0, seconds_spent=60))
    await report(school, scored("quiz", 0.8, at=2), scored("exam", 0.8, at=3), **STAFF)
    return f"{PATH}/plan/preview?version=4"


async def test_a_learner_sees_what_a_migration_would_change_and_staff_alone_migrate(school):
    path = await begin(school)
    told = (await school.get(path)).json()
    assert (told["version"], told["to_version"]) == (3, 4)
    assert (told["grade_before"], told["grade_short"], told["missing"]) == (0.8, True, [])
    assert (await school.get(path, subject="ben")).status_code == 404
    unknown = await school.get(f"{PATH}/plan/preview?version=9")
    assert unknown.status_code == 404
    assert unknown.json()["type"].endswith("unknown_plan")
    body = {"version": 4, "reason": "corrected"}
    assert (await school.post(f"{PATH}/plan/migrate", body)).status_code == 403
    moved = await school.post(f"{PATH}/plan/migrate", body, **STAFF)
    expected = {"enrollment": ENROLLMENT, "version": 4, "changed": True}
    open_still = {"completed_at": None, "final_grade": None, "passing": None}
    assert moved.json() == expected | open_still
    again = await school.post(f"{PATH}/plan/migrate", body, **STAFF)
    assert again.json() == expected | open_still | {"changed": False}
    assert (await school.get(PATH)).json()["version"] == 4
    # From now on reports are judged by that version.
    await report(school, scored("quiz", 1.0, at=6), scored("exam", 1.0, at=7), **STAFF)
    assert (await school.get(PATH)).json()["final_grade"] == 1.0


async def test_what_another_process_has_migrated_is_reported_by_the_new_plan(school):
    await begin(school)
    another = Transactor(school.transactor.log)
    moved = PlanMigrated(
        enrollment=ENROLLMENT, version=4, before=3, reason="corrected", occurred_at=minute(5)
    )
    await another.transact(school.tenant, PROGRESS.of(ENROLLMENT), lambda _: [moved])
    await another.close()
    [told] = await report(school, scored("exam", 0.95, at=6), **STAFF)
    assert told["outcome"] == "accepted"
    assert (await school.get(PATH)).json()["version"] == 4


async def defer(school: Fed, at):
    """Both at once, as the enrollment service writes them."""
    there = msgspec.structs.replace(
        ENROLLED, enrollment=NEXT_RUN, offering="rust-2027", version=4, occurred_at=at
    )
    assert isinstance(there, LearnerEnrolled)
    await school.write(there)
    await school.write(
        EnrollmentTransferred(
            enrollment=ENROLLMENT,
            learner="ada",
            offering="rust-2026",
            course="rust",
            reason="illness",
            to=NEXT_RUN,
            to_offering="rust-2027",
            deferred=True,
            occurred_at=at,
        )
    )


async def test_a_device_that_was_offline_over_a_deferral_loses_nothing(school):
    await begin(school)
    await defer(school, minute(10))
    for _ in range(3):  # policies answer what policies have written
        await school.policies_hear()
    there = (await school.get(f"/progress/enrollments/{NEXT_RUN}")).json()
    assert (there["version"], there["grade"]["secured"]) == (4, 0.8)
    late = progressed("intro", at=5, seconds_spent=30)
    after = progressed("intro", at=20, seconds_spent=10)
    taken, refused = await report(school, late, after)
    assert (taken["outcome"], refused["outcome"]) == ("accepted", "refused")
    assert refused["problem"]["continues_as"] == NEXT_RUN
    [taken] = await report(school, after, enrollment=refused["problem"]["continues_as"])
    assert taken["outcome"] == "accepted"
    for _ in range(2):
        await school.policies_hear()
    there = (await school.get(f"/progress/enrollments/{NEXT_RUN}")).json()
    [intro] = [one for one in there["lessons"] if one["id"] == "intro"]
    assert intro["seconds_spent"] == 100.0


async def test_what_if_over_http_names_who_and_why(school):
    await begin(school)
    await report(school, {"type": "completed", "id": "c", "lesson": "intro", **AT})
    await report(school, {"type": "completed", "id": "d", "lesson": "loops", **AT})
    await school.write(
        AchievementDefined(
            achievement="rust-badge",
            version=1,
            name="Rust",
            criteria=CoursePassed(course="rust"),
            occurred_at=minute(1),
        )
    )
    ask = {"course": "rust", "changes": {"passing_grade": 0.9}}
    assert (await school.post("/progress/what-if", ask)).status_code == 403
    told = (await school.post("/progress/what-if", ask, **STAFF)).json()
    assert (told["judged"], told["lose_completion"], told["next"]) == (1, 1, None)
    [one] = told["affected"]
    assert (one["learner"], one["effect"], one["grade_before"]) == ("ada", "loses_completion", 0.8)
    events = await school.transactor.log.read("north")
    kinds = [events[position - 1].type for position in one["decided_by"]]
    assert kinds == ["attempt_scored"] * 2 + ["lesson_completed"] * 2
    assert one["credentials"] == {"earned": [], "unsupported": [], "undecided": []}
    for wrong in ({"lessons": {"nothing": {"weight": 1}}}, {}):
        body = {**ask, "changes": wrong, "to_version": None if wrong else 9}
        assert (await school.post("/progress/what-if", body, **STAFF)).status_code == 404
    bad = {"course": "rust", "changes": {"lessons": {"quiz": {"wieght": 1}}}}
    assert (await school.post("/progress/what-if", bad, **STAFF)).status_code == 400
    # What no course may be published with cannot be asked either.
    for late in ({"percent_per_day": 101}, {"percent_per_day": 1, "floor": 2}, {"percent": 5}):
        body = {"course": "rust", "changes": {"late": late}}
        assert (await school.post("/progress/what-if", body, **STAFF)).status_code == 400


AT = {"occurred_at": minute(9).isoformat()}
