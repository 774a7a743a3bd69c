"""`commands`: durable commands a second over HTTP, through one service process."""

import asyncio
import urllib.error
import urllib.request

import msgspec

from milepost.operations.bench.figures import Measured
from milepost.operations.bench.ground import ground
from milepost.operations.bench.load import Load, post, run_load
from milepost.operations.bench.pgbench import YARDSTICK, insert_rows_per_second
from milepost.operations.bench.running import ServiceFailed, running
from milepost.process.development_issuer import DevelopmentIssuer
from milepost.process.settings import Settings

COURSE = {"title": "Bench", "lessons": [{"id": "one", "title": "One"}]}
OFFERING = {"course": "bench", "version": 1}
ENROLL = "/enrollment/offerings/bench-1/enrollments"


async def measure(settings: Settings, commands: int = 20_000, connections: int = 64) -> Measured:
    """`commands` learners enroll over `connections` connections; each answer is durable."""
    async with ground(settings) as place:
        yardstick = await insert_rows_per_second(place.postgres, 4)
        async with running(place, "serve", "enrollment") as port:
            token = _token(place)
            await asyncio.to_thread(_prepare, port, token)
            await run_load(port, _requests(token, "w", commands // 10), connections)
            load = await run_load(port, _requests(token, "l", commands), connections)
        _require_created(load, commands)
    return Measured(
        name="commands",
        figures={
            "commands_per_second": round(load.per_second),
            "p50_ms": load.percentile_ms(50),
            "p99_ms": load.percentile_ms(99),
        },
        yardstick=YARDSTICK,
        yardstick_per_second=round(yardstick),
        ratio=round(load.per_second / yardstick, 2),
        target="ratio >= 0.6, p99 <= 30 ms",
    )


def _token(place: Settings) -> str:
    issuer = DevelopmentIssuer(
        place.data_dir, issuer=place.token_issuer, audience=place.token_audience
    )
    issuer.ensure_keys()
    return issuer.issue("bench", "bench", ["registrar"], 3600)


def _prepare(port: int, token: str) -> None:
    _send(port, token, "POST", "/enrollment/courses/bench/versions", COURSE)
    _send(port, token, "PUT", "/enrollment/offerings/bench-1", OFFERING)


def _send(port: int, token: str, method: str, path: str, body: object) -> None:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}{path}",
        data=msgspec.json.encode(body),
        method=method,
        headers={"authorization": f"Bearer {token}", "content-type": "application/json"},
    )
    try:
        urllib.request.urlopen(request, timeout=10).close()  # noqa: S310
    except urllib.error.HTTPError as error:
        raise ServiceFailed(f"{method} {path}: {error.read().decode()}") from error


def _requests(token: str, prefix: str, count: int) -> list[bytes]:
    return [
        post(ENROLL, token, b'{"learner":"%s-%d"}' % (prefix.encode(), n)) for n in range(count)
    ]


def _require_created(load: Load, commands: int) -> None:
    if load.statuses != {201: commands}:
        raise ServiceFailed(f"expected {commands} answers with 201, got {load.statuses}")
