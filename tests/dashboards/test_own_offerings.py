"""What an instructor is shown: own offerings, on every screen; of others nothing at all."""

import pytest
from tests.dashboards.desk import all_pages, happens
from tests.dashboards.history import Life, offered, teaches, teaches_no_more

INES = {"by": "instructor", "subject": "ines"}


@pytest.fixture
async def term(pool, tenant):
    """Ines teaches red and green, Ivo blue. Ann is in red and blue, Bob in blue."""
    red, blue, bob = Life("red", "ann"), Life("blue", "ann", course="BIO"), Life("blue", "bob")
    await happens(
        pool,
        tenant,
        [offered("red"), offered("blue", course="BIO"), offered("green")],
        [teaches("ines", "red"), teaches("ines", "green"), teaches("ivo", "blue")],
        red.enrolls(),
        blue.enrolls(),
        bob.enrolls(),
        red.earns("painter"),
        blue.earns("biologist"),
        [teaches("ines", "blue"), teaches_no_more("ines", "blue")],
        Life("green", "cid").enrolls(),
    )


async def listed(desk, path, rows, key, **asked):
    """As they come page by page, a row each."""
    pages = await all_pages(desk, path, rows, limit=1, **asked)
    return [row[key] for page in pages for row in page]


@pytest.mark.usefixtures("term")
async def test_lists_have_own_offerings_only(desk):
    enrollments = ("/dashboards/enrollments", "enrollments", "enrollment")
    assert await listed(desk, *enrollments, **INES) == ["green.cid", "red.ann"]
    assert await listed(desk, *enrollments, learner="ann", **INES) == ["red.ann"]
    assert await listed(desk, *enrollments, offering="blue", **INES) == []
    assert await listed(desk, *enrollments, by="instructor", subject="nobody") == []
    offerings = ("/dashboards/offerings", "offerings", "offering")
    assert await listed(desk, *offerings, **INES) == ["green", "red"]
    assert await listed(desk, *offerings, course="BIO", **INES) == []
    credentials = ("/dashboards/credentials", "credentials", "achievement")
    assert await listed(desk, *credentials, **INES) == ["painter"]
    assert await listed(desk, *credentials, learner="ann", **INES) == ["painter"]
    # What one can enroll in is everybody's.
    runs = ("/dashboards/catalog/offerings", "offerings", "offering")
    assert await listed(desk, *runs, **INES) == ["blue", "green", "red"]


@pytest.mark.usefixtures("term")
@pytest.mark.parametrize("order", ["asc", "desc"])
async def test_in_any_order_it_is_the_list_of_all_without_the_others(desk, order):
    for path, rows, key, sorts in (
        ("/dashboards/enrollments", "enrollments", "enrollment", ("entered_at", "learner")),
        ("/dashboards/offerings", "offerings", "offering", ("offering", "enrolled", "started")),
    ):
        for sort in sorts:
            asked = {"sort": sort, "order": order}
            everything = (await desk.get(path, by="issuer", **asked)).json()[rows]
            own = [one[key] for one in everything if one["offering"] in {"red", "green"}]
            assert await listed(desk, path, rows, key, **asked, **INES) == own


@pytest.mark.usefixtures("term")
async def test_an_offering_and_a_learner_are_shown_as_far_as_they_are_own(desk):
    assert (await desk.get("/dashboards/offerings/red", **INES)).status_code == 200
    foreign = await desk.get("/dashboards/offerings/blue", **INES)
    missing = await desk.get("/dashboards/offerings/grey", **INES)
    assert foreign.status_code == missing.status_code == 404
    assert foreign.json()["type"] == missing.json()["type"]
    ann = (await desk.get("/dashboards/learners/ann", **INES)).json()
    assert [one["offering"] for one in ann["enrollments"]] == ["red"]
    assert [one["achievement"] for one in ann["credentials"]] == ["painter"]
    bob, nobody = [
        (await desk.get(f"/dashboards/learners/{one}", **INES)).json() for one in ("bob", "nobody")
    ]
    assert bob | {"learner": ""} == nobody | {"learner": ""}
    assert not bob["enrollments"]


@pytest.mark.usefixtures("term")
async def test_another_role_does_not_depend_on_it(desk):
    enrollments = ("/dashboards/enrollments", "enrollments", "enrollment")
    both = {"by": ["instructor", "issuer"], "subject": "ines"}
    assert len(await listed(desk, *enrollments, **both)) == 4
    assert (await desk.get("/dashboards/offerings/blue", **both)).status_code == 200
    learner = {"by": ["instructor", "learner"], "subject": "ann"}
    assert await listed(desk, *enrollments, learner="ann", **learner) == ["blue.ann", "red.ann"]
    assert await listed(desk, *enrollments, **learner) == []
    own = (await desk.get("/dashboards/learners/ann", **learner)).json()
    assert len(own["enrollments"]) == len(own["credentials"]) == 2
