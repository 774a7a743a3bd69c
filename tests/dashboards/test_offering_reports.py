"""`milepost report at-risk` and `report days`: what the API answers, and a table of it."""

from tests.dashboards.desk import happens
from tests.dashboards.history import Life, offered
from tests.dashboards.test_at_risk_http import school
from tests.dashboards.test_projections_command import milepost

__all__ = ["milepost"]  # a fixture


async def test_at_risk_is_told_as_by_the_api(pool, tenant, desk, milepost):
    ann, ben, cleo = (Life("red", name) for name in ("ann", "ben", "cleo"))
    tries = [ben.attempts("essay", 0.1), ben.attempts("essay", 0.2)]
    await happens(pool, tenant, *school(ann, ben, cleo), *tries, ann.completes(0.9))
    of = ("report", "at-risk", "red", "--tenant", tenant)
    told = await milepost.json(*of)
    answered = (await desk.get("/dashboards/offerings/red/at-risk")).json()
    assert {**answered, **told, "at": answered["at"]} == answered
    code, out, _ = await milepost(*of)
    assert code == 0
    assert "2 of 2 learners (100%) are at risk in red" in out
    for said in ("failed 2 times at essay", "essay is ", " days overdue", "did nothing for "):
        assert said in out
    then = (*of, "--happened-by", "2026-03-06")
    told = await milepost.json(*then)
    address = "/dashboards/offerings/red/at-risk"
    answered = (await desk.get(address, happened_by="2026-03-06")).json()
    assert {**answered, **told} == answered
    code, out, _ = await milepost(*of, "--happened-by", "2026-02-28")
    assert (code, "has not begun at 2026-02-28" in out) == (0, True)


async def test_days_are_told_in_order_and_cut_at_both_ends(pool, tenant, milepost):
    ann, ben = Life("red", "ann"), Life("red", "ben")
    await happens(pool, tenant, [offered("red")], ann.enrolls(), ben.enrolls(), ann.completes())
    of = ("report", "days", "red", "--tenant", tenant)
    told = await milepost.json(*of)
    [day] = told["days"]
    figures = {"day": "2026-03-02", "enrolled": 2, "completed": 1, "total_enrolled": 2}
    assert day == day | figures
    code, out, _ = await milepost(*of)
    assert (code, "2026-03-02" in out, "withdrawn" in out) == (0, True, True)
    assert (await milepost.json(*of, "--since", "2026-03-02", "--until", "2026-03-02")) == told
    code, out, _ = await milepost(*of, "--until", "2026-03-01")
    assert (code, out) == (0, "Nothing happened in red on these days.\n")


async def test_what_cannot_be_asked_is_said_with_what_to_do(pool, tenant, milepost):
    await happens(pool, tenant, [offered("red")])
    for kind in ("at-risk", "days"):
        code, _, err = await milepost("report", kind, "blue", "--tenant", tenant)
        assert (code, f"{tenant} has no offering 'blue'." in err) == (1, True)
        assert "`milepost report offerings" in err
    for option, day, said in (
        ("--happened-by", "monday", "a day is like 2026-03-31"),
        ("--happened-by", "2999-01-01", "still to come"),
    ):
        code, _, err = await milepost("report", "at-risk", "red", option, day)
        assert (code, said in err) == (2, True)
