"""What a partner starts from: a program in Python that reads what its subscriber may."""

from milepost.subscriptions.partners.accounts import DOMAIN, STREAMS

ADDRESS = "MILEPOST_SUBSCRIBER"

PROGRAM = """\
import asyncio, json, os, sys
import nats, nats.errors

async def complain(error):  # a wrong password or a lacking permission is told here alone
    print(f"subscriber: {{error!r}}", file=sys.stderr, flush=True)

async def follow(client):
    feed = await client.jetstream(domain="{domain}").pull_subscribe_bind("{consumer}", "{stream}")
    while True:
        try:
            messages = await feed.fetch(100, timeout=5)
        except nats.errors.TimeoutError:
            continue  # nothing new
        for message in messages:
            event, headers = json.loads(message.data), message.headers
            print(headers["Milepost-Position"], headers["ce-type"], event, flush=True)
            await message.ack()  # once you have done what is to be done

async def main():
    address = os.environ["{address}"]
    client = await nats.connect(address, error_cb=complain, max_reconnect_attempts=-1)
    while True:
        try:
            await follow(client)
        except nats.errors.Error as gone:  # NATS starts, or the stream is made anew
            await complain(gone)
            await asyncio.sleep(1)

asyncio.run(main())
"""


def program(consumer: str) -> str:
    """It runs as it is, with `nats-py` alone, and is told the address by `MILEPOST_SUBSCRIBER`."""
    return PROGRAM.format(consumer=consumer, domain=DOMAIN, stream=STREAMS[0], address=ADDRESS)
