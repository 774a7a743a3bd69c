"""Lines of one fault, folded: a server that is away must not write thousands a second.

    append_retried                        written
    append_retried, 3,411 times           counted, for a second
    append_retried  repeated=3411         written: how many like it were left out before it

The last one that was left out is written a second later, or when the process ends.
"""

import atexit
import sys
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeAlias

import msgspec
import structlog
from structlog.typing import EventDict, WrappedLogger

FOLDED_LEVELS = frozenset({"warning", "error"})
A_KIND_SECONDS = 1.0
MAX_KINDS = 256
# With the event's name and the error's class they make a kind. All are from closed sets; ids,
# positions and tenants are not, so they do not keep lines apart.
TELLING = ("name", "policy", "connection", "check", "process", "server", "model", "path")
REPEATED = "repeated"

Kind: TypeAlias = tuple[str, ...]
Say: TypeAlias = Callable[[str, EventDict], None]
Later: TypeAlias = Callable[[float, Callable[[], None]], None]


class _Kind(msgspec.Struct):
    """`last` is the last of those that were left out, at `level`."""

    said_at: float
    level: str
    repeated: int = 0
    last: EventDict = msgspec.field(default_factory=dict)


def _say(level: str, event: EventDict) -> None:
    with suppress(ValueError):  # its file was closed: the process ends
        getattr(structlog.get_logger(), level)(**event)


def _later(seconds: float, work: Callable[[], None]) -> None:
    timer = threading.Timer(seconds, work)
    timer.daemon = True
    with suppress(RuntimeError):  # the interpreter ends: `flush` comes at once
        timer.start()


class Folding:
    """A processor, the first of its chain: of each kind of warning or error one line a second.

    At most `MAX_KINDS` are told apart: the one that was silent for longest makes room. Lines come
    from any thread. `say` writes a line through the whole chain; `later` calls once, after seconds.
    """

    def __init__(
        self,
        *,
        say: Say = _say,
        later: Later = _later,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._say = say
        self._later = later
        self._clock = clock
        self._kinds: OrderedDict[Kind, _Kind] = OrderedDict()
        self._lock = threading.Lock()
        self._waits = False
        atexit.register(self.flush)

    def __call__(self, _: WrappedLogger, level: str, event: EventDict) -> EventDict:
        """Raises `DropEvent` for a line that is counted instead."""
        if level not in FOLDED_LEVELS:
            return event
        if REPEATED in event:  # from `_tell`
            return {key: value for key, value in event.items() if value or key != REPEATED}
        with self._lock:
            repeated, displaced = self._count(_kind_of(level, event), level, event)
        if displaced:
            self._tell(displaced)
        if repeated is None:
            raise structlog.DropEvent
        return {**event, REPEATED: repeated} if repeated else event

    def flush(self) -> None:
        """Write what was counted and not told."""
        with self._lock:
            self._waits = False
            told = [one for one in self._kinds.values() if one.repeated]
            self._kinds.clear()
        for one in told:
            self._tell(one)

    def _count(self, kind: Kind, level: str, event: EventDict) -> tuple[int | None, _Kind | None]:
        """How many were left out before this one; None when it is left out itself."""
        now, known = self._clock(), self._kinds.get(kind)
        if known is None or now - known.said_at >= A_KIND_SECONDS:
            self._kinds[kind] = _Kind(now, level)
            self._kinds.move_to_end(kind)
            full = len(self._kinds) > MAX_KINDS
            displaced = self._kinds.popitem(last=False)[1] if full else None
            return (known.repeated if known else 0), displaced
        known.repeated += 1
        known.last = {name: value for name, value in event.items() if name != "exc_info"}
        if not self._waits:
            self._waits = True
            self._later(A_KIND_SECONDS, self._flush_due)
        return None, None

    def _flush_due(self) -> None:
        """Tell of kinds that have fallen silent; ask again while others are counted."""
        now, told = self._clock(), []
        with self._lock:
            for kind, one in list(self._kinds.items()):
                if one.repeated and now - one.said_at >= A_KIND_SECONDS:
                    self._kinds[kind] = _Kind(now, one.level)
                    told.append(one)
            self._waits = any(one.repeated for one in self._kinds.values())
            if self._waits:
                self._later(A_KIND_SECONDS, self._flush_due)
        for one in told:
            self._tell(one)

    def _tell(self, one: _Kind) -> None:
        if one.repeated:
            self._say(one.level, {**one.last, REPEATED: one.repeated - 1})


def _kind_of(level: str, event: EventDict) -> Kind:
    fault = event.get("exc_info") or event.get("error") or event.get("fault")
    telling = [f"{name}={event[name]}" for name in TELLING if name in event]
    return (level, str(event.get("event")), *telling, _class_of(fault))


def _class_of(fault: Any) -> str:
    """Of an exception, of what `exc_info` may hold instead, or of a `repr`."""
    if fault is True:
        fault = sys.exc_info()
    if isinstance(fault, tuple):
        fault = fault[1]
    return (
        type(fault).__name__ if isinstance(fault, BaseException) else str(fault).partition("(")[0]
    )
