"""Figures, and those behind them: upgraded, deferred, come back; lessons, scores, home."""

import asyncio
import csv
import io
import json
from datetime import UTC, datetime, timedelta
from itertools import chain

import pytest
from tests.dashboards.desk import happens
from tests.dashboards.history import Life, achievable, offered, project, published, record

from milepost.contracts.achievements import AllOf, CoursePassed
from milepost.contracts.courses import Lesson, PassingRule
from milepost.dashboards.queries.offering_page import STAGES

COURSE = published(
    "ART",
    Lesson(id="x", title="Lines", titles={"de": "Linien"}),
    Lesson(id="y", title="Colors", kind="quiz", weight=1.0, prerequisites=("x",)),
    Lesson(id="z", title="Shapes", prerequisites=("y",)),
    Lesson(id="q", title="Light", required=False),
    passing_rule=PassingRule(passing_grade=0.5),
    titles={"de": "Kunst"},
)
ALL = dict.fromkeys(("transferred", "deferred", "expired", "canceled", "withdrawn"), 0)


def lives(*names: str, offering: str = "red") -> list[Life]:
    return [Life(offering, name) for name in names]


async def figures(desk, offering="red"):
    return (await desk.get(f"/dashboards/offerings/{offering}")).json()["offering"]


async def those(desk, offering="red", **wanted):
    query = {"offering": offering, "limit": 500, **wanted}
    rows = (await desk.get("/dashboards/enrollments", **query)).json()["enrollments"]
    return {row["learner"] for row in rows}


async def behind(desk, link):
    """How many the list has that a figure leads to."""
    return len((await desk.get(f"{link}&limit=500")).json()["enrollments"])


async def test_who_changes_the_mode_counts_by_the_mode_of_today(pool, tenant, desk):
    up, down = lives("ann", "ben"), lives("cat", "dan", "eve", offering="blue")
    await happens(
        *(pool, tenant, [offered("red"), offered("blue")]),
        *(one.enrolls() for one in up),
        *(one.changes_mode("verified") for one in up),
        *(one.enrolls("verified") for one in down),
        *(one.changes_mode("audit") for one in down),
    )
    for offering, verified in (("red", {"ann", "ben"}), ("blue", set())):
        shown = await figures(desk, offering)
        assert shown["verified"] == len(verified)
        assert await those(desk, offering, mode="verified", current=True) == verified
        assert shown["completed_of_verified"] == (0.0 if verified else None)


async def test_who_was_moved_is_counted_where_they_are(pool, tenant, desk):
    [ann, ben, cat], [there] = lives("ann", "ben", "cat"), lives("ann", offering="blue")
    await happens(
        *(pool, tenant, [offered("red"), offered("blue")]),
        *(one.enrolls("verified") for one in (ann, ben, cat)),
        ann.visits("x"),
        *(ann.moves(there, deferred=True), there.enrolls("verified")),
        *(ben.runs_out(), cat.completes(0.75)),
    )
    shown = await figures(desk)
    gone = ALL | {"deferred": 1, "expired": 1}
    known = {"ever_enrolled": 3, "enrolled": 2, "current": 1, "verified": 1, "started": 1}
    assert shown == shown | known | gone | {"completed": 1, "completed_of_enrolled": 0.5}
    assert await figures(desk, "blue") == await figures(desk, "blue") | ALL | {"verified": 1}
    assert await those(desk, departure="deferred") == {"ann"}
    assert await those(desk, stage="enrolled") == {"ben", "cat"}


async def test_awarded_is_of_those_enrolled(pool, tenant, desk):
    [ann, ben, cat], [there] = lives("ann", "ben", "cat"), lives("ann", offering="blue")
    await happens(
        *(pool, tenant, [COURSE, offered("red"), offered("blue")]),
        *(one.enrolls() for one in (ann, ben, cat)),
        *(step for one in (ann, cat) for step in (one.completes(), one.earns())),
        *(ann.moves(there), there.enrolls(), cat.withdraws()),
    )
    shown = (await desk.get("/dashboards/offerings/red")).json()
    counted = {one["stage"]: one for one in shown["stages"]}
    assert (shown["offering"]["awarded"], shown["offering"]["credentials"]) == (1, 2)
    assert shown["offering"]["awarded_of_enrolled"] == counted["awarded"]["of_enrolled"] == 0.5
    assert await those(desk, stage="awarded") == {"cat"}
    [run] = (await desk.get("/dashboards/offerings")).json()["offerings"][1:]
    assert (run["offering"], run["awarded"]) == ("red", 1)
    days = (await desk.get("/dashboards/offerings/red/days")).json()["days"]
    assert days[-1]["total_awarded"] == shown["offering"]["credentials"]
    await happens(pool, tenant, ben.moves(there), cat.comes_back(), cat.moves(there))
    shown = await figures(desk)
    assert (shown["enrolled"], shown["awarded"], shown["awarded_of_enrolled"]) == (0, 0, None)


async def test_who_completed_without_doing_anything_took_no_time(pool, tenant, desk):
    ann, ben = lives("ann", "ben")
    steps = [[COURSE, offered("red")], ann.enrolls(), ben.enrolls(), ann.visits("x")]
    await happens(pool, tenant, *steps, ann.completes(), ben.completes())
    shown = (await desk.get("/dashboards/offerings/red/activity")).json()
    time = shown["time_to_complete"]
    assert (await figures(desk))["completed"] == 2
    assert time["completed"] == await behind(desk, shown["links"]["completed"]) == 1
    assert time["median_days"] == time["p90_days"] > 0
    assert await those(desk, stage="completed", began=False) == {"ben"}


async def test_who_came_back_is_not_withdrawn(pool, tenant, desk):
    [jon] = lives("jon")
    await happens(pool, tenant, [offered("red")], jon.enrolls("verified"), jon.withdraws())
    assert (await figures(desk))["withdrawn_of_enrolled"] == 1.0
    assert (await figures(desk))["verified"] == 0
    await happens(pool, tenant, jon.comes_back("audit"), jon.completes(None))
    shown = await figures(desk)
    known = {"withdrawn": 0, "ever_withdrawn": 1, "current": 1, "verified": 0, "enrolled": 1}
    assert shown == shown | known | {"withdrawn_of_enrolled": 0.0, "completed_of_enrolled": 1.0}
    [row] = (await desk.get("/dashboards/enrollments", offering="red")).json()["enrollments"]
    assert (row["state"], row["withdrawn_at"], row["withdrawal_reason"]) == (
        "completed",
        None,
        None,
    )
    assert (row["stage"], row["departure"]) == ("completed", None)


def school():
    """Seven learners, each a step further; the last has gone, and the first is excused of x."""
    ann, ben, cat, dan, eve, fay, gus = lives("ann", "ben", "cat", "dan", "eve", "fay", "gus")
    steps = [
        [COURSE, offered("red")],
        *(one.enrolls() for one in (ann, ben, cat, dan, eve, fay, gus)),
        ann.is_excused("x"),
        ben.visits("x"),
        *(one.completes_lesson("x") for one in (cat, dan, eve, fay, gus)),
        *(one.attempts("y", score) for one, score in ((dan, 0.25), (eve, 0.5), (fay, 1.0))),
        *(one.completes_lesson("y") for one in (dan, eve, fay)),
        *(one.completes_lesson("z") for one in (eve, fay)),
        *(fay.completes(1.0), fay.earns(), gus.withdraws()),
    ]
    return list(chain(*steps))


async def test_each_figure_has_its_learners(pool, tenant, desk):
    await happens(pool, tenant, school())
    page = (await desk.get("/dashboards/offerings/red")).json()
    counts = {one["stage"]: one["learners"] for one in page["stages"]}
    assert counts == {
        "enrolled": 7,
        "started": 6,
        "reached_25": 5,
        "reached_50": 3,
        "reached_75": 2,
        "completed": 1,
        "awarded": 1,
    }
    for stage in STAGES:
        assert len(await those(desk, stage=stage)) == counts[stage] == page["offering"][stage]
    assert await those(desk, departure="withdrawn") == {"gus"}
    assert len(await those(desk, current=True)) == page["offering"]["current"] == 6
    for name, link in page["links"].items():
        assert await behind(desk, link) == page["offering"][name], name
    answer = await desk.get("/dashboards/offerings/red/lessons", language="de-CH")
    x, y, z, q = answer.json()["lessons"]
    assert (x["title"], y["title"]) == ("Linien", "Colors")
    assert [one["started"] for one in (x, y, z, q)] == [6, 3, 2, 0]
    assert [one["done"] for one in (x, y, z, q)] == [6, 3, 2, 0]
    assert (x["dropped"], x["dropped_of_started"]) == (1, 1 / 6)
    for lesson in (x, y, z, q):
        assert {*lesson["links"]} == {"started", "done", "dropped", "scored"}
        for state, link in lesson["links"].items():
            named = {"lesson": lesson["lesson"], "lesson_state": state}
            assert len(await those(desk, **named)) == lesson[state] == await behind(desk, link)
    answer = await desk.get("/dashboards/enrollments", lesson="x", lesson_state="done")
    assert answer.json()["type"] == "urn:milepost:problem:filter_too_broad"


@pytest.mark.usefixtures("patient")
async def test_a_gradebook_as_a_file_waits_for_its_offering_too(pool, tenant, desk):
    position = await record(pool, tenant, school())
    address = "/dashboards/offerings/red/gradebook"
    answer, _ = await asyncio.gather(desk.get(address, format="csv", at=position), project(pool))
    assert answer.status_code == 200, answer.text


async def test_scores_activity_and_the_gradebook(pool, tenant, desk):
    await happens(pool, tenant, school())
    [y] = (await desk.get("/dashboards/offerings/red/scores")).json()["lessons"]
    assert (y["scored"], y["buckets"]) == (3, [0, 0, 1, 0, 0, 1, 0, 0, 0, 1])
    assert round(y["mean_score"], 6) == round(1.75 / 3, 6)
    for number, link in zip(y["buckets"], y["bucket_links"], strict=True):
        assert await behind(desk, link) == number, link
    shown = (await desk.get("/dashboards/offerings/red/activity")).json()
    assert shown["activity"] == {"active": 0, "current": 6, "active_of_current": 0.0}
    assert shown["time_to_complete"]["completed"] == 1
    assert 0 < shown["time_to_complete"]["median_days"] < 1
    figures = {**shown["activity"], **shown["time_to_complete"]}
    for name, link in shown["links"].items():
        assert await behind(desk, link) == figures[name], name
    first = (await desk.get("/dashboards/offerings/red/gradebook", limit=4)).json()
    assert [one["lesson"] for one in first["lessons"]] == ["y"]
    assert [one["scores"] for one in first["rows"]] == [[None], [None], [None], [0.25]]
    assert first["rows"][0]["waived"] == ["x"]
    query = {"limit": 4, "cursor": first["next"]}
    second = (await desk.get("/dashboards/offerings/red/gradebook", **query)).json()
    assert [one["learner"] for one in second["rows"]] == ["eve", "fay", "gus"]
    fay = second["rows"][1]
    assert (fay["grade_so_far"], fay["final_grade"], fay["percent_done"]) == (1.0, 1.0, 75.0)
    assert second["next"] is None
    answer = await desk.get("/dashboards/offerings/red/gradebook", format="csv")
    lines = list(csv.DictReader(io.StringIO(answer.text, newline="")))
    rows = [*first["rows"], *second["rows"]]
    assert [(one["learner"], one["score y"], one["waived"]) for one in lines] == [
        (
            one["learner"],
            "".join(str(score) for score in one["scores"] if score is not None),
            json.dumps(one["waived"]),
        )
        for one in rows
    ]
    theirs = {"by": "instructor", "subject": "nobody", "format": "csv"}
    unseen = await desk.get("/dashboards/offerings/red/gradebook", **theirs)
    assert unseen.status_code == 404
    runs = (await desk.get("/dashboards/courses/ART/runs", language="de")).json()
    assert runs["course_title"] == "Kunst"
    assert [(one["offering"], one["completed_of_started"]) for one in runs["runs"]] == [
        ("red", 1 / 6)
    ]


async def test_a_home_and_a_course_page(pool, tenant, desk):
    two = AllOf(criteria=(CoursePassed(course="ART"), CoursePassed(course="BIO")))
    steps = [achievable("artist", CoursePassed(course="ART")), achievable("both", two)]
    await happens(pool, tenant, school(), steps)
    as_dan, as_fay = ({"by": "learner", "subject": name} for name in ("dan", "fay"))
    home = (await desk.get("/dashboards/learners/dan/home", **as_dan, language="de")).json()
    [red] = home["enrollments"]
    assert (red["course_title"], red["progress"]["percent_done"]) == ("Kunst", 50.0)
    assert red["progress"]["grade_so_far"] == 0.25
    following = {"lesson": "z", "title": "Shapes", "kind": "page", "due_at": None}
    assert red["progress"]["next"] == following | {"reason": "required"}
    milestones = [(one["achievement"], one["met"], one["criteria"]) for one in home["milestones"]]
    assert milestones == [("artist", 0, 1), ("both", 0, 2)]
    home = (await desk.get("/dashboards/learners/fay/home", **as_fay)).json()
    assert [one["achievement_name"] for one in home["credentials"]] == ["Artist"]
    assert [(one["achievement"], one["met"]) for one in home["milestones"]] == [("both", 1)]
    page = (await desk.get("/dashboards/enrollments/red.ben", by="registrar")).json()
    states = {one["lesson"]: (one["status"], one["locked_by"]) for one in page["lessons"]}
    locked = [{"lesson": "x", "title": "Lines"}]
    assert states["x"] == ("started", [])
    assert states["y"] == ("locked", locked)
    own = await desk.get("/dashboards/enrollments/red.dan", **as_dan)
    score = {one["lesson"]: one["score"] for one in own.json()["lessons"]}
    assert score == {"x": None, "y": 0.25, "z": None, "q": None}
    again = await desk.get(
        "/dashboards/enrollments/red.dan", **as_dan, headers={"If-None-Match": own.headers["etag"]}
    )
    assert again.status_code == 304


async def test_others_have_neither(pool, tenant, desk):
    await happens(pool, tenant, school())
    as_ben = {"by": "learner", "subject": "ben"}
    assert (await desk.get("/dashboards/learners/dan/home", **as_ben)).status_code == 403
    assert (await desk.get("/dashboards/enrollments/red.dan", **as_ben)).status_code == 404
    as_ivo = {"by": "instructor", "subject": "ivo"}
    paths = ("enrollments/red.dan", "offerings/red/gradebook", "offerings/red/lessons")
    for path in paths:
        assert (await desk.get(f"/dashboards/{path}", **as_ivo)).status_code == 404
    runs = (await desk.get("/dashboards/courses/ART/runs", **as_ivo)).json()
    assert runs["runs"] == []


async def test_who_was_active_is_who_did_anything_in_seven_days(pool, tenant, desk):
    ann, ben, cat = lives("ann", "ben", "cat")
    start = [[COURSE, offered("red")], *(one.enrolls() for one in (ann, ben, cat))]
    await happens(pool, tenant, *start, cat.visits("x"))
    late = [entry for one in (ann, ben) for entry in one.visits("x")]
    await record(pool, tenant, [*late, *ben.withdraws()], datetime.now(UTC) - timedelta(days=1))
    await project(pool)
    shown = (await desk.get("/dashboards/offerings/red/activity")).json()
    assert (shown["activity"]["active"], shown["activity"]["current"]) == (1, 2)
    assert await behind(desk, shown["links"]["active"]) == 1
    assert await those(desk, active=True) == {"ann", "ben"}


async def test_a_score_is_looked_for_at_a_lesson(pool, tenant, desk):
    await happens(pool, tenant, school())
    named = {"offering": "red", "lesson": "y", "score_bucket": 5}
    answer = await desk.get("/dashboards/enrollments", **named)
    assert [one["learner"] for one in answer.json()["enrollments"]] == ["eve"]
    file = await desk.get("/dashboards/enrollments", **named, format="csv")
    assert [row["learner"] for row in csv.DictReader(io.StringIO(file.text))] == ["eve"]
    for missing in ("offering", "lesson"):
        query = {name: value for name, value in named.items() if name != missing}
        refused = await desk.get("/dashboards/enrollments", **query)
        assert refused.json()["type"] == "urn:milepost:problem:filter_too_broad"
    assert (await desk.get("/dashboards/enrollments", **named | {"score_bucket": 10})).is_error
