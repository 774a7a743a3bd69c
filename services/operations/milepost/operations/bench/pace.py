"""Commands at an even pace, and when each position was committed."""

import asyncio
import time
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from milepost.events.commands.group_commit import GroupCommit
from milepost.events.log import Appended, Command, Log, Result
from milepost.operations.bench.figures import WentWrong
from milepost.operations.bench.http_calls import TENANT


async def commit_evenly(
    log: Log, commands: Iterable[Command], per_second: float
) -> Mapping[int, float]:
    """Hand them to a group commit, as a service does.

    By position, the `perf_counter` at which its commit was known here. Raises `WentWrong`.
    """
    writer = GroupCommit(log)
    committed: dict[int, float] = {}

    def landed(done: asyncio.Future[Result]) -> None:
        result, now = done.result(), time.perf_counter()
        if isinstance(result, Appended):
            committed.update(dict.fromkeys(range(result.first, result.last + 1), now))

    begin, handed_in = time.perf_counter(), 0
    for command in commands:
        early = begin + handed_in / per_second - time.perf_counter()
        if early > 0:
            await asyncio.sleep(early)
        writer.submit(TENANT, command).add_done_callback(landed)
        handed_in += 1
    await writer.close()
    await asyncio.sleep(0)
    if len(committed) != handed_in:
        raise WentWrong(f"{handed_in} commands of one event made {len(committed)}")
    return MappingProxyType(committed)
