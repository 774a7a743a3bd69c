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


class Drowsy(FencedPipeline):
    """Stopped with events in its hand, just before it sends them."""

    drowsy = False

    async def publish(self, messages):
        if messages and Drowsy.drowsy:
            Drowsy.drowsy = False
            os.kill(os.getpid(), signal.SIGSTOP)
        await super().publish(messages)


def grow_drowsy():
    Drowsy.drowsy = True


class Unfenced(Drowsy):
    """The mutant: it predicts nothing, so the stream takes whatever comes."""

    def _predictions(self, name):  # noqa: ARG002 - as in FencedPipeline
        return ""


async def main(postgres, nats_url, *mutant):
    relay.FencedPipeline = Unfenced if mutant == ("unfenced",) else Drowsy  # type: ignore[attr-defined]
    log = PostgresLog(await connect_pool(postgres, name="relay"))
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, grow_drowsy)
    await relay.Relay(log, postgres, nats_url, SERVICES, batch=BATCH).run()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
