"""Who is at risk over HTTP: reasons with their facts, now and as of a day, whole and as a list."""

from datetime import datetime, timedelta

from tests.dashboards.desk import all_pages, happens
from tests.dashboards.history import DAY, Entry, Life, offered, teaches

from milepost.contracts.courses import CoursePublished, Lesson, PassingRule

ESSAY = Lesson(id="essay", title="Essay", kind="assignment", weight=1.0, due_day=0)


def published() -> Entry:
    rule = PassingRule(passing_grade=0.6)
    event = CoursePublished(
        course="ART", version=1, title="Art", lessons=(ESSAY,), passing_rule=rule
    )
    return "course-ART", event


def school(*lives: Life, ends: datetime | None = None) -> list[list[Entry]]:
    """`record` dates it all to the second of March."""
    start = [published(), offered("red", pace="cohort", starts=DAY - timedelta(days=1), ends=ends)]
    return [start, [teaches("ines", "red")], *(one.enrolls() for one in lives)]


async def test_each_reason_is_told_with_its_facts(pool, tenant, desk):
    ann, ben, cleo = (Life("red", name) for name in ("ann", "ben", "cleo"))
    tries = [ann.attempts("essay", 0.9), ben.attempts("essay", 0.1), ben.attempts("essay", 0.2)]
    await happens(pool, tenant, *school(ann, ben, cleo), *tries, ann.completes(0.9))
    page = (await desk.get("/dashboards/offerings/red/at-risk")).json()
    assert (page["phase"], page["judged"], page["at_risk"]) == ("running", 2, 2)
    assert page["at_risk_of_judged"] == 1.0
    assert page["reasons"] == {"inactive": 2, "failed_twice": 1, "behind_own_pace": 1}
    by_learner = {one["learner"]: one["reasons"] for one in page["learners"]}
    [silent, failed] = by_learner["ben"]
    assert (silent["reason"], silent["cohort"], silent["others_active"]) == ("inactive", 3, 0)
    assert failed == {"reason": "failed_twice", "attempts": 2, "lessons": ["essay"]}
    overdue = by_learner["cleo"][1]
    assert (overdue["lesson"], overdue["lessons"]) == ("essay", 1)
    assert overdue["due_at"].startswith("2026-03-02")


async def test_as_of_the_day_itself_nobody_was_late_yet(pool, tenant, desk):
    await happens(pool, tenant, *school(Life("red", "ann")))
    page = await desk.get("/dashboards/offerings/red/at-risk", happened_by="2026-03-02")
    assert (page.json()["judged"], page.json()["learners"]) == (1, [])
    later = await desk.get("/dashboards/offerings/red/at-risk", happened_by="2026-03-06")
    [ann] = later.json()["learners"]
    assert [one["reason"] for one in ann["reasons"]] == ["behind_own_pace"]
    before = await desk.get("/dashboards/offerings/red/at-risk", happened_by="2026-02-28")
    assert (before.json()["phase"], before.json()["judged"]) == ("not_begun", 0)


async def test_when_the_offering_is_over_nobody_is_at_risk(pool, tenant, desk):
    await happens(pool, tenant, *school(Life("red", "ann"), ends=DAY + timedelta(days=9)))
    page = (await desk.get("/dashboards/offerings/red/at-risk")).json()
    assert (page["phase"], page["at_risk"], page["at_risk_of_judged"]) == ("over", 0, None)


async def test_pages_have_everybody_once_the_most_reasons_first(pool, tenant, desk):
    lives = [Life("red", f"{number:02}") for number in range(7)]
    failing = [entry for one in lives[5:] for entry in one.attempts("essay", 0.1) * 2]
    await happens(pool, tenant, *school(*lives), failing)
    path = "/dashboards/offerings/red/at-risk"
    pages = await all_pages(desk, path, "learners", limit=3)
    assert [len(page) for page in pages] == [3, 3, 1]
    listed = [one for page in pages for one in page]
    assert listed == (await desk.get(path)).json()["learners"]
    assert {one["learner"] for one in listed} == {one.learner for one in lives}
    counts = [len(one["reasons"]) for one in listed]
    assert counts == sorted(counts, reverse=True)
    unknown = await desk.get(path, cursor="bm90aGluZw==")
    assert unknown.json()["type"] == "urn:milepost:problem:cursor_unknown"


async def test_each_reason_leads_to_its_learners(pool, tenant, desk):
    ann, ben, cleo = (Life("red", name) for name in ("ann", "ben", "cleo"))
    tries = [ann.attempts("essay", 0.9), ben.attempts("essay", 0.1) * 2]
    await happens(pool, tenant, *school(ann, ben, cleo), *tries)
    page = (await desk.get("/dashboards/offerings/red/at-risk")).json()
    figures = {"at_risk": page["at_risk"], **page["reasons"]}
    assert page["links"].keys() == figures.keys() > {"failed_twice"}
    for name, link in page["links"].items():
        assert len((await desk.get(link)).json()["enrollments"]) == figures[name], name
    past = await desk.get("/dashboards/offerings/red/at-risk", happened_by="2026-03-06")
    assert past.json()["links"] == {}


async def test_enrollments_and_files_are_filtered_by_risk(pool, tenant, desk):
    ann, ben = Life("red", "ann"), Life("red", "ben")
    await happens(pool, tenant, *school(ann, ben), ann.attempts("essay", 0.5))
    for risk, learners in (("any", ["ann", "ben"]), ("behind_own_pace", ["ben"])):
        query = {"offering": "red", "risk": risk, "sort": "learner", "order": "asc"}
        listed = (await desk.get("/dashboards/enrollments", **query)).json()["enrollments"]
        assert [one["learner"] for one in listed] == learners
        path = "/dashboards/offerings/red/at-risk"
        file = await desk.get(path, risk=risk, format="csv")
        rows = file.text.splitlines()[1:]
        assert sorted(row.split(",")[1] for row in rows) == learners
    assert (await desk.get("/dashboards/enrollments", risk="any")).status_code == 400


async def test_instructors_see_those_of_own_offerings_only(pool, tenant, desk):
    await happens(pool, tenant, *school(Life("red", "ann")))
    path = "/dashboards/offerings/red/at-risk"
    for subject, status in (("ines", 200), ("ivo", 404)):
        answer = await desk.get(path, by="instructor", subject=subject)
        assert answer.status_code == status
