"""From a figure to the list of those behind it: the address that an answer carries beside it."""

from typing import get_args
from urllib.parse import urlencode

from milepost.dashboards.projections.funnel.stages import Departure
from milepost.dashboards.queries.course_progress import Stage
from milepost.dashboards.queries.lists.enrollments import LessonCounted
from milepost.dashboards.queries.offering_page import BUCKETS


def learners_behind(offering: str, **filters: str | int | bool) -> str:
    """The enrollments of an offering that these filters leave."""
    wanted = {"offering": offering, **filters}
    told = {name: "true" if value is True else value for name, value in wanted.items()}
    return f"/dashboards/enrollments?{urlencode(told)}"


def links_of_offering(offering: str) -> dict[str, str]:
    """By the name of the figure."""
    stages = {one: learners_behind(offering, stage=one) for one in get_args(Stage)}
    gone = {one: learners_behind(offering, departure=one) for one in get_args(Departure)}
    current = {
        "current": learners_behind(offering, current=True),
        "verified": learners_behind(offering, current=True, mode="verified"),
    }
    return {**stages, **current, **gone}


def links_of_activity(offering: str) -> dict[str, str]:
    return {
        "active": learners_behind(offering, current=True, active=True),
        "current": learners_behind(offering, current=True),
        "completed": learners_behind(offering, stage="completed", began=True),
    }


def links_of_lesson(offering: str, lesson: str) -> dict[str, str]:
    return {
        one: learners_behind(offering, lesson=lesson, lesson_state=one)
        for one in get_args(LessonCounted)
    }


def links_of_scores(offering: str, lesson: str) -> list[str]:
    """One for each part of 0 to 1."""
    return [
        learners_behind(offering, lesson=lesson, score_bucket=number) for number in range(BUCKETS)
    ]
