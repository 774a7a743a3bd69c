"""A rebuild in several processes: one folds on one core, however many a machine has.

    models ── dealt out ──▶ a process for each part: reads the log, folds, commits, switches

Each model is rebuilt by one of them, as `rebuild` does it; whoever was stopped goes on.
"""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack
from functools import partial
from multiprocessing import active_children, get_context

from milepost.events.projections.catch_up import UNHURRIED, Pace
from milepost.events.projections.read_model import ReadModel
from milepost.events.projections.rebuild import Rebuilt, Switch, rebuild
from milepost.events.runtime.event_loop import run
from milepost.events.store.postgres import connect_pool
from milepost.operations.rooms import read_models
from milepost.operations.terminal.errors import Trouble
from milepost.web.settings import Settings
from milepost.web.telemetry.logs import configure_logging

CONNECTIONS = 10  # of each process
KILLED = "A process of the rebuild was killed (is memory short?); the same command goes on."


async def rebuild_in_processes(
    settings: Settings,
    models: Sequence[ReadModel],
    processes: int,
    *,
    only_tenant: str | None = None,
    pace: Pace = UNHURRIED,
    switch: Switch = "always",
) -> list[Rebuilt]:
    """As `rebuild`, and raises the same. All parts end, whichever fails or is killed: `Trouble`."""
    parts = dealt(models, processes)
    part = partial(_rebuild_part, settings, only_tenant, pace, switch)
    loop, others = asyncio.get_running_loop(), active_children()
    with ExitStack() as executors:
        # An executor each: a shared one may not see the death of a process that came after others.
        works = [
            loop.run_in_executor(executors.enter_context(_one_process(settings)), part, some)
            for some in parts
        ]
        try:
            answers = await asyncio.gather(*works, return_exceptions=True)
        except BaseException:  # it is stopped: what they have not committed is done again
            for child in active_children():
                if child not in others:
                    child.terminate()
            raise
    rebuilt: dict[str, Rebuilt] = {}
    for answer in answers:
        if isinstance(answer, BrokenProcessPool):
            raise Trouble(KILLED) from answer
        if isinstance(answer, BaseException):
            raise answer
        rebuilt |= {one.name: one for one in answer}
    return [rebuilt[model.name] for model in models]


def _one_process(settings: Settings) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(
        1,
        mp_context=get_context("spawn"),  # a fork would share the loop and its connections
        initializer=configure_logging,
        initargs=(settings,),
    )


def dealt(models: Sequence[ReadModel], parts: int) -> list[list[str]]:
    """Names of models, in parts that are about as much work: whoever hears of more kinds of events
    and fills more tables has more of it. No part is empty.
    """
    works = {model.name: len(model.codec.tags) * len(model.tables) for model in models}
    found: list[list[str]] = [[] for _ in range(min(parts, len(models)))]
    for name in sorted(works, key=works.__getitem__, reverse=True):
        min(found, key=lambda part: sum(map(works.__getitem__, part))).append(name)
    return found


def _rebuild_part(
    settings: Settings,
    only_tenant: str | None,
    pace: Pace,
    switch: Switch,
    names: Sequence[str],
) -> list[Rebuilt]:
    async def work() -> list[Rebuilt]:
        models = [model for model in read_models() if model.name in names]
        pool = await connect_pool(settings.postgres, name="milepost projections", size=CONNECTIONS)
        try:
            return await rebuild(pool, models, only_tenant=only_tenant, pace=pace, switch=switch)
        finally:
            await pool.close()

    return run(work())
