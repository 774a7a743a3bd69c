"""One request and its answer: token, key, position, repeats, problems.

call ─▶ _send ─▶ server          a transport error, 429, 502, 503, 504: wait, and once more
          ▲         │            with the same Idempotency-Key, so that it is done once
          └─ pause ─┘
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from copy import copy
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from inspect import isawaitable
from types import NoneType
from typing import Any, Final, TypeVar, cast
from urllib.parse import quote
from uuid import uuid4

import httpx2
import msgspec

from milepost_client.errors import AnswerUnreadable, NoAnswer, NotSettled, Problem
from milepost_client.problems import BY_TYPE
from milepost_client.retries import PASSING, Retries

__all__ = ["Query", "Token", "Transport", "in_path"]

POSITION: Final = "Milepost-Position"
JSON: Final = "application/json"

Token = str | Callable[[], str | Awaitable[str]]
Query = Mapping[str, Any]
Answer = TypeVar("Answer")


class Place:
    """How far the log had come when this client last did something: its reads show that."""

    position: int | None = None

    def reaches(self, position: int) -> None:
        self.position = max(self.position or 0, position)


class Transport:
    def __init__(self, connection: httpx2.AsyncClient, token: Token, retries: Retries) -> None:
        self.place = Place()
        self._connection = connection
        self._token = token
        self._retries = retries
        self.wait_seconds: int | None = None

    def waiting(self, seconds: int) -> "Transport":
        """The same, whose answers come when all that follows has followed."""
        other = copy(self)
        other.wait_seconds = seconds
        return other

    async def call(
        self,
        answer: type[Answer],
        method: str,
        path: str,
        *,
        query: Query | None = None,
        body: object = None,
        content_type: str = JSON,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """`body`: bytes as they are, all else as JSON.

        Raises `Problem`, `NoAnswer`, `AnswerUnreadable`, `NotSettled`.
        """
        content = _encoded(body)
        named = {**(headers or {}), **({"Content-Type": content_type} if content else {})}
        response = await self._send(method, path, _texts(query), content, named)
        found = _decoded(response, answer)
        if response.headers.get("Milepost-Settled") == "false":
            raise NotSettled(found, response.headers.get("Milepost-Waits-For", ""))
        return found

    async def fetch(
        self, path: str, query: Query, accept: str, *, patience_seconds: int = 0
    ) -> httpx2.Response:
        """An answer that may take so long longer. Raises `Problem`, `NoAnswer`."""
        accepting = {"Accept": accept}
        return await self._send(
            "GET", path, _texts(query), None, accepting, patience_seconds=patience_seconds
        )

    def keyed(self, key: str | None) -> dict[str, str]:
        """A command without a key of its own gets one, so that it may be repeated."""
        return {"Idempotency-Key": key or str(uuid4())}

    async def lines(
        self, row: type[Answer], path: str, *, query: Query | None = None
    ) -> AsyncIterator[Answer]:
        """NDJSON, row by row as it comes. Asked once: whoever reads knows where to go on."""
        async with self.streamed(path, query or {}) as response:
            async for line in response.aiter_lines():
                if line:
                    yield read(line.encode(), row)

    @asynccontextmanager
    async def streamed(
        self, path: str, query: Query, headers: Mapping[str, str] | None = None
    ) -> AsyncIterator[httpx2.Response]:
        """An answer that is read while it comes; between two parts of it, there is no limit.

        Raises `Problem`, `NoAnswer`.
        """
        sent = {**await self._authorization(), **(headers or {})}
        timeout = httpx2.Timeout(self._connection.timeout.connect, read=None)
        try:
            async with self._connection.stream(
                "GET", path, params=_texts(query), headers=sent, timeout=timeout
            ) as response:
                if response.is_error:
                    await response.aread()
                    raise problem_in(response)
                yield response
        except httpx2.TransportError as error:
            raise NoAnswer(f"GET {path}: {error!r}") from error

    async def _send(
        self,
        method: str,
        path: str,
        query: Query,
        content: bytes | None,
        headers: Mapping[str, str],
        *,
        patience_seconds: int = 0,
    ) -> httpx2.Response:
        failures = 0
        while True:
            failure: NoAnswer | Problem
            try:
                response = await self._connection.request(
                    method,
                    path,
                    params=query,
                    content=content,
                    headers={**await self._standing(method), **headers},
                    timeout=self._timeout(patience_seconds),
                )
            except httpx2.TransportError as error:
                failure, retry_after = NoAnswer(f"{method} {path}: {error!r}"), None
                failure.__cause__ = error
            else:
                if not response.is_error:
                    self._note_position(method, response)
                    return response
                failure = problem_in(response)
                if response.status_code not in PASSING:
                    raise failure
                retry_after = failure.retry_after
            failures += 1
            pause = self._retries.pause_seconds(failures, retry_after)
            if pause is None:
                raise failure
            await asyncio.sleep(pause)

    async def _standing(self, method: str) -> dict[str, str]:
        """What goes with every request."""
        headers = await self._authorization()
        if method == "GET" and self.place.position is not None:
            headers[POSITION] = str(self.place.position)
        if self.wait_seconds is not None:
            headers["Prefer"] = f"wait={self.wait_seconds}"
        return headers

    def _timeout(self, patience_seconds: int) -> httpx2.Timeout:
        usual = self._connection.timeout
        patience = patience_seconds + (self.wait_seconds or 0)
        if not patience or usual.read is None:
            return usual
        return httpx2.Timeout(usual.read + patience, connect=usual.connect)

    async def _authorization(self) -> dict[str, str]:
        token = self._token if isinstance(self._token, str) else self._token()
        return {"Authorization": f"Bearer {await token if isawaitable(token) else token}"}

    def _note_position(self, method: str, response: httpx2.Response) -> None:
        followed = "Milepost-Settled" in response.headers
        if POSITION in response.headers and (method != "GET" or followed):
            self.place.reaches(int(response.headers[POSITION]))


def in_path(value: object) -> str:
    """One segment: an id may hold what a path gives a meaning to."""
    return quote(str(value), safe="")


def problem_in(response: httpx2.Response) -> Problem:
    """Also of what no Milepost answered: a proxy's page."""
    try:
        document = msgspec.json.decode(response.content, type=dict[str, Any])
    except msgspec.DecodeError:
        document = {"detail": response.text[:200]}
    kind = BY_TYPE.get(str(document.get("type")), Problem)
    return kind(document, response.status_code, _retry_after(response))


def _retry_after(response: httpx2.Response) -> float | None:
    text = response.headers.get("Retry-After")
    if text is None:
        return None
    try:
        return max(0.0, float(text))
    except ValueError:
        pass
    try:
        when = parsedate_to_datetime(text)
    except ValueError:
        return None
    return max(0.0, (when.astimezone(UTC) - datetime.now(UTC)).total_seconds())


def _encoded(body: object) -> bytes | None:
    if body is None or isinstance(body, bytes):
        return body
    return msgspec.json.encode(body)


def _decoded(response: httpx2.Response, answer: type[Answer]) -> Answer:
    if answer is bytes:
        return cast("Answer", response.content)
    if answer is NoneType:
        return cast("Answer", None)
    return read(response.content, answer)


def read(content: bytes, answer: type[Answer]) -> Answer:
    try:
        return msgspec.json.decode(content, type=answer)
    except msgspec.DecodeError as error:
        raise AnswerUnreadable(f"{error}: {content[:200]!r}") from error


def _texts(query: Query | None) -> dict[str, Any]:
    """As the API reads them; what is None is not asked for."""
    return {name: _text(value) for name, value in (query or {}).items() if value is not None}


def _text(value: object) -> object:
    match value:
        case bool():
            return "true" if value else "false"
        case datetime():
            return value.isoformat()
        case str() | int() | float():
            return str(value)
        case _:
            return list(map(str, cast("list[object]", value)))
