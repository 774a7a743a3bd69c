"""The metrics of several processes in one answer, each sample with the process that it is of.

    milepost serve ── GET /metrics ──▶ relay, project      a second each, 8 MB at most
          └── its own, and theirs, family by family ──▶ one text

`milepost up` has the process that serves ask those that it has started. One that does not answer
is left out, and `milepost_peer_up` says so: the others are told all the same.
"""

import asyncio
import re
import ssl
from collections.abc import Iterator, Mapping
from functools import cache
from types import MappingProxyType

import httpx2
from prometheus_client import Gauge

from milepost.web.settings import SettingInvalid

PEER = re.compile(r"([a-z]{1,32})=(http://[^,\s]+)")
MAX_PEERS = 16
ANSWER_SECONDS = 1.0
MAX_BYTES = 8_000_000
FAMILY = "# HELP "

PEER_UP = Gauge("milepost_peer_up", "1 when that process told its metrics, else 0", ["peer"])


class Peers:
    """`addresses` of `/metrics`, by the process's name; `own` is what this process is called."""

    def __init__(self, own: str, addresses: Mapping[str, str]) -> None:
        self.own = own
        self.addresses = MappingProxyType(dict(addresses))
        self._asking: asyncio.Task[dict[str, str]] | None = None

    async def texts(self) -> Mapping[str, str]:
        """What each says, of those that answer. Who asks meanwhile gets the same."""
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._ask())
        return await asyncio.shield(self._asking)

    async def _ask(self) -> dict[str, str]:
        # A proxy that the environment names is not for this.
        async with httpx2.AsyncClient(
            trust_env=False, timeout=ANSWER_SECONDS, verify=_authorities()
        ) as client:
            texts = await asyncio.gather(
                *(_text(client, address) for address in self.addresses.values())
            )
        for name, text in zip(self.addresses, texts, strict=True):
            PEER_UP.labels(name).set(text is not None)
        return {name: text for name, text in zip(self.addresses, texts, strict=True) if text}


@cache
def _authorities() -> ssl.SSLContext:
    """Reading them holds the loop for 40 ms: once, not at every answer."""
    return ssl.create_default_context()


def peers_of(setting: str, own: str = "serve") -> Peers | None:
    """`relay=http://…/metrics,project=…`; None for an empty one. Raises `SettingInvalid`."""
    if not setting:
        return None
    found = [PEER.fullmatch(part) for part in setting.split(",")]
    addresses = {match[1]: match[2] for match in found if match and match[1] != own}
    if len(addresses) < len(found) or len(found) > MAX_PEERS:
        raise SettingInvalid(
            f"MILEPOST_METRICS_PEERS={setting!r}: up to {MAX_PEERS} of"
            " NAME=http://HOST:PORT/metrics, separated by commas, each name once"
        )
    return Peers(own, addresses)


def merged(texts: Mapping[str, str]) -> str:
    """Texts by process as one: every family once, every sample with the label `process`."""
    families: dict[str, list[str]] = {}
    for process, text in texts.items():
        for name, head, samples in _families(text):
            lines = families.setdefault(name, head)
            lines += [_labeled(sample, process) for sample in samples]
    return "".join(f"{line}\n" for lines in families.values() for line in lines)


def _families(text: str) -> Iterator[tuple[str, list[str], list[str]]]:
    """Name, comments and samples of each: a family begins with its help."""
    for part in text.split(f"\n{FAMILY}"):
        lines = [line for line in part.removeprefix(FAMILY).splitlines() if line]
        if lines:
            head = [FAMILY + lines[0], *(line for line in lines[1:] if line.startswith("#"))]
            name = lines[0].partition(" ")[0]
            yield name, head, [line for line in lines[1:] if not line.startswith("#")]


def _labeled(sample: str, process: str) -> str:
    name, brace, rest = sample.partition("{")
    if brace:
        return f'{name}{{process="{process}",{rest}'
    name, _, value = sample.partition(" ")
    return f'{name}{{process="{process}"}} {value}'


async def _text(client: httpx2.AsyncClient, address: str) -> str | None:
    """None when it does not answer in time, or says too much."""
    try:
        async with asyncio.timeout(ANSWER_SECONDS), client.stream("GET", address) as response:
            response.raise_for_status()
            return await _read(response)
    except (httpx2.HTTPError, TimeoutError):
        return None


async def _read(response: httpx2.Response) -> str | None:
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > MAX_BYTES:
            return None
    return body.decode("utf-8", "replace")
