"""Verifies: reads what was handed in, gets the keys and lists that it names, judges.

    read ─▶ keys ─▶ is it signed by them? ─▶ status lists, and their keys ─▶ judge
                          └─ no: no list is asked for

Reading and judging take their time in threads, few at once, so that nobody else waits.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, Final, TypeVar

import msgspec
from msgspec.structs import replace

from milepost.credentials.open_badges.errors import NotAKey
from milepost.credentials.open_badges.keys import VerificationKey
from milepost.credentials.verification.checks.endorsements import endorsement_methods
from milepost.credentials.verification.checks.signatures import methods_of, signature_checks
from milepost.credentials.verification.checks.status_lists import list_addresses
from milepost.credentials.verification.judgement import judge, unreadable
from milepost.credentials.verification.judgement_inputs import Facts, NoKey
from milepost.credentials.verification.key_documents import (
    DocumentWanted,
    NotListed,
    address_of,
    find_key,
)
from milepost.credentials.verification.presented import Presented, Unreadable, read
from milepost.credentials.verification.report import Report
from milepost.credentials.verification.sources import Fetching, NotHad, Nothing, OwnIssuers
from milepost.credentials.verification.texts.shown import shown
from milepost.credentials.verification.texts.strict_json import NotStrictJson, strict_object
from milepost.events.runtime.outages import Overloaded
from milepost.web.outbound.client import Outbound
from milepost.web.outbound.hosts import Hosts
from milepost.web.settings import Settings

AT_ONCE: Final = 2
MAX_ASKED: Final = 32  # at a time, each with a few megabytes
MAX_KEYS: Final = 24  # of one credential, its endorsements and its lists
MAX_DOCUMENTS: Final = 2  # for one key: its own and its controller's
GATHERING_SECONDS: Final = 20.0
_LATE: Final = "there was no time left to get it"

T = TypeVar("T")


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """`ours` and `trusted` are the ids of issuers that are known."""

    at: datetime
    recipient: str | None = None
    ours: frozenset[str] = frozenset()
    trusted: frozenset[str] = frozenset()


class Verifier:
    """`fetching` None: nothing is fetched. `documents` are at hand, by their ids."""

    def __init__(
        self,
        own: OwnIssuers | None = None,
        fetching: Fetching | None = None,
        documents: Mapping[str, bytes] | None = None,
        gathering_seconds: float = GATHERING_SECONDS,
    ) -> None:
        self._own = own or Nothing()
        self._fetching = fetching
        self._documents = documents or {}
        self._gathering_seconds = gathering_seconds
        self._places = asyncio.Semaphore(AT_ONCE)
        self._asked = 0

    async def issuers(self, tenant: str) -> frozenset[str]:
        return await self._own.issuers(tenant)

    async def verify(self, data: bytes, question: Question) -> Report:
        """Raises `Overloaded` when too many wait already."""
        if self._asked >= MAX_ASKED:
            raise Overloaded
        self._asked += 1
        try:
            return await self._verified(data, question)
        finally:
            self._asked -= 1

    async def _verified(self, data: bytes, question: Question) -> Report:
        facts = Facts(
            at=question.at,
            recipient=question.recipient,
            ours=question.ours,
            trusted=question.trusted,
        )
        try:
            presented = await self._apart(lambda: read(data))
        except Unreadable as error:
            return unreadable(data, shown(str(error)), facts)
        gathered = await self._gathered(presented, facts)
        return await self._apart(lambda: judge(presented, gathered))

    async def _apart(self, work: Callable[[], T]) -> T:
        async with self._places:
            return await asyncio.to_thread(work)

    async def _gathered(self, presented: Presented, facts: Facts) -> Facts:
        """All that could be had in time."""
        gathering = _Gathering(self, facts)
        methods = (*methods_of(presented), *endorsement_methods(presented.document))
        try:
            async with asyncio.timeout(self._gathering_seconds):
                await gathering.add_keys(methods)
                proof, _ = await self._apart(lambda: signature_checks(presented, gathering.facts()))
                if proof.outcome == "passed":
                    await gathering.add_lists(list_addresses(presented.document))
        except TimeoutError:
            gathering.late(methods, list_addresses(presented.document))
        return gathering.facts()

    async def key_document(self, identifier: str) -> Mapping[str, Any]:
        """Raises `NotHad`, `NotAKey`."""
        own = await self._own.key_document(identifier)
        if own is not None:
            return strict_object(msgspec.json.encode(own))
        data = self._documents.get(identifier) or await self._fetch(address_of(identifier))
        try:
            return strict_object(data)
        except NotStrictJson as error:
            raise NotHad(f"the document at {shown(identifier)} cannot be read: {error}") from error

    async def status_list(self, address: str) -> Presented:
        """Raises `NotHad`."""
        data = await self._own.status_list(address) or self._documents.get(address)
        if data is None:
            data = await self._fetch(address)
        try:
            return await self._apart(lambda: read(data))
        except Unreadable as error:
            raise NotHad(f"its list cannot be read: {shown(str(error))}") from error

    async def _fetch(self, address: str) -> bytes:
        if self._fetching is None:
            raise NotHad("nothing is fetched here")
        return await self._fetching.get(address)


def verifier_of(settings: Settings, own: OwnIssuers | None = None) -> Verifier:
    """Of a service: it fetches from the hosts that the operator has named."""
    allowed = Hosts.read(settings.verify_fetch)
    private = Hosts.read(settings.outbound_private)
    outbound = Outbound(private, allowed=allowed)
    return Verifier(own, Fetching(outbound) if allowed.patterns else None)


class _Gathering:
    """Keys and lists of one credential, as they come in."""

    def __init__(self, verifier: Verifier, facts: Facts) -> None:
        self._verifier = verifier
        self._facts = facts
        self._documents: dict[str, Mapping[str, Any]] = {}
        self._keys: dict[str, VerificationKey | NoKey] = {}
        self._lists: dict[str, Presented | str] = {}

    def facts(self) -> Facts:
        return replace(self._facts, keys=dict(self._keys), lists=dict(self._lists))

    async def add_keys(self, methods: Iterable[str]) -> None:
        for method in methods:
            if method not in self._keys and len(self._keys) < MAX_KEYS:
                try:
                    self._keys[method] = await self._key(method)
                except (NotHad, NotAKey) as error:
                    denied = isinstance(error, NotListed)
                    self._keys[method] = NoKey(str(error), denied=denied)

    async def add_lists(self, addresses: Iterable[str]) -> None:
        for address in addresses:
            try:
                presented = await self._verifier.status_list(address)
            except NotHad as error:
                self._lists[address] = str(error)
            else:
                self._lists[address] = presented
                await self.add_keys(methods_of(presented))

    def late(self, methods: Iterable[str], addresses: Iterable[str]) -> None:
        for method in methods:
            self._keys.setdefault(method, NoKey(_LATE))
        for address in addresses:
            self._lists.setdefault(address, _LATE)

    async def _key(self, method: str) -> VerificationKey:
        """Raises `NotHad`, `NotAKey`."""
        for _ in range(MAX_DOCUMENTS + 1):
            try:
                return find_key(method, self._documents, self._facts.at)
            except DocumentWanted as wanted:
                identifier = wanted.identifier
                self._documents[identifier] = await self._verifier.key_document(identifier)
        raise NotHad("it leads from one document to the next")
