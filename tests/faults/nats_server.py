"""A NATS that a test may mistreat."""

from typing import Any
from uuid import uuid4

from milepost.operations.local.embedded import free_port
from milepost.operations.local.embedded_nats import EmbeddedNats


class Server:
    def __init__(self, home):
        self.home = home
        self.store = home / "nats" / "jetstream" / "jetstream" / "MILEPOST" / "streams" / "MILEPOST"
        mark = f"milepost-{uuid4().hex[:12]}"
        self.nats = EmbeddedNats(home / "nats", mark=mark, port=free_port(0), token="secret")
        self.url = self.nats.address
        self.child: Any = None  # until it is started

    async def start(self):
        self.child = await self.nats.start()

    async def kill(self):
        self.child.process.kill()
        await self.child.wait()
