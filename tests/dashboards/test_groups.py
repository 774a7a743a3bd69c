"""Groups: their staff see how their members stand, and nobody else does."""

from typing import Any

from tests.dashboards.desk import all_pages, happens
from tests.dashboards.history import (
    Life,
    archived,
    grouped,
    joins,
    leaves,
    looks_after,
    looks_after_no_more,
    offered,
    record,
)

SAM: dict[str, Any] = {"by": "learner", "subject": "sam"}


async def a_class(pool, tenant):
    """Ana has completed and holds a badge, Ben has begun, Cleo left, Dan is nowhere; Eve is in the
    same offering and no member, Ana is in a course that is not the group's.
    """
    ana, ben, cleo, eve = (Life("red", one) for one in ("ana", "ben", "cleo", "eve"))
    other = Life("blue", "ana", course="MATH")
    return await happens(
        pool,
        tenant,
        grouped("acme", "ana", "ben", "cleo", "dan", "gone", courses=("ART",), kind="contract"),
        [leaves("acme", "gone"), looks_after("sam", "acme")],
        grouped("open", "ana"),
        *(one.enrolls() for one in (ana, ben, cleo, eve, other)),
        [*ana.completes_lesson("a"), *ana.completes(), *ana.earns()],
        [*ben.visits("a"), *cleo.withdraws(), *eve.visits("a"), *other.visits("z")],
    )


def learners(pages):
    return [one["learner"] for page in pages for one in page]


async def test_the_figures_of_a_group_are_of_its_members_in_its_courses(pool, tenant, desk):
    await a_class(pool, tenant)
    page = (await desk.get("/dashboards/groups/acme")).json()
    assert page["group"]["members"] == 4
    figures = {"enrolled": 2, "started": 2, "completed": 1, "holders": 1, "credentials": 1}
    assert page["figures"] == figures
    assert page["rates"] == {
        "enrolled_of_members": 0.5,
        "started_of_enrolled": 1.0,
        "completed_of_enrolled": 0.5,
        "holders_of_members": 0.25,
    }
    assert [(one["course"], one["enrolled"]) for one in page["courses"]] == [("ART", 2)]
    everything = (await desk.get("/dashboards/groups/open")).json()
    assert [one["course"] for one in everything["courses"]] == ["ART", "MATH"]
    assert everything["figures"]["enrolled"] == 1


async def test_each_figure_is_the_list_of_who_they_are(pool, tenant, desk):
    await a_class(pool, tenant)
    page = (await desk.get("/dashboards/groups/acme")).json()
    path, who = "/dashboards/groups/acme/members", {}
    stages = ("enrolled", "started", "completed", "holds", "not_enrolled", "not_completed")
    for stage in stages:
        who[stage] = learners(await all_pages(desk, path, "members", stage=stage, limit=1))
        same = learners(await all_pages(desk, path, "members", stage=stage, course="ART"))
        assert same == who[stage]
    assert who == {
        "enrolled": ["ana", "ben"],
        "started": ["ana", "ben"],
        "completed": ["ana"],
        "holds": ["ana"],
        "not_enrolled": ["cleo", "dan"],
        "not_completed": ["ben"],
    }
    for stage, figure in (
        ("enrolled", "enrolled"),
        ("completed", "completed"),
        ("holds", "holders"),
    ):
        assert len(who[stage]) == page["figures"][figure]
    everybody = (await desk.get(path)).json()["members"]
    assert [one["learner"] for one in everybody] == ["ana", "ben", "cleo", "dan"]
    hidden = (await desk.get(path, course="MATH")).json()["members"]
    assert {one["enrolled"] for one in hidden} == {0}
    file = await desk.get(path, stage="enrolled", format="csv")
    assert file.text.splitlines()[0].startswith("learner,added_at,enrolled")
    assert len(file.text.splitlines()) == 3


async def test_staff_are_told_of_a_member_what_a_sponsor_may_know(pool, tenant, desk):
    await a_class(pool, tenant)
    told = (await desk.get("/dashboards/groups/acme/members/ana", **SAM)).json()
    (enrollment,) = told["enrollments"]
    assert (enrollment["course"], enrollment["state"]) == ("ART", "completed")
    assert [one["achievement"] for one in told["credentials"]] == ["artist"]
    text = str(told)
    assert not any(word in text for word in ("grade", "score", "reason", "attempts", "clicks"))
    for nobody in ("eve", "gone", "nobody"):
        answer = await desk.get(f"/dashboards/groups/acme/members/{nobody}", **SAM)
        assert answer.status_code == 404
        assert answer.json()["type"] == "urn:milepost:problem:unknown_member"


async def test_who_is_at_risk_is_told_without_the_reasons(pool, tenant, desk):
    await happens(pool, tenant, [offered("red")])
    await a_class(pool, tenant)
    told = (await desk.get("/dashboards/groups/acme/at-risk", **SAM)).json()
    whole = (await desk.get("/dashboards/offerings/red/at-risk", risk="any")).json()
    risky = {one["learner"] for one in whole["learners"]} & {"ana", "ben", "cleo"}
    assert risky == {"ben"}
    assert [one["learner"] for one in told["members"]] == ["ben"]
    assert (told["judged"], told["at_risk"], told["whole"]) == (1, 1, True)
    assert "reasons" not in str(told)


async def test_a_group_is_there_for_its_staff_alone_and_until_they_are_removed(pool, tenant, desk):
    await a_class(pool, tenant)
    paths = [
        f"/dashboards/groups/acme{end}" for end in ("", "/members", "/members/ana", "/at-risk")
    ]

    async def told(by, subject):
        whose = {"by": by, "subject": subject}
        listed = (await desk.get("/dashboards/groups", **whose)).json()["groups"]
        answers = [await desk.get(path, **whose) for path in paths]
        return [one["group"] for one in listed], {one.status_code for one in answers}

    for role in ("learner", "instructor", "issuer"):
        assert await told(role, "sam") == (["acme"], {200})
        assert await told(role, "zoe") == ([], {404})
    assert await told("auditor", "zoe") == (["acme", "open"], {200})
    unknown = await desk.get("/dashboards/groups/none", **SAM)
    other = await desk.get("/dashboards/groups/open", **SAM)
    assert [one.json()["type"].rpartition(":")[2] for one in (unknown, other)] == [
        "unknown_group"
    ] * 2
    # The log alone is told: the read models have yet to hear.
    await record(pool, tenant, [looks_after_no_more("sam", "acme")])
    assert await told("learner", "sam") == ([], {404})
    await record(pool, tenant, [looks_after("sam", "acme"), archived("acme")])
    assert await told("learner", "sam") == ([], {404})
    assert await told("registrar", "rita") == (["acme", "open"], {200})


async def test_who_comes_back_is_counted_once_and_groups_are_found(pool, tenant, desk):
    await a_class(pool, tenant)
    back = [leaves("acme", "ben"), joins("acme", "ben"), archived("open")]
    await happens(pool, tenant, back)
    listed = (await desk.get("/dashboards/groups", sort="members", order="desc")).json()["groups"]
    assert [(one["group"], one["members"], one["status"]) for one in listed] == [
        ("acme", 4, "open"),
        ("open", 1, "archived"),
    ]
    mine = (await desk.get("/dashboards/groups", learner="ben")).json()["groups"]
    assert [(one["group"], one["courses"]) for one in mine] == [("acme", ["ART"])]
    ben: dict[str, Any] = {"by": "learner", "subject": "ben"}
    own = (await desk.get("/dashboards/groups", learner="ben", **ben)).json()["groups"]
    assert own == mine
    assert (await desk.get("/dashboards/groups", learner="ana", **ben)).status_code == 403
