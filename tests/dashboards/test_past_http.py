"""Past days and days in order, over HTTP, and the figures of today beside those of the funnel."""

from datetime import UTC, datetime

from hypothesis import given, settings
from msgspec.structs import replace
from tests.dashboards.desk import all_pages, happens
from tests.dashboards.history import (
    Life,
    histories,
    offered,
    project,
    record,
    rows,
    teaches,
)
from tests.tenants import new_tenant

from milepost.dashboards.projections.funnel.tables import OfferingRow
from milepost.dashboards.queries.lists.listing import read_page
from milepost.dashboards.queries.lists.past_offerings import (
    PAST_OFFERINGS,
    Clock,
    PastOffering,
    PastOfferingsQuery,
    past_offerings,
)

MALFORMED = "urn:milepost:problem:malformed_request"


def today() -> str:
    """By the end of it all is known that is known when this is called."""
    return datetime.now(UTC).date().isoformat()


async def test_an_imported_past_is_shown_as_it_happened_and_was_not_known_before(
    pool, tenant, desk
):
    ann, ben = Life("red", "ann"), Life("red", "ben")
    await happens(pool, tenant, [offered("red")], [offered("blue")], ann.enrolls(), ben.enrolls())
    await happens(pool, tenant, ann.visits("a"), ann.completes(0.5), ben.withdraws())
    then = await desk.get("/dashboards/past/offerings/red", happened_by="2026-03-02")
    shown = then.json()
    assert (shown["clock"], shown["day"]) == ("happened", "2026-03-02")
    figures = {"enrolled": 2, "started": 1, "completed": 1, "withdrawn": 1, "visits": 1}
    assert figures.items() <= shown["offering"].items()
    assert shown["offering"]["mean_grade_of_completed"] == 0.5
    known = await desk.get("/dashboards/past/offerings/red", as_of=today())
    assert known.json()["offering"] == shown["offering"]
    before = await desk.get("/dashboards/past/offerings/red", as_of="2026-03-02")
    assert before.status_code == 404
    pages = await all_pages(
        desk, "/dashboards/past/offerings", "offerings", happened_by="2026-03-02", limit=1
    )
    assert [[one["offering"] for one in page] for page in pages] == [["blue"], ["red"]]


async def test_a_day_is_named_once_by_one_clock_and_has_begun(desk):
    for query in (
        {"as_of": "2026-03-01", "happened_by": "2026-03-01"},
        {"as_of": "2026-3-1"},
        {"happened_by": "9998-01-01"},
    ):
        answer = await desk.get("/dashboards/past/offerings", **query)
        assert (answer.status_code, answer.json()["type"]) == (400, MALFORMED)


async def test_days_say_what_changed_and_where_it_stood(pool, tenant, desk):
    ann, ben = Life("red", "ann"), Life("blue", "ben")
    start = [offered("red"), offered("blue"), teaches("ines", "red")]
    await happens(pool, tenant, start, ann.enrolls(), ben.enrolls(), ann.visits("a"), ann.earns())
    [day] = (await desk.get("/dashboards/offerings/red/days")).json()["days"]
    changes = {"day": "2026-03-02", "enrolled": 1, "started": 1, "active": 1, "awarded": 1}
    assert changes.items() <= day.items()
    [school] = (await desk.get("/dashboards/days")).json()["days"]
    assert (school["total_enrolled"], school["active"], school["awarded"]) == (2, 1, 1)
    assert (await desk.get("/dashboards/days", until="2026-03-01")).json()["days"] == []
    assert (await desk.get("/dashboards/offerings/green/days")).status_code == 404
    for path, status in (("offerings/red/days", 200), ("offerings/blue/days", 404), ("days", 403)):
        answer = await desk.get(f"/dashboards/{path}", by="instructor", subject="ines")
        assert answer.status_code == status


SHARED = set(OfferingRow.__struct_fields__) & set(PastOffering.__struct_fields__)
CLOCKS: tuple[Clock, ...] = ("known", "happened")


@settings(max_examples=12, deadline=None)
@given(histories())
async def test_as_of_today_is_what_the_funnel_says(pool, entries):
    tenant = new_tenant()
    await record(pool, tenant, entries)
    await project(pool)
    funnel = (await rows(pool, tenant))["offering_summary"]
    for clock in CLOCKS:
        query = PastOfferingsQuery(clock=clock, day=today())
        page = await read_page(pool, tenant, PAST_OFFERINGS, query)
        found = [{name: getattr(one, name) for name in SHARED} for one in page.rows]
        assert found == [{name: row[name] for name in SHARED} for row in funnel]
        of_course = replace(query, course="BIO")
        only = await read_page(pool, tenant, past_offerings(of_course), of_course)
        assert only.rows == [one for one in page.rows if one.course == "BIO"]
