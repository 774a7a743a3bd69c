"""`memory`: the most that each process ever held, read from outside while it works."""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import psutil

from milepost.operations.bench.figures import Measured

TARGET_MB = 300
POLL_SECONDS = 0.25
GONE = (psutil.Error, OSError)


@asynccontextmanager
async def watched(peaks_mb: dict[str, float]) -> AsyncIterator[None]:
    """Enter the peak of every process below this one, by what it is, until leaving."""
    watch = asyncio.create_task(_watch(peaks_mb))
    try:
        yield
    finally:
        watch.cancel()
        await asyncio.gather(watch, return_exceptions=True)


def measured(peaks_mb: Mapping[str, float]) -> Measured:
    """`…_peak_mb` per process. Load generators are not among them: they are not Milepost."""
    figures = {
        f"{name.replace(' ', '_').replace('-', '_')}_peak_mb": round(peak, 1)
        for name, peak in sorted(peaks_mb.items())
    }
    return Measured(
        name="memory",
        figures=figures,
        target=f"each <= {TARGET_MB} MB (of Postgres: the largest process, without shared memory)",
        met=bool(figures) and max(figures.values()) <= TARGET_MB,
    )


async def _watch(peaks_mb: dict[str, float]) -> None:
    own = psutil.Process()
    while True:
        for process in own.children(recursive=True):
            with suppress(*GONE):  # it has ended meanwhile
                name = _name(process)
                if name:
                    peaks_mb[name] = max(peaks_mb.get(name, 0.0), _peak_mb(name, process))
        await asyncio.sleep(POLL_SECONDS)


def _name(process: psutil.Process) -> str | None:
    """What runs there, as its user would call it; None for what is not Milepost's work."""
    if process.name() in ("postgres", "nats-server"):
        return process.name()
    return _command(process.cmdline())


def _command(words: list[str]) -> str | None:
    """`python -m milepost.operations serve enrollment` → `serve enrollment`."""
    if "milepost.operations" not in words:
        return None
    match words[words.index("milepost.operations") + 1 :]:
        case ["serve", service, *_]:
            return f"serve {service}"
        case ["relay" | "project" as name, *_]:
            return name
        case ["bench", "rebuild" | "import" as name, *_]:
            return name  # it does in its own process what the command does
    return None


def _peak_mb(name: str, process: psutil.Process) -> float:
    if name == "postgres":
        memory = process.memory_info()
        return (memory.rss - getattr(memory, "shared", 0)) / 1e6
    status = Path(f"/proc/{process.pid}/status")
    if status.exists():  # Linux remembers the peak between two looks
        return _high_water_kb(status) * 1024 / 1e6
    return process.memory_info().rss / 1e6


def _high_water_kb(status: Path) -> int:
    found = re.search(r"VmHWM:\s+(\d+)", status.read_text("ascii", "replace"))
    return int(found[1]) if found else 0
