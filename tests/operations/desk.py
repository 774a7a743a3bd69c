"""A registrar at a terminal, beside a Milepost that serves in a process of its own."""

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tests.clients import Running
from tests.commands.forked import forked
from tests.processes import milepost, wait_until_ready

from milepost.operations.local.embedded import free_port


class Desk(NamedTuple):
    """Where a registrar sits: a folder, and where Milepost answers."""

    school: Running
    folder: Path

    def file(self, name: str, content: str) -> str:
        path = self.folder / name
        path.write_text(content)
        return str(path)

    async def start(self, *arguments: str, **given: str) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *(*forked(), *arguments),
            *("--http", self.school.http, "--data-dir", str(self.school.data_dir)),
            env={**os.environ, "COLUMNS": "80", **given},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )

    async def run(self, *arguments: str, code: int = 0, **given: str) -> str:
        process = await self.start(*arguments, **given)
        out, errors = await asyncio.wait_for(process.communicate(), 60)
        assert process.returncode == code, errors.decode()
        return (out or errors).decode()


def serving(
    services: str, postgres: str, nats: str, data_dir: Path, **settings: str
) -> Iterator[Running]:
    port = free_port(0)
    school = Running(f"http://127.0.0.1:{port}", data_dir)
    servers = {"MILEPOST_POSTGRES": postgres, "MILEPOST_NATS": nats, **settings}
    with milepost(data_dir, "serve", services, MILEPOST_PORT=str(port), **servers) as one:
        wait_until_ready(school.http, one)
        yield school


async def sit_down(school: Running, folder: Path) -> Desk:
    """With an offering of two seats, which is called as the folder is."""
    async with school.client() as client:
        await client.open(folder.name, seats=2, waitlist=False)
    return Desk(school, folder)


def csv(desk: Desk, *learners: str) -> str:
    lines = [f"{learner},{desk.folder.name}" for learner in learners]
    return desk.file("who.csv", "\n".join(["learner,offering", *lines]))
