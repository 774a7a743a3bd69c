"""A bar per read model that is built, from what the database says has been committed."""

import asyncio
from collections.abc import Sequence
from typing import TypeVar

import asyncpg
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

from milepost.events.projections.positions import ModelStatus, model_status
from milepost.events.runtime.cancellation import cancel_and_wait
from milepost.operations.terminal.progress import on_terminal

T = TypeVar("T")

POLL_SECONDS = 0.2


async def watched(
    pool: asyncpg.Pool,
    names: Sequence[str],
    tenant: str | None,
    as_of: str | None,
    work: "asyncio.Task[T]",
) -> T:
    """Show how far `work` is until it is done. Its failure is raised."""
    try:
        await _watch(pool, names, tenant, as_of, work)
        return await work
    finally:
        await cancel_and_wait(work)


async def _watch(
    pool: asyncpg.Pool,
    names: Sequence[str],
    tenant: str | None,
    as_of: str | None,
    work: "asyncio.Task[T]",
) -> None:
    status = "past" if as_of else "building"
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        _Rate(),
        TimeRemainingColumn(),
        console=on_terminal(),
    ) as bars:
        tasks: dict[str, TaskID] = {}
        while not work.done():
            for one in await model_status(pool, tenant):
                if (one.status, one.as_of) == (status, as_of) and one.name in names:
                    _show(bars, tasks, one)
            await asyncio.wait({work}, timeout=POLL_SECONDS)
        if not work.cancelled() and work.exception() is None:
            for task in tasks.values():
                bars.update(task, completed=bars.tasks[task].total)


def _show(bars: Progress, tasks: dict[str, TaskID], one: ModelStatus) -> None:
    if one.name not in tasks:
        tasks[one.name] = bars.add_task(one.name, total=one.head, completed=one.position)
    bars.update(tasks[one.name], total=one.head, completed=one.position)


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text(f"{speed:,.0f} events/s" if speed else "")
