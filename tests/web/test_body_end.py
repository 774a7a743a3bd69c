"""Where a body ends: with the last byte that was announced, or when the server says so."""

from typing import Any

import pytest

from milepost.web.admission import Admission

LAST = {"type": "http.request", "body": b"", "more_body": False}
GONE = {"type": "http.disconnect"}


def part(body):
    return {"type": "http.request", "body": body, "more_body": True}


async def asked(messages, *headers, calls=None):
    """What an application gets of a server's messages, and how many of them were asked for."""
    coming = iter(messages)
    got: list[Any] = []
    scope: Any = {"type": "http", "headers": headers}

    async def receive():
        return dict(next(coming))

    async def app(_, receive, __):
        while calls is None or len(got) < calls:
            got.append(await receive())
            if calls is None and not got[-1].get("more_body"):
                return

    async def send(_): ...

    await Admission(app)(scope, receive, send)
    return got, len(messages) - len(list(coming))


@pytest.mark.parametrize("parts", [[b"whole"], [b"wh", b"ol", b"e"]])
async def test_a_body_ends_with_its_last_byte(parts):
    messages = [*map(part, parts), LAST, GONE]
    got, count = await asked(messages, (b"content-length", b"5"))
    assert b"".join(one["body"] for one in got) == b"whole"
    assert count == len(parts)


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [(b"transfer-encoding", b"chunked")],
        [(b"content-length", b"5"), (b"transfer-encoding", b"chunked")],
        [(b"content-length", b"6")],
        [(b"content-length", b"five")],
    ],
)
async def test_of_another_size_it_ends_when_the_server_says_so(headers):
    got, count = await asked([part(b"whole"), LAST, GONE], *headers)
    assert [one["body"] for one in got] == [b"whole", b""]
    assert count == 2


async def test_behind_the_body_comes_that_the_client_is_gone():
    got, _ = await asked([part(b"whole"), LAST, GONE], (b"content-length", b"5"), calls=2)
    assert got[1] == GONE
