"""`pages`: homes of learners a second, as browsers ask for them; the bytes of the first one."""

import asyncio
import random
import re
import urllib.request

import msgspec

from milepost.operations.bench.figures import Measured, WentWrong
from milepost.operations.bench.http_calls import TENANT
from milepost.operations.bench.measures.commands import YARDSTICK, Cost, cost_of
from milepost.operations.bench.measures.dashboards.reads import learners_in
from milepost.operations.bench.milepost_process import Running, direct, milepost_process
from milepost.operations.bench.scratch_installation import ground
from milepost.web.auth.session_cookie import SessionCookie
from milepost.web.settings import Settings

TARGET_PER_SECOND, TARGET_P99_MS, TARGET_KB = 1_500, 60, 150
# Learners who are at their screens at once, each with a session.
SIGNED_IN = 500
_LINKED = re.compile(rb'(?:href|src)="(/pages/static/[^"]+)"')


async def measure(
    settings: Settings, events: int = 100_000, pages: int = 20_000, connections: int = 32
) -> Measured:
    """Homes of `SIGNED_IN` learners drawn at random, from read models of `events` events."""
    async with ground(settings) as place:
        learners = await learners_in(place, events)
        live, opened, first_kb = await _open(place, learners, pages, connections)
    per_second, p99_ms = round(opened.load.per_second), opened.load.percentile_ms(99)
    return Measured(
        name="pages",
        figures={
            "pages_per_second": per_second,
            "p50_ms": opened.load.percentile_ms(50),
            "p99_ms": p99_ms,
            "cpu_us_per_page": round(opened.cpu_us),
            "cpu_us_per_live": round(live.cpu_us),
            "first_page_kb": round(first_kb, 1),
        },
        yardstick=YARDSTICK,
        yardstick_per_second=round(live.load.per_second),
        ratio=round(per_second / live.load.per_second, 2),
        target=f">= {TARGET_PER_SECOND:,}/s, p99 <= {TARGET_P99_MS} ms, <= {TARGET_KB} kB",
        met=per_second >= TARGET_PER_SECOND and p99_ms <= TARGET_P99_MS and first_kb <= TARGET_KB,
    )


async def _open(
    place: Settings, learners: int, pages: int, connections: int
) -> tuple[Cost, Cost, float]:
    draw = random.Random(1)  # noqa: S311 - of no secret
    asking = draw.sample(range(learners), min(SIGNED_IN, learners))
    async with milepost_process(place, "serve", "dashboards") as serving:
        cookies = SessionCookie(msgspec.structs.replace(place, port=serving.port))
        signed_in = [
            f"{cookies.name}={cookies.sessions.issue(f'learner-{one}', TENANT, ['learner'])}"
            for one in asking
        ]
        requests = [_get("/my", draw.choice(signed_in)) for _ in range(pages)]
        first = await asyncio.to_thread(_first_page_bytes, serving, signed_in[0])
        warm = [_get("/my", one) for one in signed_in]
        await cost_of(serving, warm, connections, 200)
        live = [_get("/health/live", "")] * (pages // 2)
        answered = await cost_of(serving, live, connections, 200)
        opened = await cost_of(serving, requests, connections, 200)
    return answered, opened, first / 1_000


def _get(path: str, cookie: str) -> bytes:
    return (
        f"GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncookie: {cookie}\r\n"
        "accept: text/html\r\naccept-language: de-DE,de;q=0.9,en;q=0.8\r\n"
        "accept-encoding: gzip\r\n\r\n"
    ).encode()


def _first_page_bytes(serving: Running, cookie: str) -> int:
    """Of the page and all that it loads, as they are sent. Raises `WentWrong`."""
    html = _fetched(serving.port, "/my", cookie)  # never compressed: it holds a secret
    linked = {one.decode() for one in _LINKED.findall(html)}
    if b"/my/courses/" not in html or not linked:
        raise WentWrong("the page of a learner should show a course, and load a style sheet")
    return len(html) + sum(len(_fetched(serving.port, one, cookie)) for one in linked)


def _fetched(port: int, path: str, cookie: str) -> bytes:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}{path}", headers={"cookie": cookie, "accept-encoding": "gzip"}
    )
    with direct.open(request, timeout=10) as answer:
        content: bytes = answer.read()
    return content
