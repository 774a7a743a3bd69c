"""The story of an enrollment: every event of its streams in words, in every language."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from msgspec.structs import replace

from milepost.contracts.enrollments import EnrollmentWithdrawn, LearnerEnrolled
from milepost.contracts.progress import (
    AttemptScored,
    CarriedAttempt,
    CarriedLesson,
    LessonProgressed,
    LessonWaived,
    ProgressCarriedOver,
    ScoreRevised,
)
from milepost.dashboards.pages.teaching import api
from milepost.dashboards.pages.teaching.events_of_enrollment import EVENTS
from milepost.dashboards.pages.teaching.timeline import Happened, timeline
from milepost.dashboards.pages.teaching.words import sentence
from milepost.dashboards.pages.teaching.work import work_at
from milepost.events.event import Event
from milepost.events.log import Recorded
from milepost.events.metadata import Metadata
from milepost.pages.locales import Locales

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
WHO: dict[str, Any] = {"enrollment": "e", "learner": "ann", "offering": "spring"}
LOCALES = Locales(api.HERE / "catalogs").all()
ENGLISH = LOCALES[0]
TITLES = {"quiz": "A quiz"}


def recorded(
    *events: Event, actor: str | None = "ann", delay: timedelta = timedelta(0)
) -> list[Recorded]:
    """A minute after each other, from position 1."""
    made = []
    for number, event in enumerate(events, 1):
        tag, data = EVENTS.encode(event)  # type: ignore[arg-type]
        at = AT + timedelta(minutes=number)
        made.append(
            Recorded(
                tenant="t",
                position=number,
                stream="progress-e",
                version=number,
                type=tag,
                data=data,
                metadata=Metadata(actor=actor).encode(),
                occurred_at=at,
                recorded_at=at + delay,
                event_id=uuid4(),
            )
        )
    return made


def words(story: Sequence[Happened]) -> list[str]:
    return [sentence(one, ENGLISH, TITLES) for one in story]


def visit(lesson: str) -> LessonProgressed:
    return LessonProgressed(lesson=lesson, report="r", clicks=3, seconds_spent=90.0)


@pytest.mark.parametrize("locale", LOCALES, ids=lambda one: one.language)
def test_every_event_has_words(locale):
    tags = {*EVENTS.classes, "visits"} - {"lesson_progressed"}
    assert [tag for tag in sorted(tags) if not locale.knows(f"event.{tag}")] == []


def test_events_are_told_with_their_facts():
    story = timeline(
        recorded(
            LearnerEnrolled(**WHO, course="DATA", version=2),
            AttemptScored(enrollment="e", lesson="quiz", report="r", attempt=1, score=0.5),
            EnrollmentWithdrawn(**WHO, course="DATA", reason="no_time"),
        ),
        "ann",
    )
    assert words(story) == [
        "Enrolled in spring: DATA, version 2 (audit)",
        "Attempt 1 at “A quiz”: 50 %",
        "Withdrew: no time",
    ]
    assert [one.by for one in story] == ["learner"] * 3


def test_visits_of_a_day_are_told_together():
    story = timeline(recorded(visit("quiz"), visit("quiz"), visit("x")), "ann")
    assert words(story) == ["Visited 2 lessons: 3 reports, 9 clicks, 4 min"]
    assert (story[0].first, story[0].last) == (1, 3)


def test_what_came_late_and_who_did_it_is_said():
    waived = LessonWaived(enrollment="e", lesson="quiz", reason="some_new_code")
    late = timeline(recorded(waived, actor="ines", delay=timedelta(days=2)), "ann")[0]
    assert (late.late, late.by, late.actor) == (True, "staff", "ines")
    assert words([late]) == ["“A quiz” was waived: some new code"]
    rule = timeline(recorded(waived, actor="policy/progress"), "ann")[0]
    assert (rule.late, rule.by, rule.actor) == (False, "rule", "progress")


def test_an_event_of_a_later_version_hides_nothing():
    later = replace(recorded(visit("quiz"))[0], type="lesson_dreamt", position=9)
    story = timeline([*recorded(visit("quiz")), later], "ann")
    assert words(story)[1] == "Something happened that this version has no words for: lesson dreamt"


def test_attempts_keep_what_was_given_and_who_revised_it():
    first = AttemptScored(
        enrollment="e", lesson="quiz", report="r", attempt=1, score=0.4, raw=4.0, maximum=10.0
    )
    revised = ScoreRevised(
        enrollment="e", lesson="quiz", attempt=1, score=0.8, before=0.4, reason="appeal"
    )
    brought = CarriedLesson(
        lesson="quiz", attempts=(CarriedAttempt(report="old", at=AT, score=0.9),), waived="illness"
    )
    carried = ProgressCarriedOver(enrollment="e", source="before", since=9, lessons=(brought,))
    happened = recorded(first, revised, carried, carried, visit("quiz"), actor="ines")
    work = work_at(happened)["quiz"]
    assert [(one.number, one.given, one.score) for one in work.attempts] == [
        (1, 0.4, 0.8),
        (2, 0.9, 0.9),
    ]
    assert [(one.after, one.reason, one.by) for one in work.attempts[0].revisions] == [
        (0.8, "appeal", "ines")
    ]
    assert work.waived == "illness"
