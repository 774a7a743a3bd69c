"""How many may wait here: streams and long polls hold a connection for minutes or hours."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import Gauge

from milepost.events.runtime.outages import Overloaded
from milepost.web.auth.tokens import Caller
from milepost.web.problems import Problem, RequestFault

# A front end's server that opens one for each of its users asks with each user's token.
OF_CALLER = 100
RETRY_AFTER_SECONDS = 5

OPEN = Gauge("milepost_feed_open", "Event streams and long polls that are open")


class TooManyStreams(RequestFault):
    """The caller has as many as one may have; `limit`: so many."""

    def __init__(self, limit: int) -> None:
        super().__init__(limit)
        self.limit = limit

    def problem(self) -> Problem:
        return Problem(
            status=429,
            name="too_many_streams",
            title="Too many streams",
            detail=f"A caller may have {self.limit} event streams and long polls open in a process."
            " Close some, or follow once and share what comes.",
            facts={"limit": self.limit},
            headers={"Retry-After": str(RETRY_AFTER_SECONDS)},
        )


class OpenRequests:
    """Of a process. `most` in all, half of them of one tenant."""

    def __init__(self, most: int, of_caller: int = OF_CALLER, open_: Gauge = OPEN) -> None:
        """`open_` tells how many there are."""
        self._most = most
        self._of_caller = of_caller
        self._gauge = open_
        self._open: Counter[tuple[str, ...]] = Counter()

    @contextmanager
    def opened(self, caller: Caller) -> Iterator[None]:
        """Raises `TooManyStreams`, `Overloaded`."""
        everybody, tenant, own = (), (caller.tenant,), (caller.tenant, caller.subject)
        if self._open[own] >= self._of_caller:
            raise TooManyStreams(self._of_caller)
        if self._open[everybody] >= self._most or self._open[tenant] >= self._most // 2:
            raise Overloaded
        self._open.update((everybody, tenant, own))
        self._gauge.inc()
        try:
            yield
        finally:
            self._gauge.dec()
            self._open.subtract((everybody, tenant, own))
            self._open = +self._open  # what is at 0 goes
