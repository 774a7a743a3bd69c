"""An installation as an earlier state left it: restored from `tests/golden/earlier`, and asked."""

import asyncio
import json
import lzma
import os
from collections.abc import Collection
from pathlib import Path
from typing import Any, NamedTuple

import asyncpg
import nats
import nats.js.errors
from tests.commands.forked import forked

GOLDEN = Path(__file__).parents[1] / "golden" / "earlier"
EXPECTED = json.loads((GOLDEN / "expected.json").read_text("utf-8"))


class Installation(NamedTuple):
    data_dir: Path
    database: str
    nats: str
    pool: asyncpg.Pool

    @property
    def variables(self) -> dict[str, str]:
        return {"MILEPOST_POSTGRES": self.database, "MILEPOST_NATS": self.nats}

    async def run(self, *arguments: str, codes: Collection[int] = (0,)) -> str:
        """What `milepost ARGUMENTS…` prints; its exit code must be one of these."""
        process = await asyncio.create_subprocess_exec(
            *(*forked(), *arguments),
            env={**os.environ, **self.variables, "MILEPOST_DATA_DIR": str(self.data_dir)},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, error = await process.communicate()
        assert process.returncode in codes, f"{arguments}: {out.decode()}{error.decode()}"
        return out.decode()

    async def ask(self, *arguments: str, codes: Collection[int] = (0,)) -> Any:
        return json.loads(await self.run(*arguments, "--json", codes=codes))

    async def verify(self) -> Any:
        heads, keys = GOLDEN / "signed_heads.jwt", GOLDEN / "log_keys.json"
        return await self.ask("log", "verify", "--against", str(heads), "--keys", str(keys))

    async def fetch(self, query: str) -> list[Any]:
        return [row[0] for row in await self.pool.fetch(query)]

    async def published(self) -> tuple[int, int]:
        """How many messages the stream holds, and how many it ever took."""
        client = await nats.connect(self.nats)
        try:
            state = (await client.jetstream().stream_info("MILEPOST")).state
        except nats.js.errors.NotFoundError:
            return 0, 0
        finally:
            await client.close()
        return state.messages, state.last_seq


async def restore(address: str) -> None:
    dump = lzma.decompress((GOLDEN / "database.sql.xz").read_bytes()).decode()
    connection = await asyncpg.connect(address)
    await connection.execute(dump)
    await connection.close()
