"""What a partner starts from: a program in Python that reads what its subscriber may."""

from typing import Final

from milepost.subscriptions.partners.accounts import DOMAIN, STREAMS

ADDRESS: Final = "MILEPOST_SUBSCRIBER"

PROGRAM: Final = """\
import asyncio, json, os, sys
import nats, nats.errors

STREAM = os.environ.get("MILEPOST_STREAM", "{stream}")
MOST = int(sys.argv[1]) if sys.argv[1:] else None

async def complain(error):  # a wrong password, or what you may not, is told here alone
    print(f"subscriber: {{error!r}}", file=sys.stderr, flush=True)

async def follow(client, handled=0):
    js = client.jetstream(domain="{domain}")
    feed = await js.pull_subscribe_bind("{consumer}", STREAM)
    while handled != MOST:
        try:
            messages = await feed.fetch(MOST or 100, timeout=5)
        except nats.errors.TimeoutError:
            continue  # nothing new
        for message in messages:
            event, headers = json.loads(message.data), message.headers
            print(headers["Milepost-Position"], headers["ce-type"], event, flush=True)
            await message.ack()  # once you have done what is to be done
            handled += 1

async def main():
    address = os.environ["{address}"]
    client = await nats.connect(address, error_cb=complain, max_reconnect_attempts=-1)
    while True:
        try:
            await follow(client)
            return await client.drain()
        except nats.errors.Error as gone:  # NATS starts, or the stream is made anew
            await complain(gone)
            await asyncio.sleep(1)

asyncio.run(main())
"""


def program(consumer: str) -> str:
    """It runs as it is, with `nats-py` alone, and is told the address by `MILEPOST_SUBSCRIBER`."""
    return PROGRAM.format(consumer=consumer, domain=DOMAIN, stream=STREAMS[0], address=ADDRESS)
