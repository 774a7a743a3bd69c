"""22,000 statements of real video players, as reports: in any order the same standing."""

import gzip
import random
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
from tests.oulad.conftest import SHARED

from milepost.contracts.rules.learning.lesson_state import milliseconds
from milepost.contracts.rules.learning.plan import LessonRule, plan_of
from milepost.contracts.rules.learning.progress import Progress
from milepost.progress.domain.decisions import open_progress, report
from milepost.progress.domain.reports import Progressed
from milepost.progress.domain.state import PROGRESS, evolve

EXTENSIONS = "https://w3id.org/xapi/video/extensions/"
OPENED = datetime(2021, 11, 1, tzinfo=UTC)
MOST_AT_ONCE = 40


class Watched(NamedTuple):
    learner: str
    session: str
    report: Progressed


@pytest.fixture(scope="module")
def watched() -> list[Watched]:
    """In the order in which they came."""
    file = SHARED / "data" / "xapi-video" / "statements.json.gz"
    if not file.is_file():
        pytest.skip(f"no {file}: MILEPOST_SHARED names the folder that has it")
    return list(_with_times(_statements(file)))


def _statements(file: Path) -> list[Any]:
    with gzip.open(file) as lines:
        return [msgspec.json.decode(line) for line in lines]


def _with_times(statements: list[Any]) -> Iterator[Watched]:
    """From `played` to the `paused` that comes next in the session, time was spent."""
    spent: dict[str, float] = {}
    by_time = sorted(statements, key=lambda one: str(one["timestamp"]))
    playing: dict[tuple[str, str], datetime] = {}
    for one in by_time:
        verb, at = one["verb"]["id"].rpartition("/")[2], datetime.fromisoformat(one["timestamp"])
        key = one["context"]["extensions"][f"{EXTENSIONS}session-id"], one["object"]["id"]
        since = playing.pop(key, None)
        if verb == "played":
            playing[key] = at
        elif verb == "paused" and since:
            spent[one["id"]] = (at - since).total_seconds()
    for one in statements:
        told = one.get("result", {}).get("extensions", {})
        resume = told.get(f"{EXTENSIONS}time-to", told.get(f"{EXTENSIONS}time"))
        yield Watched(
            one["actor"]["account"]["name"],
            one["context"]["extensions"][f"{EXTENSIONS}session-id"],
            Progressed(
                id=one["id"],
                lesson=one["object"]["id"],
                occurred_at=datetime.fromisoformat(one["timestamp"]),
                progress=told.get(f"{EXTENSIONS}progress"),
                seconds_spent=spent.get(one["id"], 0.0),
                resume_at=None if resume is None else str(resume),
            ),
        )


def standings(watched: list[Watched], dice: random.Random) -> dict[tuple[str, str], Any]:
    """What each learner is told of each video, when all have been heard in calls of any size."""
    sent: dict[str, list[Progressed]] = defaultdict(list)
    for one in watched:
        sent[one.learner].append(one.report)
    videos = sorted({one.report.lesson for one in watched})
    rules = plan_of("films", 1, [LessonRule(id=video) for video in videos])
    told: dict[tuple[str, str], Any] = {}
    for learner, reports in sent.items():
        state = _opened(learner)
        for call in _cut(reports, dice):
            reported = report(state, rules, call)
            assert set(reported.answers) <= {"accepted", "duplicate"}
            for event in reported.events:
                evolve(state, event)
        told |= {(learner, video): one for video, one in state.lessons.items()}
    return told


def _cut(reports: list[Progressed], dice: random.Random) -> Iterator[list[Progressed]]:
    begin = 0
    while begin < len(reports):
        end = begin + dice.randint(1, MOST_AT_ONCE)
        yield reports[begin:end]
        begin = end


def _opened(learner: str) -> Progress:
    state = PROGRESS.initial()
    pinned: dict[str, Any] = {
        "offering": "films-2021",
        "course": "films",
        "version": 1,
        "at": OPENED,
    }
    for event in open_progress(state, enrollment=learner, learner=learner, **pinned):
        evolve(state, event)
    return state


@pytest.mark.timeout(180)
def test_video_players_are_heard_in_any_order_and_cut_anyhow(watched: list[Watched]) -> None:
    assert len(watched) == 22_000
    dice = random.Random(22_000)
    forwards = sorted(watched, key=lambda one: one.report.occurred_at)
    shuffled = dice.sample(watched, len(watched))
    twice = dice.sample(watched, len(watched)) + dice.sample(watched, 2_000)
    as_they_came = standings(watched, dice)
    for order in (forwards, forwards[::-1], shuffled, twice):
        assert standings(order, dice) == as_they_came
    assert {pair: summary(one) for pair, one in as_they_came.items()} == computed(watched)


def summary(one: Any) -> tuple[Any, ...]:
    mark = one.bookmark and one.bookmark.position
    return one.started_at, one.progress, one.milliseconds, mark


def computed(watched: list[Watched]) -> dict[tuple[str, str], tuple[Any, ...]]:
    """Plainly: the first moment, the highest progress, the sum of the times, the last position."""
    by_pair: dict[tuple[str, str], list[Progressed]] = defaultdict(list)
    for one in watched:
        by_pair[one.learner, one.report.lesson].append(one.report)
    found = {}
    for pair, reports in by_pair.items():
        marks = [(one.occurred_at, one.id, one.resume_at) for one in reports if one.resume_at]
        found[pair] = (
            min(one.occurred_at for one in reports),
            max(one.progress or 0.0 for one in reports),
            sum(milliseconds(one.seconds_spent) for one in reports),
            max(marks)[2] if marks else None,
        )
    return found
