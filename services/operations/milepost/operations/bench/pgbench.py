"""The yardstick: pgbench, inserting one row of the log's shape at a time, without any check."""

import asyncio
import re
import tempfile
from pathlib import Path

from milepost.events.store.postgres import owner_connection
from milepost.operations.local.embedded_postgres import binaries

CLIENTS = 16
YARDSTICK = f"pgbench: one-row INSERT of the same row, no checks, no index, {CLIENTS} clients"
INSERT = """insert into yardstick values ('t', nextval('yardstick_position'),
    'progress-2f6d7a0c-9f0c-5f39-a8a6-2d5f0d9b8e11', 1, 'attempt_scored',
    '{"enrollment": "2f6d7a0c-9f0c-5f39-a8a6-2d5f0d9b8e11", "lesson": "quiz-03",
      "report": "r-000123", "attempt": 2, "score": 0.85}',
    '{"actor": "learner-1", "correlation": "0190f5fe-7c00-7a00-8000-000000000000"}',
    now(), now(), '0190f5fe-7c00-7a00-8000-000000000000')"""


class PgbenchFailed(Exception):
    """pgbench ended with an error; the message is its own."""


async def insert_rows_per_second(dsn: str, seconds: int) -> float:
    async with owner_connection(dsn) as connection:
        await connection.execute("""create table yardstick (like log.events);
                                    create sequence yardstick_position cache 100""")
        try:
            return await transactions_per_second(dsn, INSERT, seconds, CLIENTS)
        finally:
            await connection.execute("drop table yardstick; drop sequence yardstick_position")


async def transactions_per_second(
    dsn: str, statement: str, seconds: int, clients: int, draw: str = ""
) -> float:
    """The statement over and over; `draw` is pgbench's own command before each."""
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "script.sql"
        script.write_text(f"{draw}\n{' '.join(statement.split())};\n", "utf-8")
        return await _transactions_per_second(dsn, script, seconds, clients)


async def _transactions_per_second(dsn: str, script: Path, seconds: int, clients: int) -> float:
    process = await asyncio.create_subprocess_exec(
        str(binaries() / "pgbench"),
        *("--no-vacuum", "--protocol=prepared", f"--client={clients}", "--jobs=2"),
        *(f"--time={seconds}", f"--file={script}", dsn),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await process.communicate()
    found = re.search(r"tps = ([\d.]+)", output.decode())
    if process.returncode or found is None:
        raise PgbenchFailed(errors.decode().strip())
    return float(found[1])
