"""How often a caller, and a whole school, may ask: a token bucket each, kept by this process alone.
And how much of a school may be worked on at once: half of what there is room for.

A bucket holds what comes in `BURST_SECONDS` and is filled evenly; who finds it empty is told when
to come back. Of each only the moment at which it will be full again is kept (GCRA, ITU-T I.371),
for the 10,000 that asked last: a bucket that was forgotten is full. Several processes add up.

A request has its places while it is worked on. A stream of events or a long poll only waits, for
hours maybe, and must not keep others out: it leaves them, and its own room bounds what it does.
"""

import math
import time
from collections.abc import Callable, Hashable
from typing import Any, Final, Generic, TypeVar

from prometheus_client import CollectorRegistry, Counter

from milepost.events.runtime.lru_cache import LruCache
from milepost.events.runtime.outages import Overloaded
from milepost.web.auth.tokens import Caller
from milepost.web.problems import Problem, RequestFault
from milepost.web.settings import Settings

BURST_SECONDS = 10
MAX_BUCKETS = 10_000
SECOND_NS = 1_000_000_000
PLACE: Final = "milepost.place"

K = TypeVar("K", bound=Hashable)


class TooManyRequests(RequestFault):
    """`quota`: `caller` or `tenant`; `per_second` requests are allowed, some at a time."""

    def __init__(self, quota: str, per_second: int, retry_seconds: float) -> None:
        super().__init__(quota)
        self.quota = quota
        self.per_second = per_second
        self.retry_seconds = max(1, math.ceil(retry_seconds))

    def problem(self) -> Problem:
        burst = self.per_second * BURST_SECONDS
        # The fields are those of draft-ietf-httpapi-ratelimit-headers-10.
        return Problem(
            status=429,
            name="too_many_requests",
            title="Too many requests",
            detail=f"A {self.quota} may send {self.per_second} requests a second, and {burst} at "
            "once. Nothing was done: send it again later.",
            facts={"quota": self.quota, "per_second": self.per_second},
            headers={
                "Retry-After": str(self.retry_seconds),
                "RateLimit-Policy": f'"{self.quota}";q={burst};w={BURST_SECONDS}',
                "RateLimit": f'"{self.quota}";r=0;t={self.retry_seconds}',
            },
        )


class Quotas:
    """Of callers and of schools. A quota of 0 is none. What is begun is to be ended."""

    def __init__(
        self,
        settings: Settings,
        registry: CollectorRegistry,
        clock: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._clock = clock
        self._callers: Buckets[tuple[str, str]] = Buckets(
            "caller", settings.caller_requests_per_second
        )
        self._tenants: Buckets[str] = Buckets("tenant", settings.tenant_requests_per_second)
        self._at_once = max(1, settings.max_requests // 2)
        self._at_work: dict[str, int] = {}
        refused = Counter(
            "milepost_http_over_quota",
            "Requests refused with 429; with 503 those at_once",
            ("quota",),
            registry=registry,
        )
        self._refused = {quota: refused.labels(quota) for quota in ("caller", "tenant", "at_once")}

    def spend(self, caller: Caller) -> None:
        """Raises `TooManyRequests`. Who is over their own quota takes nothing of the school's."""
        now = self._clock()
        try:
            self._callers.spend((caller.tenant, caller.subject), now)
            self._tenants.spend(caller.tenant, now)
        except TooManyRequests as refusal:
            self._refused[refusal.quota].inc()
            raise

    def begin(self, tenant: str) -> None:
        """A request is worked on, until `end`. Raises `Overloaded`."""
        under_way = self._at_work.get(tenant, 0)
        if under_way >= self._at_once:
            self._refused["at_once"].inc()
            raise Overloaded
        self._at_work[tenant] = under_way + 1

    def end(self, tenant: str) -> None:
        if self._at_work[tenant] > 1:
            self._at_work[tenant] -= 1
        else:
            del self._at_work[tenant]


class Place:
    """What a request is to give back, once: when it is answered, or before.

    `left_at`: then it was worked on no more, as `time.perf_counter` tells it.
    """

    __slots__ = ("_releases", "left_at")

    def __init__(self) -> None:
        self.left_at: float | None = None
        self._releases: list[Callable[[], None]] = []

    def add(self, release: Callable[[], None]) -> None:
        self._releases.append(release)

    def leave(self) -> None:
        if self.left_at is None:
            self.left_at = time.perf_counter()
        while self._releases:
            self._releases.pop()()


def place_in(scope: Any) -> Place:
    """The request's own, for whoever counts it."""
    place: Place | None = scope.get(PLACE)
    if place is None:
        place = scope[PLACE] = Place()
    return place


def leave_place(scope: Any) -> None:
    """From now on the request only waits: it is not counted among those at work."""
    place_in(scope).leave()


class Buckets(Generic[K]):
    """`quota` is what the refusal calls who has one. `per_second` 0 is none."""

    def __init__(self, quota: str, per_second: int) -> None:
        self._quota = quota
        self._per_second = per_second
        self._each_ns = SECOND_NS // per_second if per_second else 0
        self._full_at = LruCache[K, int](MAX_BUCKETS)

    def spend(self, key: K, now: int) -> None:
        """`now` in nanoseconds. Raises `TooManyRequests`."""
        if not self._per_second:
            return
        full_at = max(self._full_at.get(key) or now, now) + self._each_ns
        over_ns = full_at - now - BURST_SECONDS * SECOND_NS
        if over_ns > 0:
            raise TooManyRequests(self._quota, self._per_second, over_ns / SECOND_NS)
        self._full_at.put(key, full_at)
