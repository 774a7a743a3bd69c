"""A front end's side of the HTTP API: tokens, repeats with the same key, refusals by name."""

from collections import Counter
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

import httpx2

from milepost.events.runtime.backoff import Backoff
from milepost.operations.client.http import in_words
from milepost.operations.installation.connection import reason
from milepost.operations.terminal.errors import Trouble

ATTEMPTS = 7
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.1, 6.4

# Asked with a subject and a role.
Token = Callable[[str, str], str]
Body = Mapping[str, Any]


class FrontEnd:
    """What fails for a passing reason is sent again with the same key, so that it happens once.

    `refused` counts by name the rules that said no.
    """

    def __init__(self, client: httpx2.AsyncClient, token: Token) -> None:
        self.refused: Counter[str] = Counter()
        self._client = client
        self._token = token
        self._headers: dict[tuple[str, str], dict[str, str]] = {}

    async def command(
        self, method: str, path: str, body: Body, *, key: str, subject: str, role: str
    ) -> Any:
        """The answer's JSON; None when a rule refused. Raises `Trouble`."""
        headers = {**self._bearer(subject, role), "Idempotency-Key": key}
        response = await self._send(method, path, headers, body)
        if response.status_code == HTTPStatus.CONFLICT:
            self.refused[response.json()["type"].rpartition(":")[2]] += 1
            return None
        return _require_success(response)

    async def read(self, path: str, *, subject: str, role: str) -> Any:
        """The answer's JSON. Raises `Trouble`."""
        return _require_success(await self._send("GET", path, self._bearer(subject, role), None))

    async def _send(
        self, method: str, path: str, headers: Mapping[str, str], body: Body | None
    ) -> httpx2.Response:
        backoff, failure = Backoff(FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS), ""
        for _ in range(ATTEMPTS):
            try:
                response = await self._client.request(method, path, headers=headers, json=body)
            except httpx2.TransportError as error:
                failure = reason(error)
            else:
                if response.status_code < HTTPStatus.INTERNAL_SERVER_ERROR:
                    return response
                failure = in_words(response)
            await backoff.pause()
        raise Trouble(f"{self._client.base_url} does not answer {method} {path} ({failure}).")

    def _bearer(self, subject: str, role: str) -> dict[str, str]:
        if (subject, role) not in self._headers:
            token = self._token(subject, role)
            self._headers[subject, role] = {"Authorization": f"Bearer {token}"}
        return self._headers[subject, role]


def _require_success(response: httpx2.Response) -> Any:
    if response.is_error:
        raise Trouble(
            f"{response.request.method} {response.request.url.path}: {in_words(response)}"
        )
    return response.json()
