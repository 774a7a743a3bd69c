"""What happens in a school, shown as NATS brings it: a window on a terminal, else a line each."""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.table import Table

from milepost.events.log import Recorded
from milepost.events.runtime.cancellation import cancel_and_wait
from milepost.operations.commands.events.tail import follow
from milepost.operations.terminal.percent import whole_percent

LINES = 12
EVERY_SECONDS = 2.0
COUNTERS = {
    "learner_enrolled": "enrolled",
    "learner_waitlisted": "waitlisted",
    "lesson_started": "lessons started",
    "attempt_scored": "attempts scored",
    "enrollment_withdrawn": "withdrawn",
    "course_completed": "courses completed",
    "credential_awarded": "credentials awarded",
}


class Feed:
    """Counts everything, and keeps the last happenings that a person would tell."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.lines: deque[str] = deque(maxlen=LINES)
        self._printed = ""

    def add(self, event: Recorded) -> None:
        self.counts["events published"] += 1
        if event.type in COUNTERS:
            self.counts[COUNTERS[event.type]] += 1
        if headline := _headline(event.type, msgspec.json.decode(event.data)):
            self.lines.append(f"{event.occurred_at:%d %b %H:%M}  {headline}")

    def window(self) -> RenderableType:
        counts = Table.grid(padding=(0, 2))
        for name in ("events published", *COUNTERS.values()):
            counts.add_row(name, f"[bold]{self.counts[name]:,}[/bold]")
        happened = Panel("\n".join(self.lines), title="as it happens", height=LINES + 2)
        return Group(happened, counts)

    def summary(self) -> str:
        names = ("enrolled", "courses completed", "credentials awarded")
        counts = ", ".join(f"{self.counts[name]:,} {name}" for name in names)
        return f"{counts}.  {self.lines[-1] if self.lines else ''}"

    def print_summary(self, console: Console) -> None:
        """The summary, unless nothing has changed since."""
        if (summary := self.summary()) != self._printed:
            console.print(summary, highlight=False, soft_wrap=True)
            self._printed = summary


@asynccontextmanager
async def live_feed(console: Console, nats: str, tenant: str) -> AsyncIterator[Feed]:
    """Show a tenant's events while the block runs."""
    feed = Feed()
    shown = _in_window if console.is_terminal else _in_lines
    tasks = [
        asyncio.create_task(_listen(feed, nats, tenant)),
        asyncio.create_task(shown(console, feed)),
    ]
    try:
        yield feed
    finally:
        await cancel_and_wait(*tasks)


async def _listen(feed: Feed, nats: str, tenant: str) -> None:
    async for event in follow(nats, f"milepost.{tenant}.>", from_start=True):
        feed.add(event)


async def _in_window(console: Console, feed: Feed) -> None:
    with Live(console=console, get_renderable=feed.window, refresh_per_second=10):
        await asyncio.Event().wait()


async def _in_lines(console: Console, feed: Feed) -> None:
    while True:
        await asyncio.sleep(EVERY_SECONDS)
        feed.print_summary(console)


def _headline(tag: str, fact: dict[str, Any]) -> str | None:
    match tag:
        case "learner_enrolled":
            return f"{fact['learner']} enrolled in {fact['offering']}"
        case "learner_waitlisted":
            return f"{fact['learner']} waits for a seat in {fact['offering']}"
        case "enrollment_withdrawn":
            return f"{fact['learner']} left {fact['offering']} ({fact['reason']})"
        case "course_completed":
            grade = fact.get("grade")
            with_grade = "" if grade is None else f" with {whole_percent(grade)}"
            return f"{fact['learner']} completed {fact['course']}{with_grade}"
        case "credential_awarded":
            return f"[bold green]{fact['learner']} earned {fact['achievement']}[/bold green]"
        case _:
            return None
