"""All benchmarks, one after the other, each in a process of its own."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from types import MappingProxyType
from typing import Any

import msgspec

from milepost.operations.bench.figures import WentWrong
from milepost.operations.bench.measures import memory
from milepost.operations.local.child_process import STOP_SECONDS

# In the order of the table; with the options that make it quick, and rough.
QUICK: Mapping[str, Sequence[str]] = MappingProxyType(
    {
        "append": ("--seconds", "1"),
        "commands": ("--count", "3000"),
        "reports": ("--singles", "2000", "--batches", "100"),
        "seats": ("--learners", "1000", "--seats", "50"),
        "bulk": ("--rows", "10000"),
        "relay": ("--events", "50000", "--seconds", "2"),
        "rebuild": ("--events", "100000"),
        "verify": ("--events", "100000"),
        "audit": ("--learners", "5000"),
        "lag": ("--seconds", "3"),
        "settled": ("--seconds", "3"),
        "sign": ("--count", "800"),
        "reads": ("--events", "100000", "--queries", "4000"),
        "pages": ("--events", "20000", "--pages", "3000"),
        "live": ("--pages", "200", "--seconds", "2"),
        "feed": ("--events", "50000", "--streams", "200", "--seconds", "2"),
        "webhooks": ("--events", "3000", "--seconds", "2"),
        "import": (),
        "growth": ("--millions", "0.02,0.05,0.1"),
    }
)
LIMIT_SECONDS = 1200


async def measure(
    names: Sequence[str], tell: Callable[[str], None], *, quick: bool
) -> list[dict[str, Any]]:
    """What each says, and in the end `memory`. One that fails says `failed`, and why."""
    found: list[dict[str, Any]] = []
    peaks_mb: dict[str, float] = {}
    async with memory.watched(peaks_mb):
        for number, name in enumerate(names, 1):
            tell(f"{name} ({number} of {len(names)})")
            try:
                found.append(await _figures(name, QUICK[name] if quick else ()))
            except WentWrong as failure:
                found.append({"name": name, "failed": str(failure)})
    return [*found, memory.measured(peaks_mb).as_json()]


async def _figures(name: str, options: Sequence[str]) -> dict[str, Any]:
    """What `milepost bench NAME --json` says on its last line. Raises `WentWrong`."""
    async with _benchmark(name, options) as process:
        try:
            output, errors = await asyncio.wait_for(process.communicate(), LIMIT_SECONDS)
        except TimeoutError:
            raise WentWrong(f"not done after {LIMIT_SECONDS} s") from None
    if process.returncode:
        raise WentWrong(_last_line(errors) or f"ended with {process.returncode}")
    found: dict[str, Any] = msgspec.json.decode(_last_line(output))
    return found


@asynccontextmanager
async def _benchmark(
    name: str, options: Sequence[str]
) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "milepost.operations", "bench", name, "--json", *options),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            await _stop(process)


async def _stop(process: asyncio.subprocess.Process) -> None:
    """As Ctrl-C would, so that it tidies up after itself."""
    process.send_signal(signal.SIGINT)
    try:
        await asyncio.wait_for(process.wait(), STOP_SECONDS)
    except TimeoutError:
        process.kill()
        await process.wait()


def _last_line(output: bytes) -> str:
    lines = output.decode("utf-8", "replace").strip().splitlines()
    return lines[-1] if lines else ""
