"""What a registrar, an issuer and a learner list: filtered, in order, page by page."""

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest
from tests.dashboards.desk import all_pages, happens
from tests.dashboards.history import DAY, Life, defined, offered, retired
from tests.tenants import new_tenant

from milepost.contracts.courses import CourseDrafted, CoursePublished, CourseRetired, Lesson
from milepost.contracts.enrollments import LearnerEnrolled
from milepost.contracts.offerings import OfferingCanceled, OfferingChanged, OfferingClosed

NOW = datetime.now(UTC)
HOUR = timedelta(hours=1)


def published(course, title, language="en", **titles):
    lessons = (Lesson(id="one", title="One"),)
    event = CoursePublished(
        course=course, version=1, title=title, lessons=lessons, language=language, titles=titles
    )
    return f"course-{course}", event


def drafted(course, title):
    return f"course-{course}", CourseDrafted(course=course, title=title)


def names(answer, rows, name):
    assert answer.status_code == 200, answer.text
    return [row[name] for row in answer.json()[rows]]


@pytest.fixture
async def catalog(pool, tenant):
    await happens(
        pool,
        tenant,
        [
            drafted("ART", "Seeing"),
            published("ART", "Seeing", de="Kunst", fr="Regards"),
            published("BIO", "Leben", "de"),
            drafted("CHE", "Matter"),
            published("DIG", "Digging"),
            ("course-DIG", CourseRetired(course="DIG")),
        ],
    )


@pytest.mark.usefixtures("catalog")
@pytest.mark.parametrize(
    ("asked", "courses"),
    [
        ({}, ["ART", "BIO", "CHE", "DIG"]),
        ({"state": "published"}, ["ART", "BIO"]),
        ({"state": "draft"}, ["CHE"]),
        ({"state": "retired"}, ["DIG"]),
        ({"taught_in": "de"}, ["BIO"]),
        ({"language": "de"}, ["ART", "BIO", "CHE", "DIG"]),
        ({"language": "de-CH", "sort": "title"}, ["DIG", "ART", "BIO", "CHE"]),
        ({"sort": "title"}, ["DIG", "BIO", "CHE", "ART"]),
        ({"sort": "published_at", "order": "desc"}, ["DIG", "BIO", "ART", "CHE"]),
    ],
)
async def test_anybody_lists_the_courses(desk, asked, courses):
    answer = await desk.get("/dashboards/catalog/courses", by="learner", subject="ann", **asked)
    assert names(answer, "courses", "course") == courses
    pages = await all_pages(desk, "/dashboards/catalog/courses", "courses", limit=1, **asked)
    assert [row["course"] for page in pages for row in page] == courses


@pytest.fixture
async def programs(pool, tenant):
    await happens(
        pool,
        tenant,
        [
            defined("analyst", "sql", "statistics", "safety", ordered=True),
            defined("builder", "safety", "welding", rule="n_of", n=1, title="Making"),
            defined("chemist", "safety"),
            retired("chemist"),
            defined("analyst", "sql", "python", version=2, title="Zahlen", language="de"),
        ],
    )


@pytest.mark.usefixtures("programs")
@pytest.mark.parametrize(
    ("asked", "listed"),
    [
        ({}, ["analyst", "builder", "chemist"]),
        ({"status": "defined"}, ["analyst", "builder"]),
        ({"status": "retired"}, ["chemist"]),
        ({"achievement": "sql"}, ["analyst"]),
        ({"achievement": "python"}, ["analyst"]),
        ({"achievement": "statistics"}, []),
        ({"achievement": "safety"}, ["builder", "chemist"]),
        ({"achievement": "safety", "status": "defined"}, ["builder"]),
        ({"achievement": "saf"}, []),
        ({"sort": "title"}, ["chemist", "builder", "analyst"]),
        ({"sort": "defined_at", "order": "desc"}, ["analyst", "chemist", "builder"]),
    ],
)
async def test_anybody_lists_the_programs(desk, asked, listed):
    answer = await desk.get("/dashboards/catalog/programs", by="learner", subject="ann", **asked)
    assert names(answer, "programs", "program") == listed
    pages = await all_pages(desk, "/dashboards/catalog/programs", "programs", limit=1, **asked)
    assert [row["program"] for page in pages for row in page] == listed


@pytest.mark.usefixtures("programs")
async def test_a_program_is_shown_as_its_latest_version_defines_it(desk):
    analyst, builder, chemist = (await desk.get("/dashboards/catalog/programs")).json()["programs"]
    known = {
        "title": "Zahlen",
        "language": "de",
        "latest_version": 2,
        "achievements": ["sql", "python"],
        "rule": "all",
        "n": None,
        "ordered": False,
        "status": "defined",
        "retired_at": None,
    }
    assert {name: analyst[name] for name in known} == known
    assert analyst["defined_at"] == (DAY + timedelta(minutes=4)).isoformat().replace("+00:00", "Z")
    assert (builder["rule"], builder["n"]) == ("n_of", 1)
    assert (chemist["status"], chemist["retirement_reason"]) == ("retired", "replaced")


async def test_an_achievement_that_comes_back_stands_where_it_stands_now(pool, tenant, desk):
    versions = [("a", "b", "c"), ("c",), ("c", "b", "a")]
    for number, parts in enumerate(versions, 1):
        await happens(pool, tenant, [defined("analyst", *parts, version=number)])
        [row] = (await desk.get("/dashboards/catalog/programs", achievement="c")).json()["programs"]
        assert row["achievements"] == list(parts)


@pytest.mark.usefixtures("programs")
async def test_who_has_the_programs_is_told_so_until_one_changes(pool, tenant, desk):
    first = await desk.get("/dashboards/catalog/programs", achievement="sql")
    await happens(pool, tenant, [retired("builder")])  # another
    same = await desk.get(
        "/dashboards/catalog/programs", achievement="sql", etag=first.headers["etag"]
    )
    assert (same.status_code, same.content) == (304, b"")
    parts = ("sql", "statistics")
    await happens(pool, tenant, [defined("analyst", *parts, version=3)])
    changed = await desk.get(
        "/dashboards/catalog/programs", achievement="sql", etag=first.headers["etag"]
    )
    [row] = changed.json()["programs"]
    assert (changed.status_code, row["achievements"]) == (200, ["sql", "statistics"])


@pytest.fixture
async def runs(pool, tenant):
    await happens(
        pool,
        tenant,
        [
            offered("always"),
            offered("closed"),
            ("offering-closed", OfferingClosed(offering="closed")),
            offered("dead", course="BIO"),
            ("offering-dead", OfferingCanceled(offering="dead", reason="too_few")),
            offered("full", seats=1, starts=DAY, ends=NOW + 48 * HOUR, pace="cohort"),
            offered("later", starts=NOW + 4 * HOUR, window_opens=NOW + HOUR),
            offered("late", starts=DAY, window_closes=NOW - HOUR, ends=NOW + HOUR),
            offered("over", ends=NOW - HOUR),
        ],
        Life("full", "ann").enrolls(),
    )


@pytest.mark.usefixtures("runs")
@pytest.mark.parametrize(
    ("asked", "offerings"),
    [
        ({"course": "BIO"}, ["dead"]),
        ({"state": "open"}, ["always", "full"]),
        ({"state": "announced"}, ["later"]),
        ({"state": "running"}, ["late"]),
        ({"state": "ended"}, ["over"]),
        ({"state": "closed"}, ["closed"]),
        ({"state": "canceled"}, ["dead"]),
        ({"pace": "cohort"}, ["full"]),
        ({"state": "open", "has_free_seats": "true"}, ["always"]),
        ({"has_free_seats": "false"}, ["full"]),
        ({"starts_from": NOW.isoformat()}, ["later"]),
        ({"starts_before": NOW.isoformat()}, ["full", "late"]),
        ({"ends_from": NOW.isoformat(), "ends_before": (NOW + 2 * HOUR).isoformat()}, ["late"]),
        ({"sort": "ends", "order": "desc", "pace": "self_paced", "limit": 2}, ["late", "over"]),
    ],
)
async def test_anybody_lists_the_offerings(desk, asked, offerings):
    answer = await desk.get("/dashboards/catalog/offerings", by="learner", subject="ann", **asked)
    assert names(answer, "offerings", "offering") == offerings


@pytest.mark.usefixtures("runs")
async def test_a_seat_that_is_given_up_is_free_again(pool, tenant, desk):
    full = Life("full", "ann")
    await happens(pool, tenant, full.withdraws())
    answer = await desk.get("/dashboards/catalog/offerings", pace="cohort")
    [row] = answer.json()["offerings"]
    assert (row["offering"], row["seats"], row["seated"], row["free_seats"]) == ("full", 1, 0, 1)


@pytest.mark.usefixtures("runs")
async def test_a_limit_that_is_lifted_is_gone(pool, tenant, desk):
    changed = OfferingChanged(offering="full", seats=None, ends=None)
    await happens(pool, tenant, [("offering-full", changed)])
    answer = (await desk.get("/dashboards/catalog/offerings", pace="cohort")).json()
    [row] = answer["offerings"]
    assert (row["seats"], row["ends"], row["free_seats"]) == (None, None, None)


@pytest.fixture
async def term(pool, tenant):
    """Ann and bob in red, ann and cid in blue; a minute lies between two events."""
    ann, bob = Life("red", "ann"), Life("red", "bob")
    again, cid = Life("blue", "ann", course="BIO"), Life("blue", "cid", course="BIO")
    steps = (ann.enrolls("verified"), bob.waits(), again.enrolls(), again.visits("x"))
    runs = [offered("red"), offered("blue", course="BIO")]
    await happens(pool, tenant, runs, *steps, cid.enrolls(), cid.withdraws())


@pytest.mark.usefixtures("term")
@pytest.mark.parametrize(
    ("asked", "enrollments"),
    [
        ({}, ["blue.cid", "blue.ann", "red.bob", "red.ann"]),
        ({"order": "asc"}, ["red.ann", "red.bob", "blue.ann", "blue.cid"]),
        ({"offering": "red"}, ["red.bob", "red.ann"]),
        ({"course": "BIO"}, ["blue.cid", "blue.ann"]),
        ({"learner": "ann"}, ["blue.ann", "red.ann"]),
        ({"state": "waitlisted"}, ["red.bob"]),
        ({"state": "active"}, ["blue.ann"]),
        ({"state": "withdrawn"}, ["blue.cid"]),
        ({"mode": "verified"}, ["red.ann"]),
        ({"since": (DAY + timedelta(minutes=4)).isoformat()}, ["blue.cid", "blue.ann", "red.bob"]),
        ({"sort": "learner", "order": "asc"}, ["blue.ann", "red.ann", "red.bob", "blue.cid"]),
        ({"sort": "last_activity", "offering": "blue"}, ["blue.ann", "blue.cid"]),
        ({"sort": "last_activity", "learner": "ann"}, ["blue.ann", "red.ann"]),
        ({"sort": "waitlisted_at", "offering": "red"}, ["red.bob", "red.ann"]),
    ],
)
async def test_staff_list_enrollments(desk, asked, enrollments):
    answer = await desk.get("/dashboards/enrollments", by="issuer", **asked)
    assert names(answer, "enrollments", "enrollment") == enrollments
    pages = await all_pages(desk, "/dashboards/enrollments", "enrollments", limit=1, **asked)
    assert [row["enrollment"] for page in pages for row in page] == enrollments


@pytest.mark.usefixtures("term")
@pytest.mark.parametrize("asked", [{}, {"course": "BIO"}, {"state": "active"}])
async def test_a_whole_school_is_not_listed_by_its_last_activity(desk, asked):
    answer = await desk.get("/dashboards/enrollments", sort="last_activity", **asked)
    assert (answer.status_code, answer.json()["sort"]) == (422, "last_activity")
    assert answer.json()["type"] == "urn:milepost:problem:sort_too_broad"


@pytest.mark.usefixtures("term")
async def test_learners_list_their_own_enrollments_only(desk):
    ann = {"by": "learner", "subject": "ann"}
    for asked, mine in (
        ({"learner": "ann"}, ["blue.ann", "red.ann"]),
        ({}, ["blue.ann", "red.ann"]),
        ({"offering": "red"}, ["red.ann"]),
    ):
        own = await desk.get("/dashboards/enrollments", **ann, **asked)
        assert names(own, "enrollments", "enrollment") == mine
    for path in ("/dashboards/enrollments", "/dashboards/credentials"):
        for who in ({**ann, "learner": "bob"}, {"by": "nobody"}):
            answer = await desk.get(path, **who)
            assert answer.status_code == 403
            assert answer.json()["type"] == "urn:milepost:problem:not_your_own"


@pytest.mark.usefixtures("term", "runs", "catalog", "programs")
async def test_another_schools_rows_are_in_no_list(desk):
    for path, rows in (
        ("/dashboards/catalog/courses", "courses"),
        ("/dashboards/catalog/programs", "programs"),
        ("/dashboards/catalog/offerings", "offerings"),
        ("/dashboards/enrollments", "enrollments"),
    ):
        assert (await desk.get(path)).json()[rows]
        assert (await desk.get(path, tenant=new_tenant())).json()[rows] == []


@pytest.mark.parametrize("sort", ["entered_at", "learner", "last_activity"])
@pytest.mark.parametrize("order", ["asc", "desc"])
async def test_pages_hold_each_enrollment_once_while_others_come(pool, tenant, desk, sort, order):
    lives = [Life("red", learner) for learner in "bdfhj"]
    await happens(pool, tenant, [offered("red")], *(life.enrolls() for life in lives))
    asked = {"sort": sort, "order": order, "limit": 2, "offering": "red"}
    first = (await desk.get("/dashboards/enrollments", **asked)).json()
    seen = [row["learner"] for row in first["enrollments"]]
    newcomers = [Life("red", learner).enrolls() for learner in "acegi"]
    await happens(pool, tenant, *newcomers, lives[0].withdraws())
    rest = await all_pages(desk, "/dashboards/enrollments", "enrollments", first["next"], **asked)
    seen += [row["learner"] for page in rest for row in page]
    assert len(seen) == len(set(seen))
    assert set("bdfhj") <= set(seen)


async def test_a_stay_begins_anew_with_a_re_enrollment(pool, tenant, desk):
    ann = Life("red", "ann")
    await happens(pool, tenant, [offered("red")], ann.enrolls(), ann.withdraws())
    [before] = (await desk.get("/dashboards/enrollments")).json()["enrollments"]
    later = LearnerEnrolled(
        enrollment=ann.id, learner="ann", offering="red", course="ART", version=1, stay=2
    )
    others = [offered("blue"), offered("green"), offered("grey")]
    await happens(pool, tenant, others, [(f"enrollment-{ann.id}", later)])
    [after] = (await desk.get("/dashboards/enrollments")).json()["enrollments"]
    assert (before["stay"], after["stay"]) == (1, 2)
    assert after["entered_at"] > before["entered_at"]


@pytest.mark.usefixtures("term")
async def test_who_has_these_rows_is_told_so_until_they_change(pool, tenant, desk):
    first = await desk.get("/dashboards/enrollments", offering="red")
    moved = await happens(pool, tenant, Life("blue", "eve").enrolls())  # elsewhere
    same = await desk.get("/dashboards/enrollments", offering="red", etag=first.headers["etag"])
    assert (same.status_code, same.content) == (304, b"")
    assert same.headers["milepost-position"] == str(moved)
    await happens(pool, tenant, Life("red", "eve").enrolls())
    changed = await desk.get("/dashboards/enrollments", offering="red", etag=first.headers["etag"])
    assert len(names(changed, "enrollments", "enrollment")) == 3


async def test_a_row_that_changes_has_another_etag(pool, tenant, desk):
    ann = Life("red", "ann")
    await happens(pool, tenant, [offered("red")], ann.enrolls())
    first = await desk.get("/dashboards/enrollments")
    await happens(pool, tenant, ann.withdraws())
    changed = await desk.get("/dashboards/enrollments", etag=first.headers["etag"])
    [row] = changed.json()["enrollments"]
    assert (changed.status_code, row["state"]) == (200, "withdrawn")
    assert changed.headers["etag"] != first.headers["etag"]


@pytest.mark.parametrize(
    ("path", "asked", "named"),
    [
        ("/dashboards/enrollments", {"stat": "active"}, "stat"),
        ("/dashboards/catalog/offerings", {"seats": "1"}, "seats"),
        ("/dashboards/catalog/courses", {"offset": "10"}, "offset"),
        ("/dashboards/catalog/programs", {"state": "defined"}, "state"),
    ],
)
async def test_a_filter_that_does_not_exist_is_refused(desk, path, asked, named):
    answer = await desk.get(path, **asked)
    assert (answer.status_code, answer.json()["query"]) == (400, named)


@pytest.mark.parametrize(
    "time",
    [
        "yesterday",
        "0.5",
        "2026-03-02",
        "2026-03-02T09:00:00",
        "2026-13-01T00:00:00Z",
        "0001-01-01T00:00:00+23:00",
    ],
)
async def test_a_time_is_given_with_its_offset(desk, time):
    for path, name in (
        ("/dashboards/enrollments", "since"),
        ("/dashboards/catalog/offerings", "ends_before"),
    ):
        answer = await desk.get(path, **{name: time})
        assert (answer.status_code, answer.json()["query"]) == (400, name)


@pytest.mark.parametrize(
    "time",
    [
        "0001-01-01T00:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59Z",
        "9999-12-31T23:59:59-14:00",
    ],
)
async def test_neither_a_time_nor_a_cursor_lies_outside_the_calendar(desk, time):
    answer = await desk.get("/dashboards/catalog/offerings", starts_from=time)
    assert (answer.status_code, answer.json()["query"]) == (400, "starts_from")
    parts = json.dumps(["published_at", "asc", time, "x"])
    cursor = base64.urlsafe_b64encode(parts.encode()).decode()
    answer = await desk.get("/dashboards/catalog/courses", sort="published_at", cursor=cursor)
    assert answer.status_code == 422
    assert answer.json()["type"] == "urn:milepost:problem:cursor_unknown"


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("/dashboards/enrollments", {"state": "asleep"}),
        ("/dashboards/enrollments", {"mode": "free"}),
        ("/dashboards/enrollments", {"sort": "grade"}),
        ("/dashboards/enrollments", {"limit": "501"}),
        ("/dashboards/catalog/courses", {"state": "lost"}),
        ("/dashboards/catalog/programs", {"status": "draft"}),
        ("/dashboards/catalog/programs", {"achievement": ""}),
    ],
)
async def test_a_filter_that_makes_no_sense_is_refused(desk, path, asked):
    answer = await desk.get(path, **asked)
    assert answer.status_code == 400
    [fault] = answer.json()["faults"]
    assert fault["key"] == next(iter(asked))


@pytest.mark.parametrize(
    ("asked", "titles"),
    [
        ({"language": "de-CH"}, [("Kunst", "de"), ("Daten", "de")]),
        ({"language": "FR"}, [("Regards", "fr"), ("Data", "en")]),
        ({"language": "en-GB"}, [("Seeing", "en"), ("Data", "en")]),
        ({}, [("Seeing", "en"), ("Data", "en")]),
    ],
)
async def test_every_list_has_titles_in_the_language_asked_for(pool, tenant, desk, asked, titles):
    await happens(
        pool,
        tenant,
        [
            published("ART", "Seeing", de="Kunst", fr="Regards"),
            drafted("CHE", "Matter"),
            defined("analyst", "sql", title="Data", language="en", titles={"de": "Daten"}),
            offered("red"),
            offered("lost", course="GONE"),
        ],
        Life("red", "ann").enrolls(),
    )
    art, analyst = titles

    async def listed(path, rows, *columns):
        answer = await desk.get(f"/dashboards/{path}", **asked)
        assert answer.status_code == 200, answer.text
        return [tuple(row[name] for name in columns) for row in answer.json()[rows]]

    spoken = ("title", "title_language")
    assert await listed("catalog/courses", "courses", *spoken) == [art, ("Matter", None)]
    assert await listed("catalog/programs", "programs", *spoken) == [analyst]
    of_offerings = [("lost", None), ("red", art[0])]
    titled = ("offering", "course_title")
    assert await listed("catalog/offerings", "offerings", *titled) == of_offerings
    assert await listed("offerings", "offerings", *titled) == of_offerings
    assert await listed("enrollments", "enrollments", *titled) == of_offerings[1:]
