"""`GET /me`: who Milepost takes a caller to be, and what is their own."""

from datetime import UTC, datetime, timedelta

from tests.dashboards.desk import happens
from tests.dashboards.history import Life, offered
from tests.tenants import new_tenant

ANN = {"by": "learner", "subject": "ann"}


async def test_a_learner_sees_who_they_are_and_what_is_their_own(pool, tenant, desk):
    ann, ben = Life("red", "ann"), Life("red", "ben")
    await happens(pool, tenant, [offered("red")], ann.enrolls(), ann.earns(), ben.enrolls())
    answer = await desk.get("/me", **ANN)
    me = answer.json()
    assert (me["subject"], me["tenant"], me["roles"]) == ("ann", tenant, ["learner"])
    ends = datetime.fromisoformat(me["expires_at"])
    assert timedelta(0) < ends - datetime.now(UTC) <= timedelta(hours=1)
    [enrollment], [credential] = me["enrollments"], me["credentials"]
    assert (enrollment["learner"], enrollment["offering"]) == ("ann", "red")
    assert "course_title" in enrollment
    assert credential["learner"] == "ann"
    assert (await desk.get("/me", **ANN, tenant=new_tenant())).json()["enrollments"] == []


async def test_staff_have_nothing_of_their_own(pool, tenant, desk):
    await happens(pool, tenant, [offered("red")], Life("red", "ann").enrolls())
    me = (await desk.get("/me", by=["registrar", "issuer"], subject="ann")).json()
    assert (me["roles"], me["enrollments"], me["credentials"]) == (["issuer", "registrar"], [], [])


async def test_it_is_unchanged_for_the_same_token_alone(pool, tenant, desk):
    await happens(pool, tenant, [offered("red")], Life("red", "ann").enrolls())
    token = desk.headers(**ANN)
    seen = await desk.get("/me", **ANN, headers=token)
    etag = seen.headers["etag"]
    assert (await desk.get("/me", **ANN, headers=token, etag=etag)).status_code == 304
    longer = desk.issuer.issue("ann", tenant, ["learner"], 7200)
    again = {"Authorization": f"Bearer {longer}"}
    assert (await desk.get("/me", **ANN, headers=again, etag=etag)).status_code == 200


async def test_a_learners_list_without_a_name_is_their_own(pool, tenant, desk):
    await happens(
        pool, tenant, [offered("red")], Life("red", "ann").enrolls(), Life("red", "ben").enrolls()
    )
    found = (await desk.get("/dashboards/enrollments", **ANN)).json()["enrollments"]
    assert [one["learner"] for one in found] == ["ann"]
