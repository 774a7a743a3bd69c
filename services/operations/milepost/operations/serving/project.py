"""What `milepost project` consists of: wiring, nothing else."""

from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from milepost.events.projections.projector import Projector
from milepost.operations.console.integrity.worker import checks_of_log, look_again_and_again
from milepost.operations.console.jobs.worker import do_jobs
from milepost.operations.rooms import read_models
from milepost.operations.serving.lifecycle import stop_signal
from milepost.operations.serving.process import (
    alive,
    patient_pool,
    probes_of,
    process_pool,
    run_process,
)
from milepost.web.settings import Settings


def run_project(health_port: int | None, data_dir: Path | None) -> None:
    def work(settings: Settings) -> Coroutine[Any, Any, None]:
        return _project(settings, health_port)

    run_process("project", work, data_dir, without_nats=True)


async def _project(settings: Settings, health_port: int | None) -> None:
    stop, probes = await stop_signal(), probes_of(settings, health_port)
    async with process_pool(settings, "project", size=12) as pool:
        projector = Projector(pool, read_models())
        async with patient_pool(settings, "project jobs") as apart:
            checks = look_again_and_again(apart, checks_of_log(apart, read_models()))
            jobs = do_jobs(apart, read_models())
            await alive(settings, pool, stop, projector.run(), jobs, checks, probes=probes)
