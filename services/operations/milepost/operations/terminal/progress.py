"""Bars on the terminal's error side, one for each thing that is being done."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from milepost.events.relay.stream_inventory import OnProgress


def on_terminal() -> Console:
    """The error side; silent where nobody watches, for a bar that has ended says nothing."""
    return Console(stderr=True, quiet=not sys.stderr.isatty())


@contextmanager
def bars() -> Iterator[OnProgress]:
    """Call what this gives with what is done, how much of it, and how much there is."""
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        _Rate(),
        TimeRemainingColumn(),
        console=on_terminal(),
    ) as progress:
        tasks: dict[str, TaskID] = {}

        def show(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = progress.add_task(what, total=total)
            progress.update(tasks[what], completed=done, total=total)

        yield show


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text(f"{speed:,.0f}/s" if speed else "")
