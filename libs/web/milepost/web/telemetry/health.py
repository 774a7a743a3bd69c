"""What operators and their machines ask: is it alive, is it ready, how is it doing."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias

import msgspec
import structlog
from litestar import MediaType, Response, Router, get
from litestar.openapi import ResponseSpec

from milepost.web.telemetry.metrics import MEDIA_TYPE

Check: TypeAlias = Callable[[], Awaitable[bool]]
CHECK_SECONDS = 2.0

_log = structlog.get_logger()


class Readiness(msgspec.Struct, frozen=True):
    ready: bool
    failed: tuple[str, ...]


class Liveness(msgspec.Struct, frozen=True):
    alive: bool


def health_routes(
    checks: Mapping[str, Check],
    exposition: Callable[[], Awaitable[bytes]],
    alive: Callable[[], bool] = lambda: True,
) -> Router:
    """All of them answer without a token."""

    @get(
        "/health/live",
        responses={503: ResponseSpec(Liveness, description="Not now", generate_examples=False)},
    )
    async def live() -> Response[Liveness]:
        liveness = Liveness(alive=alive())
        return Response(liveness, status_code=200 if liveness.alive else 503)

    @get(
        "/health/ready",
        responses={503: ResponseSpec(Readiness, description="Not now", generate_examples=False)},
    )
    async def ready() -> Response[Readiness]:
        passed = await asyncio.gather(*(_passes(name, check) for name, check in checks.items()))
        failed = tuple(name for name, ok in zip(checks, passed, strict=True) if not ok)
        readiness = Readiness(ready=not failed, failed=failed)
        return Response(readiness, status_code=503 if failed else 200)

    @get("/metrics", media_type=MediaType.TEXT)
    async def metrics() -> Response[bytes]:
        # By header: litestar would add a second charset to the media type.
        return Response(await exposition(), headers={"Content-Type": MEDIA_TYPE})

    return Router("/", route_handlers=[live, ready, metrics], opt={"public": True}, tags=["health"])


async def _passes(name: str, check: Check) -> bool:
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            return await check()
    except Exception as fault:  # noqa: BLE001 - whatever it is, this process is not ready
        _log.warning("not_ready", check=name, fault=repr(fault))
        return False
