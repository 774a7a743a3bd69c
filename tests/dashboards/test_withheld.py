"""What is withheld is there for who issues: no list, and no filter, tells its learner of it."""

import pytest
from msgspec.structs import replace
from tests.dashboards.desk import happens
from tests.dashboards.history import Life, offered, teaches

ANN = {"by": "learner", "subject": "ann"}
INES = {"by": "instructor", "subject": "ines"}


@pytest.fixture
async def withheld(pool, tenant):
    """Ann's painter is out, her sculptor waits for somebody who releases it."""
    red, blue = Life("red", "ann"), Life("blue", "ann")
    held = [(stream, replace(one, held_for_release=True)) for stream, one in blue.earns("sculptor")]
    await happens(
        pool,
        tenant,
        [offered("red"), offered("blue"), teaches("ines", "red"), teaches("ines", "blue")],
        red.enrolls(),
        blue.enrolls(),
        red.earns("painter"),
        held,
    )


@pytest.mark.usefixtures("withheld")
@pytest.mark.parametrize(
    ("asks", "shown"),
    [
        (ANN, ["painter"]),
        (ANN | {"learner": "ann"}, ["painter"]),
        (ANN | {"status": "withheld"}, []),
        (INES, ["painter"]),
        ({"by": ["learner", "instructor"], "subject": "ann", "learner": "ann"}, ["painter"]),
        ({"by": "issuer"}, ["sculptor", "painter"]),
        ({"by": "registrar", "status": "withheld"}, ["sculptor"]),
    ],
)
async def test_the_register_shows_it_to_staff_of_the_whole_school(desk, asks, shown):
    answer = await desk.get("/dashboards/credentials", **asks)
    assert [one["achievement"] for one in answer.json()["credentials"]] == shown
    file = await desk.get("/dashboards/credentials", format="csv", **asks)
    assert file.text.count("\r\n") - 1 == len(shown)


async def test_a_learner_is_told_that_a_person_awarded_it_not_who(pool, tenant, desk):
    red = Life("red", "ann")
    by_hand = [(stream, replace(one, awarded_by="ivy")) for stream, one in red.earns("painter")]
    await happens(pool, tenant, [offered("red")], red.enrolls(), by_hand, red.earns("sculptor"))
    paths = ("credentials", "learners/ann", "learners/ann/home")
    for path in ("/me", *(f"/dashboards/{one}" for one in paths)):
        shown = (await desk.get(path, **ANN)).json()["credentials"]
        assert {one["achievement"]: one["awarded_by"] for one in shown} == {
            "painter": "person",
            "sculptor": "policy",
        }, path
    file = await desk.get("/dashboards/credentials", format="csv", **ANN)
    assert "ivy" not in file.text
    both = {"by": ["learner", "instructor"], "subject": "ann", "learner": "ann"}
    assert "ivy" not in (await desk.get("/dashboards/credentials", **both)).text
    register = await desk.get("/dashboards/credentials", by="registrar", achievement="painter")
    assert [one["awarded_by"] for one in register.json()["credentials"]] == ["ivy"]


@pytest.mark.usefixtures("withheld")
@pytest.mark.parametrize("asked", [{"stage": "awarded"}, {"risk": "any", "offering": "blue"}])
async def test_a_learner_filters_by_nothing_that_staff_alone_are_told(desk, asked):
    for asks in (ANN, {"by": ["learner", "instructor"], "subject": "ann", "learner": "ann"}):
        refused = await desk.get("/dashboards/enrollments", **asks, **asked)
        assert refused.status_code == 403
        assert refused.json()["type"].endswith("role_missing")
    staff = await desk.get("/dashboards/enrollments", by="registrar", learner="ann", **asked)
    assert staff.status_code == 200
    assert (await desk.get("/dashboards/enrollments", **ANN, stage="enrolled")).status_code == 200
