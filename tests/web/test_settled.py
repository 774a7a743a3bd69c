"""`Prefer: wait`: what is waited for, and what the answer says of it."""

import pytest
from tests.clients import connection_to
from tests.web import notes

from milepost.events.policies.settlement import Settled
from milepost.web.answers.settled import SHOWS, preferred_seconds
from milepost.web.app import create_app

ONE = {"lines": [{"score": 0.5}]}


class Asked:
    """A settlement that is told what to say, and remembers what it was asked."""

    def __init__(self) -> None:
        self.says = Settled(settled=True, position=7)
        self.asked: list[tuple[str, int, float]] = []

    async def wait(self, tenant, position, seconds):
        self.asked.append((tenant, position, seconds))
        return self.says


@pytest.fixture
def settles():
    return Asked()


@pytest.fixture
def app(settings, verifier, transactor, settles):
    service = notes.service(transactor, settings)
    return create_app([service], settings, verifier, ready={}, settles=settles)


def told(answer):
    names = ("preference-applied", "milepost-settled", "milepost-waits-for", "milepost-position")
    return tuple(answer.headers.get(name) for name in names)


async def test_a_command_answers_when_what_follows_has_followed(client, headers, settles):
    answer = await client.post("/notes/a", json=ONE, headers=headers(Prefer="wait=5"))
    assert answer.status_code == 201
    assert settles.asked == [("north", 1, 5)]
    assert told(answer) == ("wait=5", "true", None, "7")


async def test_when_the_time_is_up_the_answer_says_who_is_waited_for(client, headers, settles):
    settles.says = Settled(
        settled=False, position=1, waits_for=["credentials"], parked=["progress"]
    )
    answer = await client.post("/notes/a", json=ONE, headers=headers(Prefer="wait=5"))
    assert (answer.status_code, answer.json()) == (201, {"scores": [0.5]})
    assert told(answer) == ("wait=5", "false", "credentials, progress;parked", "1")


async def test_a_read_waits_for_its_position_and_awaits_it_no_more(client, headers, settles):
    await client.post("/notes/a", json=ONE, headers=headers())
    asked = headers(Prefer="wait=9", **{"Milepost-Position": "1"})
    answer = await client.get("/notes/a", headers=asked)
    assert answer.json() == {"scores": [0.5]}
    assert settles.asked == [("north", 1, 9)]
    assert told(answer)[:2] == ("wait=9", "true")


async def test_read_models_show_what_has_followed_before_it_is_settled(
    settings, verifier, transactor, settles, headers
):
    service, shown = notes.service(transactor, settings), []

    async def shows(tenant, position, seconds):
        shown.append((tenant, position))
        assert 0 < seconds <= 9
        return False

    service.routes[0].opt[SHOWS] = shows
    app = create_app([service], settings, verifier, ready={}, settles=settles)
    async with connection_to(app) as client:
        asked = headers(Prefer="wait=9", **{"Milepost-Position": "1"})
        answer = await client.get("/notes/position", headers=asked)
    assert (answer.json(), shown) == ({"position": None}, [("north", 7)])
    assert told(answer)[:2] == ("wait=9", "false")


async def test_a_position_that_nobody_knows_is_left_to_the_route(client, headers, settles):
    settles.says = Settled(settled=False, position=99, known=False)
    asked = headers(Prefer="wait=9", **{"Milepost-Position": "99"})
    answer = await client.get("/notes/position", headers=asked)
    assert (answer.json(), told(answer)) == ({"position": 99}, (None, None, None, None))


async def test_what_is_refused_is_not_waited_for(client, headers, settles):
    asked = headers(Prefer="wait=5")
    answer = await client.post("/notes/a", json={"lines": [{"score": 2}]}, headers=asked)
    assert (answer.status_code, told(answer)) == (400, (None, None, None, None))
    answer = await client.get("/notes/a", headers={**asked, "Milepost-Position": "soon"})
    assert answer.status_code == 400
    assert settles.asked == []


@pytest.mark.parametrize(
    ("prefer", "seconds"),
    [
        ("wait=5", 5),
        ("respond-async, wait=100", 30),
        ('return=minimal; foo="bar", WAIT = "7"', 7),
        ("wait=0", None),
        ("wait=soon", None),
        ("wait=-1", None),
        ("await=5", None),
        ("handling=lenient", None),
        ("", None),
    ],
)
def test_what_is_no_preference_to_wait_is_ignored(prefer, seconds):
    assert preferred_seconds({b"prefer": prefer.encode()}) == seconds


def test_without_a_preference_there_is_none():
    assert preferred_seconds({}) is None
