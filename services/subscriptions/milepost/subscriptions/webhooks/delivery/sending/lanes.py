"""What this process has claimed, by webhook, and how much of it may be under way at once.

    lane of a webhook    [run][run][run] ─▶ ● ● ●      16 at once; one, until something arrived
    host of a school     ────────────────▶  ● ● ● ●    32 at once; none, while its breaker is
                                                       open, and one behind that
    school               ────────────────▶  250
    process              ────────────────▶  1,000

So a receiver that is dead holds one call at a time, and nobody waits for it.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final

import msgspec
from httpx2 import URL

from milepost.events.log import Recorded
from milepost.subscriptions.webhooks.delivery.sending.breaker import CLOSED, Breaker
from milepost.subscriptions.webhooks.delivery.sending.claims import Claimed, Wanted
from milepost.subscriptions.webhooks.domain.signing import Secret

OF_WEBHOOK: Final = 16
OF_HOST: Final = 32
OF_PROCESS: Final = 1_000
# However many hosts it names, and however long these take: others have webhooks too.
OF_SCHOOL: Final = OF_PROCESS // 4
# Claimed ahead, in calls of one webhook that may be under way: fewer and larger claims.
AHEAD: Final = 4

Address = tuple[str, str]


class Run(msgspec.Struct, frozen=True):
    """Deliveries of one webhook, one after the other. `claimed_at` by the monotonic clock."""

    claimed: Sequence[Claimed]
    events: Sequence[Recorded]
    url: str
    secrets: Sequence[Secret]
    claimed_at: float

    @property
    def address(self) -> Address:
        return self.claimed[0].tenant, self.claimed[0].webhook


class Endpoint(msgspec.Struct, frozen=True):
    """A webhook that is sent to, and when the first of its deliveries is due; None: none waits."""

    tenant: str
    webhook: str
    url: str
    ordered: bool
    failures: int
    due_at: datetime | None


class Host:
    """Of one school."""

    __slots__ = ("_saved", "breaker", "under_way")

    def __init__(self) -> None:
        self.breaker: Breaker = CLOSED
        self.under_way = 0
        self._saved = False

    def learn(self, saved: Breaker | None) -> None:
        """What the database has of it: another process may have opened or closed it."""
        if saved is not None:
            self._saved = True
            self.breaker = max(self.breaker, saved, key=lambda one: one.opened)
        elif self._saved:
            self._saved, self.breaker = False, CLOSED

    def takes(self, now: datetime) -> bool:
        return not self.breaker.is_open(now) and self.under_way < self.breaker.at_once(OF_HOST)


class Lane:
    """Of one webhook. `due`: there may be more to claim. `trusted`: its last call arrived."""

    __slots__ = ("due", "endpoint", "host", "runs", "trusted", "under_way")

    def __init__(self, endpoint: Endpoint, host: Host) -> None:
        self.endpoint = endpoint
        self.host = host
        self.runs: deque[Run] = deque()
        self.under_way = 0
        self.due = False
        self.trusted = False

    @property
    def limit(self) -> int:
        return OF_WEBHOOK if self.trusted else 1

    def takes(self, now: datetime) -> bool:
        return self.under_way < self.limit and self.host.takes(now)

    def wanted(self, now: datetime) -> Wanted | None:
        """What to claim for it now, if anything."""
        if not self.due or not self.takes(now) or len(self.runs) >= self.limit:
            return None
        ahead = self.limit * AHEAD if self.trusted else 1
        one = self.endpoint
        return Wanted(one.tenant, one.webhook, one.ordered, ahead - len(self.runs))


class Lanes:
    """Of a process; `of_host` are those of hosts, by school and `name:port`."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._lanes: dict[Address, Lane] = {}
        self._hosts: dict[Address, Host] = {}
        self.under_way = 0
        self._of_school: Counter[str] = Counter()

    def update(self, endpoints: Iterable[Endpoint], breakers: Mapping[Address, Breaker]) -> None:
        """As the database has them: what is not there is not sent to any more."""
        found = {(one.tenant, one.webhook): one for one in endpoints}
        for address, host in self._hosts.items():
            host.learn(breakers.get(address))
        for address, one in found.items():
            self._known(address, one, breakers)
        for address in [a for a, lane in self._lanes.items() if a not in found and _idle(lane)]:
            del self._lanes[address]
        used = {id(lane.host) for lane in self._lanes.values()}
        self._hosts = {a: one for a, one in self._hosts.items() if id(one) in used}

    def _known(
        self, address: Address, endpoint: Endpoint, breakers: Mapping[Address, Breaker]
    ) -> None:
        key = endpoint.tenant, host_of(endpoint.url)
        if key not in self._hosts:
            self._hosts[key] = Host()
            self._hosts[key].learn(breakers.get(key))
        lane = self._lanes.setdefault(address, Lane(endpoint, self._hosts[key]))
        lane.endpoint, lane.host = endpoint, self._hosts[key]
        lane.trusted = lane.trusted and not endpoint.failures
        # What has rung since the database was asked stays so.
        lane.due |= endpoint.due_at is not None and endpoint.due_at <= self._clock()

    def ring(self, address: Address) -> bool:
        """There is something for this webhook. False: it is not known here."""
        if address in self._lanes:
            self._lanes[address].due = True
        return address in self._lanes

    def wanted(self) -> list[Wanted]:
        now = self._clock()
        if self.under_way >= OF_PROCESS:
            return []
        return [
            one
            for (tenant, _), lane in self._lanes.items()
            if self._has_room(tenant) and (one := lane.wanted(now))
        ]

    def add(self, asked: Sequence[Wanted], runs: Iterable[Run]) -> list[Claimed]:
        """What was claimed; of whom fewer came than asked for has no more at this moment.

        Returns what is for webhooks that are not sent to any more.
        """
        came, gone = dict[Address, int](), list[Claimed]()
        for run in runs:
            came[run.address] = came.get(run.address, 0) + 1
            if (lane := self._lanes.get(run.address)) is not None:
                lane.runs.append(run)
            else:
                gone += run.claimed
        for one in asked:
            address = one.tenant, one.webhook
            if (lane := self._lanes.get(address)) is not None:
                lane.due = came.get(address, 0) >= one.limit
        return gone

    def start(self) -> Iterator[tuple[Lane, Run]]:
        """Runs that may go now; they count as under way until `end`."""
        now = self._clock()
        for (tenant, _), lane in list(self._lanes.items()):
            while lane.runs and self._has_room(tenant) and lane.takes(now):
                self._count(lane, lane.host, 1)
                yield lane, lane.runs.popleft()

    def end(self, lane: Lane, host: Host) -> None:
        self._count(lane, host, -1)

    def _has_room(self, tenant: str) -> bool:
        return self.under_way < OF_PROCESS and self._of_school[tenant] < OF_SCHOOL

    def _count(self, lane: Lane, host: Host, change: int) -> None:
        lane.under_way += change
        host.under_way += change
        self.under_way += change
        self._of_school[lane.endpoint.tenant] += change

    def left(self) -> list[Claimed]:
        """What was claimed ahead for those that do not take it: for others, or later."""
        now, found = self._clock(), list[Claimed]()
        for lane in self._lanes.values():
            shut = lane.host.breaker.is_open(now)
            while lane.runs and (shut or len(lane.runs) > lane.limit * AHEAD):
                found += lane.runs.pop().claimed
        return found

    def all_left(self) -> list[Claimed]:
        """What was claimed and has not begun."""
        runs = [run for lane in self._lanes.values() for run in lane.runs]
        return [one for run in runs for one in run.claimed]


def _idle(lane: Lane) -> bool:
    return not lane.under_way and not lane.runs


def host_of(url: str) -> str:
    """`name:port`."""
    parsed = URL(url)
    return f"{parsed.host}:{parsed.port or (443 if parsed.scheme == 'https' else 80)}"
