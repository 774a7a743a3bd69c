"""Learners as the read models tell of them, for what their pages make of it."""

from datetime import UTC, datetime, timedelta
from typing import Any

from milepost.dashboards.queries.course_page import CourseLesson, CoursePage
from milepost.dashboards.queries.course_progress import CourseProgress, LessonName, NextLesson
from milepost.dashboards.queries.home import Home, HomeCredential, HomeEnrollment, Milestone

NOW = datetime(2026, 3, 4, 14, 3, tzinfo=UTC)
STAMP: dict[str, Any] = {"position": 1_207, "as_of": NOW, "etag": '"x"'}


def in_days(days: float) -> datetime:
    return NOW + timedelta(days=days)


def progress(**facts: Any) -> CourseProgress:
    usual: dict[str, Any] = {
        "lessons_done": 5,
        "lessons": 8,
        "percent_done": 62.5,
        "grade_so_far": 0.715,
        "passing_grade": 0.6,
        "needed_average": 0.42,
        "final_grade": None,
        "pace": "on_track",
        "overdue": [],
        "next_due_at": in_days(3),
        "next": NextLesson(
            lesson="joins",
            title="Joins and subqueries",
            kind="quiz",
            reason="due_soonest",
            due_at=in_days(3),
        ),
    }
    return CourseProgress(**{**usual, **facts})


def enrollment(name: str, title: str, state: str = "active", **facts: Any) -> HomeEnrollment:
    usual: dict[str, Any] = {
        "offering": f"{name}-spring",
        "course": name,
        "mode": "verified",
        "entered_at": in_days(-30),
        "ends": in_days(60),
        "last_activity": in_days(-1),
        "completed_at": None,
        "progress": progress(),
    }
    return HomeEnrollment(
        enrollment=f"e-{name}", course_title=title, state=state, **{**usual, **facts}
    )


def credential(name: str, status: str = "active", **facts: Any) -> HomeCredential:
    usual: dict[str, Any] = {"awarded_at": in_days(-200), "valid_until": in_days(30)}
    return HomeCredential(
        credential=f"c-{name}",
        learner="ana",
        achievement=name,
        achievement_name=name.title(),
        status=status,  # type: ignore[arg-type]
        **{**usual, **facts},
    )


LATE = progress(
    pace="behind",
    overdue=[LessonName("sets", "Sets and relations"), LessonName("keys", "Keys")],
    next=NextLesson(
        lesson="sets",
        title="Sets and relations",
        kind="text",
        reason="required",
        due_at=in_days(-2),
    ),
    next_due_at=in_days(-2),
    grade_so_far=None,
)
BUSY = Home(
    learner="ana",
    enrollments=[
        enrollment("sql", "Data and databases"),
        enrollment("maths", "مقدمة في الإحصاء", progress=LATE),
        enrollment("ethics", "Ethics <of> data", "suspended", progress=progress(next=None)),
        enrollment("python", "Python for analysts", "offered", progress=None),
        enrollment("ml", "Machine learning", "waitlisted", progress=None),
        enrollment(
            "old", "Spreadsheets", "completed", progress=progress(final_grade=0.91, next=None)
        ),
        enrollment("left", "Writing", "withdrawn", progress=None),
    ],
    credentials=[credential("spreadsheets"), credential("typing", "revoked", valid_until=None)],
    milestones=[
        Milestone(
            achievement="analyst",
            name="Data analyst, first level",
            met=3,
            criteria=5,
            course="sql",
            course_title="Data and databases",
        )
    ],
    **STAMP,
)
NEW = Home(learner="new", enrollments=[], credentials=[], milestones=[], **STAMP)


def lesson(name: str, title: str, status: str = "open", **facts: Any) -> CourseLesson:
    usual: dict[str, Any] = {
        "kind": "quiz",
        "required": True,
        "weight": 0.2,
        "locked_by": [],
        "unlocks": 0,
        "waived": False,
        "due_at": None,
        "overdue": False,
        "attempts": 0,
        "attempts_left": None,
        "score": None,
        "passed": None,
    }
    return CourseLesson(lesson=name, title=title, status=status, **{**usual, **facts})  # type: ignore[arg-type]


COURSE = CoursePage(
    enrollment="e-sql",
    learner="ana",
    offering="sql-spring",
    course="sql",
    course_version=1,
    course_title="Data and databases",
    mode="verified",
    state="active",
    entered_at=in_days(-30),
    started_at=in_days(-29),
    last_activity=in_days(-1),
    milliseconds_spent=5_400_000,
    completed_at=None,
    withdrawn_at=None,
    progress=progress(overdue=[LessonName("keys", "Keys")]),
    lessons=[
        lesson(
            "sets", "Sets and relations", "done", score=0.9, passed=True, attempts=1, weight=0.1
        ),
        lesson(
            "keys",
            "Keys",
            overdue=True,
            due_at=in_days(-2),
            attempts=2,
            attempts_left=1,
            score=0.3,
            passed=False,
            unlocks=2,
        ),
        lesson("joins", "Joins and subqueries", "started", due_at=in_days(3)),
        lesson("views", "Views", "locked", locked_by=[LessonName("keys", "Keys")]),
        lesson(
            "exam",
            "Exam",
            "locked",
            kind="exam",
            weight=0.5,
            due_at=in_days(40),
            locked_by=[LessonName("keys", "Keys"), LessonName("joins", "Joins and subqueries")],
        ),
        lesson("film", "A film", required=False, weight=0.0, waived=True),
    ],
    **STAMP,
)
