"""What a method of ours has been called for: it does its work, and is counted."""

from typing import Any, NamedTuple

import pytest


class Call(NamedTuple):
    of: Any
    arguments: tuple[Any, ...]
    answer: Any


def calls(monkeypatch: pytest.MonkeyPatch, owner: type, name: str) -> list[Call]:
    """The calls of an async method that have ended, from now on."""
    ended: list[Call] = []
    method = getattr(owner, name)

    async def watched(self: Any, *arguments: Any, **named: Any) -> Any:
        answer = await method(self, *arguments, **named)
        ended.append(Call(self, arguments, answer))
        return answer

    monkeypatch.setattr(owner, name, watched)
    return ended
