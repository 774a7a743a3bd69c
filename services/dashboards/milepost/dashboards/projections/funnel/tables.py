"""The tables of the funnel: offerings, their members, their lessons, and the plans they go by."""

import msgspec

from milepost.contracts.courses import CoursePublished
from milepost.contracts.enrollments import LearnerEnrolled
from milepost.contracts.progress import PlanMigrated
from milepost.dashboards.projections.funnel.stages import Member
from milepost.events.projections.read_model import EventKey, Key, StreamKey, Table


class OfferingRow(msgspec.Struct):
    """`waitlisted` ever, `waiting` now; `seated` now, with the seats held on offer.

    `enrolled`: had a seat, less who was `transferred`, `deferred` or `canceled` since, which are
    counted beside; `ever_enrolled` with these. `current`: of those enrolled, who has not left;
    `verified`: of the current, by the mode of today. `withdrawn` and `expired`: of those enrolled,
    gone now; `ever_withdrawn` also who came back. `started` to `completed`: of those enrolled;
    `completed_verified`: of the verified. `credentials`: awards whose evidence names the offering,
    revoked ones included; `awarded`: enrollments on which a credential rests that stands, also
    of who was moved: whoever reads it takes these off.
    `graded`: of those completed, who have a grade; `grade_units`: the sum of their grades, in
    billionths.
    """

    offering: str
    waitlisted: int = 0
    waiting: int = 0
    seated: int = 0
    ever_enrolled: int = 0
    enrolled: int = 0
    current: int = 0
    verified: int = 0
    withdrawn: int = 0
    ever_withdrawn: int = 0
    transferred: int = 0
    deferred: int = 0
    expired: int = 0
    canceled: int = 0
    started: int = 0
    reached_25: int = 0
    reached_50: int = 0
    reached_75: int = 0
    completed: int = 0
    completed_verified: int = 0
    awarded: int = 0
    credentials: int = 0
    lessons_completed: int = 0
    attempts: int = 0
    visits: int = 0
    clicks: int = 0
    graded: int = 0
    grade_units: int = 0


class LessonRow(msgspec.Struct):
    """A lesson in an offering, counting those enrolled: who began it, who has done it.

    `unfinished` began and have not done it. `scored` have a score that counts, `score_units` is
    the sum in billionths; `s0` to `s9`: by tenths of the score.
    """

    offering: str
    lesson: str
    started: int = 0
    done: int = 0
    unfinished: int = 0
    scored: int = 0
    score_units: int = 0
    s0: int = 0
    s1: int = 0
    s2: int = 0
    s3: int = 0
    s4: int = 0
    s5: int = 0
    s6: int = 0
    s7: int = 0
    s8: int = 0
    s9: int = 0


class PlanRow(msgspec.Struct):
    """`plan`: what was published, as JSON. A version never changes."""

    course: str
    version: str
    plan: str = ""


def plan_key_of(event: CoursePublished | LearnerEnrolled | PlanMigrated) -> Key | None:
    return (event.course, str(event.version)) if event.course else None


def plan_key_in(member: Member) -> Key | None:
    return (member.course, str(member.version)) if member.course else None


OFFERINGS = Table("offering_summary", OfferingRow, ("offering",))
MEMBERS = Table(
    "offering_member",
    Member,
    ("enrollment",),
    StreamKey(frozenset({"progress", "enrollment"})),
    ("offering, learner",),  # the gradebook
    weight=8,
)
COURSE_PLANS = Table(
    "course_plan",
    PlanRow,
    ("course", "version"),
    EventKey(frozenset({CoursePublished, LearnerEnrolled, PlanMigrated}), plan_key_of),
    linked=(MEMBERS, plan_key_in),
    weight=100,
)
LESSONS = Table("offering_lesson", LessonRow, ("offering", "lesson"))
