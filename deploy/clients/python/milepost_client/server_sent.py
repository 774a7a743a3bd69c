"""Server-sent events, as the HTML standard has them (section 9.2.6)."""

from collections.abc import AsyncIterator

import msgspec


class Message(msgspec.Struct, frozen=True):
    """`id` stays from message to message until another comes.

    One without data only tells a new `id`: how far the stream has come.
    """

    event: str
    data: str
    id: str


async def messages(lines: AsyncIterator[str]) -> AsyncIterator[Message]:
    """What is not ended by an empty line is not whole, and is dropped."""
    event, last, told = "", "", ""
    data: list[str] = []
    async for line in lines:
        if not line:
            if data or last != told:
                yield Message(event or "message", "\n".join(data), last)
            event, data, told = "", [], last
            continue
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            data.append(value)
        elif name == "event":
            event = value
        elif name == "id" and "\0" not in value:
            last = value
