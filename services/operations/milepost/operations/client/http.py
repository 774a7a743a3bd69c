"""A running Milepost, asked by a command over HTTP: with a token, and what it refuses in words."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import httpx2
import typer

from milepost.events.store.postgres import connect_pool
from milepost.operations.installation.connection import connected, load_settings, reachable, reason
from milepost.operations.installation.data_directory import running
from milepost.operations.installation.tenants import require_school, require_tenant
from milepost.operations.terminal.errors import Trouble, WrongUsage
from milepost.web.auth.development_issuer import DevelopmentIssuer
from milepost.web.settings import Settings

TIMEOUT_SECONDS = 60.0

Http = Annotated[
    str | None,
    typer.Option(
        help="Where Milepost answers, as http://127.0.0.1:8400.",
        show_default="what `milepost up` runs here",
    ),
]
Token = Annotated[
    str | None,
    typer.Option(
        envvar="MILEPOST_TOKEN",
        help="The token (JWT) to speak with; then the school is the one that it names.",
        show_default="one of the development issuer",
    ),
]


# By a problem's name.
WHAT_TO_DO = {
    "unknown_job": " `milepost jobs list` shows those there are.",
    "unknown_group": " `milepost groups list` shows those there are.",
    "unknown_webhook": " `milepost webhooks list` shows those there are.",
    "webhook_not_verified": " At a terminal: `milepost webhooks verify WEBHOOK`.",
    "webhook_is_disabled": " At a terminal: `milepost webhooks enable WEBHOOK`.",
    "unknown_route": " Is it the Milepost service for this that answers there?",
}


class NoAnswer(Trouble):
    """Nobody answers, or not now."""


class NotThere(Trouble):
    """What was asked for is not there: `name` is the problem's."""

    def __init__(self, words: str, name: str) -> None:
        super().__init__(words)
        self.name = name


class ApiClient:
    """Speaks for one school. What cannot be answered, or is refused, is raised as `Trouble`."""

    def __init__(self, client: httpx2.Client) -> None:
        self._client = client

    def request(self, method: str, path: str, body: bytes | None = None) -> Any:
        """The answer's JSON; `body` is JSON as well."""
        headers = {} if body is None else {"Content-Type": "application/json"}
        with self._stream(method, path, content=body, headers=headers) as response:
            return response.json()

    def upload(self, path: str, file: BinaryIO, headers: Mapping[str, str]) -> Any:
        """The answer's JSON. The file goes as it is read."""
        with self._stream("POST", path, content=file, headers=headers) as response:
            return response.json()

    def lines(self, path: str) -> Iterator[str]:
        """The answer, line by line as it comes."""
        with self._stream("GET", path) as response:
            yield from response.iter_lines()

    @contextmanager
    def _stream(self, method: str, path: str, **options: Any) -> Iterator[httpx2.Response]:
        """Raises `NoAnswer`, `NotThere`, `Trouble`."""
        try:
            with self._client.stream(method, path, **options) as response:
                if response.is_error or "ndjson" not in response.headers.get("content-type", ""):
                    response.read()
                if response.status_code == HTTPStatus.SERVICE_UNAVAILABLE:
                    raise NoAnswer(in_words(response))
                if response.status_code == HTTPStatus.NOT_FOUND:
                    raise NotThere(in_words(response), _problem_name(response))
                if response.is_error:
                    raise Trouble(in_words(response))
                yield response
        except httpx2.TransportError as error:
            raise NoAnswer(
                f"Nothing answers at {self._client.base_url} ({reason(error)})."
            ) from error


@contextmanager
def api_client(
    http: str | None,
    token: str | None,
    tenant: str,
    data_dir: Path | None,
    role: str,
    *,
    known: bool = False,
) -> Iterator[ApiClient]:
    """Without a `token`, with one of the development issuer that has the role.

    `known`: the school must be there already. It is looked for in the log of what runs here;
    elsewhere, what answers refuses what that school does not have.
    """
    settings = load_settings(data_dir)
    where, bearer = address(http, settings), token or _development_token(settings, tenant, role)
    if known and not http and not token:
        _require_school(settings, tenant)
    # A proxy that the environment names is not for this.
    with httpx2.Client(
        base_url=where,
        headers={"Authorization": f"Bearer {bearer}"},
        timeout=TIMEOUT_SECONDS,
        trust_env=False,
    ) as client:
        yield ApiClient(client)


def address(http: str | None, settings: Settings) -> str:
    """Raises `Trouble`."""
    if http is not None:
        if not http.startswith(("http://", "https://")):
            raise WrongUsage(f"--http {http}: it should be like http://127.0.0.1:8400.")
        return http
    runtime = running(settings.data_dir)
    if runtime is None:
        raise Trouble(
            f"Nothing runs in {settings.data_dir.resolve()}: start it with `milepost up`,"
            " or say with --http where Milepost answers."
        )
    return runtime.http


def _development_token(settings: Settings, tenant: str, role: str) -> str:
    require_tenant(tenant)
    if settings.token_keys:
        raise Trouble(
            f"Tokens are checked with the keys of {settings.token_keys}: give one of that issuer's"
            " with --token or MILEPOST_TOKEN."
        )
    issuer = DevelopmentIssuer(
        settings.data_dir, issuer=settings.token_issuer, audience=settings.token_audience
    )
    if not issuer.keys_path.exists():
        raise Trouble(
            f"There is no key in {settings.data_dir.resolve()} to make a token with: name the data"
            " directory with --data-dir, or give a token with --token or MILEPOST_TOKEN."
        )
    return issuer.issue("operator", tenant, [role])


def _require_school(settings: Settings, tenant: str) -> None:
    async def check() -> None:
        async with await connect_pool(postgres, name="milepost calling", size=1) as pool:
            await require_school(pool, tenant)

    postgres = connected(settings).postgres
    with reachable():
        asyncio.run(check())


def in_words(response: httpx2.Response) -> str:
    """A problem's title and its faults, each with its place."""
    try:
        problem = response.json()
        title, detail = problem["title"], problem["detail"]
        summary = detail if detail.startswith(title) else f"{title}: {detail}"
        words = [f"{summary}{WHAT_TO_DO.get(_problem_name(response), '')}"]
        faults = problem.get("faults")
        if faults:
            words = [f"{title}:"]
            words += [
                f"  {_where(one)}: {one.get('condition') or one['message']}" for one in faults
            ]
    except (ValueError, KeyError, TypeError):  # it is not Milepost that answers
        return f"{response.request.url} answers {response.status_code}: {response.text[:200]}"
    return "\n".join(words)


def _problem_name(response: httpx2.Response) -> str:
    """Empty where it is not Milepost that answers."""
    try:
        return str(response.json()["type"]).rpartition(":")[2]
    except (ValueError, KeyError, TypeError):
        return ""


def _where(fault: dict[str, str]) -> str:
    """A place in the body, or a parameter's name."""
    return fault.get("path") or fault["key"]
