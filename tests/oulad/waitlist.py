"""Students of a presentation, at an offering with fewer seats: who is in, who waits, in order."""

from collections.abc import Sequence
from operator import itemgetter
from typing import Any, NamedTuple

from tests.clients import Client
from tests.eventually import eventually
from tests.oulad.lists import Rows, listed
from tests.oulad.standing import Computed
from tests.pages.markup import Markup, number_in

COURSE, OFFERING = "PLACES", "few-places"
MOST, SEATS = 60, 20
PATIENCE_SECONDS = 60


class Places(NamedTuple):
    """As they registered: everybody, who unregistered; a seat each for the first who stayed."""

    came: Sequence[str]
    left: Sequence[str]

    @property
    def stayed(self) -> Sequence[str]:
        return [one for one in self.came if one not in self.left]


def places_of(of: Computed) -> Places:
    """Of the first presentation."""
    history = of.known[min(of.known)]
    came = sorted(history.entered, key=lambda one: (history.entered[one], one))[:MOST]
    return Places(came, [one for one in came if one in history.left])


async def require_waitlist(client: Client, of: Computed) -> None:
    """`client`: a registrar. Afterwards the school has an offering more than the files."""
    places = places_of(of)
    await client.open(OFFERING, course=COURSE, seats=SEATS)
    enrollments = {}
    for learner in places.came:
        answer = await client.enroll(learner, OFFERING)
        assert answer.is_success, answer.text
        enrollments[learner] = answer.json()["enrollment"]
    for learner in places.left:
        assert (await client.withdraw(enrollments[learner])).is_success
    within, waiting = places.stayed[:SEATS], places.stayed[SEATS:]
    assert waiting

    async def passed_on() -> bool:
        """In both models: freed seats are passed on by policy."""
        query: dict[str, Any] = {"offering": OFFERING, "state": "enrolled"}
        rows = await client.get("/dashboards/enrollments", **query)
        run = await client.get(f"/dashboards/offerings/{OFFERING}")
        if not (rows.is_success and run.is_success):  # not visible yet
            return False
        taken: int = run.json()["offering"]["seated"]
        return len(rows.json()["enrollments"]) == taken == len(within)

    await eventually(passed_on, PATIENCE_SECONDS)
    assert sorted(one["learner"] for one in await in_state(client, "enrolled")) == sorted(within)
    rows = sorted(await in_state(client, "waitlisted"), key=itemgetter("waitlisted_at"))
    assert [one["learner"] for one in rows] == waiting
    runs = await listed(client, "/dashboards/catalog/offerings", "offerings", course=COURSE)
    assert [(one["seated"], one["waiting"]) for one in runs] == [(len(within), len(waiting))]
    page = Markup((await client.get(f"/office/offerings/{OFFERING}", by="registrar")).text)
    figures = {name: number_in(text) for name, text in page.figures.items()}
    assert (figures["Seats taken"], figures["Seats free"]) == (len(within), SEATS - len(within))
    assert figures["Waiting for a seat"] == len(waiting)
    assert [(int(row[0]), row[1]) for row in page.tables["Waiting for a seat"]] == list(
        enumerate(waiting, 1)
    )


async def in_state(client: Client, state: str) -> Rows:
    query: dict[str, Any] = {"offering": OFFERING, "state": state}
    return await listed(client, "/dashboards/enrollments", "enrollments", **query)
