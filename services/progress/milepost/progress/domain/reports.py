"""What a front end reports about a lesson, and the conditions under which that is refused."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Annotated, Final, Literal, TypeAlias

import msgspec
from msgspec.structs import replace

from milepost.contracts.ids import PRINTABLE
from milepost.contracts.times import Moment
from milepost.events.event import Conflicting, Forbidden, Unknown

ReportId: TypeAlias = Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern=PRINTABLE)]
# No slash: it parts the client from the id.
Client: TypeAlias = Annotated[
    str, msgspec.Meta(pattern=r"^[!-.0-~]{1,64}(?![\s\S])", description="Without blanks or slashes")
]
Position: TypeAlias = Annotated[str, msgspec.Meta(max_length=512, pattern=PRINTABLE)]
Fraction: TypeAlias = Annotated[float, msgspec.Meta(ge=0, le=1)]
Seconds: TypeAlias = Annotated[float, msgspec.Meta(ge=0, le=10_000_000)]
Clicks: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=10_000_000)]


class LessonReport(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What each report says. One `client` never gives the same `id` to two of them.

    Give further fields a default: then the digests of what was reported before stay as they are.
    """

    id: ReportId
    lesson: str
    occurred_at: Moment
    client: Client | None = None


class Started(LessonReport, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="started"):
    """The lesson was opened."""


class Progressed(
    LessonReport, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="progressed"
):
    """`progress` is 0 to 1 of the lesson; time and clicks are what came since the last report."""

    progress: Fraction | None = None
    seconds_spent: Seconds = 0.0
    clicks: Clicks = 0
    resume_at: Position | None = None


class Completed(
    LessonReport, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="completed"
):
    """The lesson was done to its end."""


class Scored(LessonReport, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="scored"):
    """One attempt: `score` scaled 0 to 1, or `raw` of `maximum`, from which it is computed.

    Raises `ValueError` when neither is there, or the score is not within 0 and 1.
    """

    score: float | None = None
    raw: float | None = None
    maximum: float | None = None

    def __post_init__(self) -> None:
        if self.score is None:
            if self.raw is None or self.maximum is None:
                raise ValueError("give a score, or raw and maximum")
            if not self.maximum > 0:
                raise ValueError("maximum must be above 0")
        if not 0 <= self.scaled <= 1:
            raise ValueError("the score must be within 0 and 1")

    @property
    def scaled(self) -> float:
        if self.score is not None:
            return self.score
        assert self.raw is not None
        assert self.maximum is not None
        return self.raw / self.maximum


Backdating: TypeAlias = Literal[
    "device_was_offline", "system_was_away", "done_on_paper", "done_elsewhere", "correction"
]
Report: TypeAlias = Started | Progressed | Completed | Scored

DIGEST_BYTES: Final = 6
_canonical: Final = msgspec.json.Encoder()


def digest_of(one: Report) -> str:
    """Tells the same report from another one: 12 hexadecimal digits, the same for ever."""
    return blake2b(_canonical.encode(one), digest_size=DIGEST_BYTES).hexdigest()


def identified(one: Report, client: str | None) -> Report:
    """With the id that it has in the log: `client/id`, where a client is named."""
    client = one.client or client
    return one if client is None else replace(one, id=f"{client}/{one.id}", client=None)


@dataclass
class UnknownEnrollment(Unknown):
    enrollment: str


@dataclass
class UnknownPlan(Unknown):
    """The course has no such version."""

    course: str
    version: int


@dataclass
class UnknownLesson(Unknown):
    lesson: str


@dataclass
class NotEnrolled(Conflicting):
    """It happened outside the enrollment, or there is no seat yet; use `continues_as`, if any.

    `continues_as`: the enrollment in another run of the course to send it to, after a transfer.
    """

    enrolled_at: datetime | None = None
    closed_at: datetime | None = None
    continues_as: str | None = None


@dataclass
class NotOpenYet(Conflicting):
    """The learner is enrolled, but progress has not been opened in time: send it again."""

    enrollment: str


@dataclass
class ReportIdReused(Conflicting):
    """The id came before with other content: number anew, or name the `client`."""

    report: str


@dataclass
class LessonLocked(Conflicting):
    """Lessons that come first are `missing`: send the report again when they are done."""

    lesson: str
    missing: tuple[str, ...]


@dataclass
class AttemptsExhausted(Conflicting):
    """All attempts allowed were used at or before the time of this one."""

    lesson: str
    attempts_allowed: int


@dataclass
class TooManyAttempts(Conflicting):
    """So many attempts at one lesson are kept, whatever the course allows."""

    lesson: str
    kept: int


@dataclass
class AlreadyJudged(Conflicting):
    """The first attempt counts, and was judged: staff alone report an earlier one."""

    lesson: str
    judged_at: datetime


@dataclass
class TooLongAgo(Conflicting):
    """Learners report so far back and no further; staff may, and give a `reason`."""

    occurred_at: datetime
    earliest: datetime


@dataclass
class CompletionNotYours(Forbidden):
    """Staff alone complete this lesson: they score it, or the course says so."""

    lesson: str
    kind: str


@dataclass
class ScoreNotYours(Forbidden):
    """Learners report the scores of quizzes; assignments and exams are scored by staff."""

    lesson: str
    kind: str
