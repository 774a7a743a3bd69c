"""A relay as a process, to be stopped and killed: POSTGRES NATS [unfenced].

On SIGUSR1 it stops itself, as if its machine slept, at the worst moment: with events read, and not
yet published.
"""

import asyncio
import os
import signal
import sys

from tests.events.traffic import SERVICES

from milepost.events.nats.pipeline import FencedPipeline
from milepost.events.relay import relay
from milepost.events.store.postgres import PostgresLog, connect_pool

# So small that it is always in the middle of something.
BATCH = 20


class Drowsy(PostgresLog):
    drowsy = False

    async def read(self, tenant, after=0, limit=1000, types=None):
        events = await super().read(tenant, after, limit, types)
        if events and self.drowsy:
            self.drowsy = False
            os.kill(os.getpid(), signal.SIGSTOP)
        return events

    def grow_drowsy(self):
        self.drowsy = True


class Unfenced(FencedPipeline):
    """The mutant: it predicts nothing, so the stream takes whatever comes."""

    def _predictions(self, name):  # noqa: ARG002 - as in FencedPipeline
        return ""


async def main(postgres, nats_url, *mutant):
    if mutant == ("unfenced",):
        relay.FencedPipeline = Unfenced  # type: ignore[attr-defined]
    pool = await connect_pool(postgres, name="relay")
    log = Drowsy(pool)
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, log.grow_drowsy)
    await relay.Relay(log, postgres, nats_url, SERVICES, batch=BATCH).run()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
