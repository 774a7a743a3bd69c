"""What staff decide, over HTTP; and a lesson's attempts, with who decided what about them."""

from datetime import timedelta

import pytest
from msgspec.structs import replace
from tests.progress.conftest import COURSE, ENROLLMENT
from tests.progress.given import OPENED, lesson, minute, opened, plan, scored
from tests.progress.test_progress_http import PATH, TEACHER, problem, results

from milepost.contracts.courses import LatePolicy, Lesson, PassingRule
from milepost.contracts.progress import PlanMigrated
from milepost.events.commands.transact import Contended
from milepost.progress.api.wiring import by_that_plan

QUIZ = Lesson(
    id="quiz",
    title="Quiz",
    kind="quiz",
    weight=1,
    attempts_allowed=3,
    due_day=1,
    late=LatePolicy(percent_per_day=50),
)
LATE = replace(
    COURSE,
    lessons=(QUIZ, Lesson(id="end", title="End", prerequisites=("quiz",))),
    passing_rule=PassingRule(passing_grade=0.6),
    deadline_resets=1,
)
ATTEMPTS, WAIVERS = f"{PATH}/lessons/quiz/attempts", f"{PATH}/waivers"
RESET = f"{PATH}/deadlines/reset"
REGRADED = {"raw": 18, "maximum": 20, "reason": "regraded"}


async def decided(answer):
    response = await answer
    assert response.status_code == 200, response.text
    assert int(response.headers["Milepost-Position"]) > 0
    return response.json()


async def test_staff_revise_a_score_and_its_history_names_who_to_staff_alone(school):
    await school.begin(LATE)
    await results(school, scored("quiz", 0.5, at=1, id="a"), scored("quiz", 0.7, at=2, id="b"))
    for key in ("k", "k", None):
        standing = await decided(school.post(f"{ATTEMPTS}/1/score", REGRADED, key=key, **TEACHER))
        assert standing["changed"] is (key == "k")
    other = {"score": 0.8, "reason": "appeal"}
    await decided(school.post(f"{ATTEMPTS}/1/score", other, by="registrar", subject="rita"))
    seen = (await school.get(ATTEMPTS, **TEACHER)).json()
    assert (seen["due_at"], seen["waived"], seen["waivers"]) == ("2026-02-02T09:00:00Z", False, [])
    first, second = seen["attempts"]
    assert [
        (one["before"], one["after"], one["reason"], one["by"]) for one in first["revisions"]
    ] == [
        (0.5, 0.9, "regraded", "ines"),
        (0.9, 0.8, "appeal", "rita"),
    ]
    assert (first["given"], first["score"], first["effective"]) == (0.5, 0.8, 0.8)
    assert (first["counts"], first["why_not"]) == (True, None)
    assert (second["attempt"], second["counts"], second["why_not"]) == (2, False, "not_the_best")
    told = await school.get(ATTEMPTS)
    assert "ines" not in told.text
    assert told.json()["attempts"][0]["revisions"][1]["reason"] == "appeal"
    assert told.headers["ETag"] != (await school.get(ATTEMPTS, **TEACHER)).headers["ETag"]


async def test_staff_waive_a_lesson_and_withdraw_it(school):
    await school.begin(LATE)
    illness = {"lesson": "quiz", "reason": "illness"}
    assert (await decided(school.post(WAIVERS, illness, **TEACHER)))["changed"]
    done = await results(school, scored("quiz", 0.2, at=1, id="a"))
    assert done == [{"id": "a", "outcome": "accepted"}]
    seen = (await school.get(ATTEMPTS)).json()
    assert (seen["waived"], seen["attempts"][0]["why_not"]) == (True, "lesson_waived")
    for _ in range(2):
        path = f"{WAIVERS}/quiz?reason=mistake"
        answer = school.ask("DELETE", path, key="k", **TEACHER)
        assert (await decided(answer))["changed"]
    again = await school.ask("DELETE", f"{WAIVERS}/quiz?reason=mistake", **TEACHER)
    assert problem(again, 409, "not_waived")["lesson"] == "quiz"
    [waiver] = (await school.get(ATTEMPTS, **TEACHER)).json()["waivers"]
    at = waiver["waived_at"]
    assert waiver == {
        "reason": "illness",
        "waived_at": at,
        "by": "ines",
        "withdrawn_at": at,
        "withdrawal_reason": "mistake",
        "withdrawn_by": "ines",
    }


async def test_a_waiver_that_completes_the_course_says_so(school):
    await school.begin(replace(LATE, lessons=(QUIZ,)))
    standing = await decided(
        school.post(WAIVERS, {"lesson": "quiz", "reason": "illness"}, **TEACHER)
    )
    assert standing["completed_at"] is not None
    assert (standing["final_grade"], standing["passing"]) == (None, True)


async def test_a_learner_resets_the_deadlines_once_and_staff_for_a_reason(school, calendar):
    await school.begin(LATE)
    calendar.now = minute(3 * 24 * 60)
    await results(school, scored("quiz", 0.8, at=3 * 24 * 60 - 1, id="a"))
    [late] = (await school.get(ATTEMPTS)).json()["attempts"]
    assert (late["late"], late["effective"]) == (True, 0.0)
    assert (await school.get(PATH)).json()["deadline_resets_left"] == 1
    assert (await decided(school.post(RESET)))["changed"]
    assert (await school.get(PATH)).json()["deadline_resets_left"] == 0
    [late] = (await school.get(ATTEMPTS)).json()["attempts"]
    assert (late["late"], late["effective"]) == (False, 0.8)
    assert not (await decided(school.post(RESET)))["changed"]
    calendar.now += timedelta(days=9)
    assert not (await decided(school.post(RESET)))["changed"]  # what was due is done
    problem(await school.post(RESET, **TEACHER), 422, "reason_missing")
    reason = {"reason": "illness"}
    assert (await decided(school.post(RESET, reason, **TEACHER)))["changed"]


@pytest.mark.parametrize(
    ("path", "body", "status", "name"),
    [
        (WAIVERS, {"lesson": "nowhere", "reason": "illness"}, 404, "unknown_lesson"),
        (WAIVERS, {"lesson": "quiz", "reason": "She was ill"}, 400, "malformed_request"),
        (WAIVERS, {"lesson": "quiz"}, 400, "malformed_request"),
        (f"{ATTEMPTS}/2/score", REGRADED, 404, "unknown_attempt"),
        (f"{ATTEMPTS}/0/score", REGRADED, 400, "malformed_request"),
        (f"{PATH}/lessons/nowhere/attempts/1/score", REGRADED, 404, "unknown_lesson"),
        (f"{ATTEMPTS}/1/score", {**REGRADED, "raw": 21}, 400, "malformed_request"),
        (f"{ATTEMPTS}/1/score", {"reason": "regraded"}, 400, "malformed_request"),
        (f"{ATTEMPTS}/1/score", {"score": 1.1, "reason": "regraded"}, 400, "malformed_request"),
    ],
)
async def test_what_makes_no_sense_is_refused(school, path, body, status, name):
    await school.begin(LATE)
    problem(await school.post(path, body, **TEACHER), status, name)


async def test_learners_decide_none_of_it_and_see_their_own_attempts_only(school):
    await school.begin(LATE)
    for path, body in (
        (WAIVERS, {"lesson": "quiz", "reason": "illness"}),
        (f"{ATTEMPTS}/1/score", REGRADED),
    ):
        problem(await school.post(path, body), 403, "role_missing")
    problem(await school.ask("DELETE", f"{WAIVERS}/quiz?reason=x"), 403, "role_missing")
    problem(await school.get(ATTEMPTS, subject="eve"), 404, "unknown_enrollment")
    problem(await school.post(RESET, subject="eve"), 404, "unknown_enrollment")
    problem(await school.get(f"{PATH}/lessons/nowhere/attempts"), 404, "unknown_lesson")
    assert (await school.get(f"{PATH}/lessons/end/attempts")).json() == {
        "enrollment": ENROLLMENT,
        "lesson": "end",
        "due_at": None,
        "waived": False,
        "attempts": [],
        "waivers": [],
    }


async def test_who_instructs_elsewhere_is_no_more_than_a_learner_of_their_own_enrollment(
    school, calendar
):
    exam = Lesson(id="exam", title="Exam", kind="exam", due_day=1)
    await school.begin(replace(LATE, lessons=(QUIZ, exam)))
    both = {"subject": "ada", "by": ("learner", "instructor")}
    [own, of_exam] = await results(school, scored("quiz", 0.5, id="a"), scored("exam", 1.0), **both)
    assert own["outcome"] == "accepted"
    assert of_exam["problem"]["type"] == "urn:milepost:problem:score_not_yours"
    await decided(school.post(f"{ATTEMPTS}/1/score", REGRADED, **TEACHER))
    for asked in (
        school.post(WAIVERS, {"lesson": "quiz", "reason": "illness"}, **both),
        school.ask("DELETE", f"{WAIVERS}/quiz?reason=mistake", **both),
        school.post(f"{ATTEMPTS}/1/score", {"score": 1.0, "reason": "regraded"}, **both),
    ):
        problem(await asked, 404, "unknown_enrollment")
    assert "ines" not in (await school.get(ATTEMPTS, **both)).text
    calendar.now += timedelta(days=9)
    missed = await school.post(RESET, {"reason": "illness"}, **both)
    assert missed.json()["changed"]
    calendar.now += timedelta(days=9)
    missed = await school.post(RESET, {"reason": "illness"}, **both)
    assert problem(missed, 409, "no_deadline_reset_left")["deadline_resets"] == 1


def test_nothing_is_decided_by_a_plan_that_the_enrollment_has_left():
    moved = PlanMigrated(enrollment="e-1", version=4, before=3, reason="new", occurred_at=OPENED)
    decide = by_that_plan(plan(lesson("quiz")), lambda state: len(state.gaps))
    assert decide(opened()) == 0
    with pytest.raises(Contended):
        decide(opened(moved))
