"""Logs on stderr: one JSON object a line, or for people on a terminal one short line.

The event is a snake_case fact, data are keys. Of one fault a line a second is written: `folding`.
"""

import logging
import os
import sys
from collections.abc import Callable, Collection, Sequence
from typing import TextIO, TypeAlias

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from milepost.web.settings import Settings
from milepost.web.telemetry.folding import Folding

# What is added to a line, and how it is written.
Chain: TypeAlias = tuple[Sequence[Processor], Sequence[Processor]]


def configure_logging(
    settings: Settings,
    stream: TextIO | None = None,
    *,
    service: str = "milepost",
    routine: Collection[str] = (),
) -> None:
    """What libraries log through `logging` comes out in the same shape.

    For people a line names the `service` that writes it, and `routine` events are left out.
    """
    out = stream or sys.stderr
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    added, written = (
        _for_people(out, service, routine) if _is_read(settings, out) else _for_machines()
    )
    structlog.configure(
        processors=[Folding(), *added, *written],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(out),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(_foreign(added, written))
    logging.basicConfig(handlers=[handler], level=max(level, logging.INFO), force=True)


def _is_read(settings: Settings, out: TextIO) -> bool:
    return settings.log_format == "text" or (settings.log_format == "auto" and out.isatty())


def _for_machines() -> Chain:
    added = _added(structlog.processors.TimeStamper(fmt="iso", utc=True))
    return (*added, structlog.processors.format_exc_info), [structlog.processors.JSONRenderer()]


def _for_people(out: TextIO, service: str, routine: Collection[str]) -> Chain:
    rendered = structlog.dev.ConsoleRenderer(
        colors=out.isatty() and not os.environ.get("NO_COLOR"),
        pad_event_to=32,
        exception_formatter=structlog.dev.plain_traceback,
    )
    added = _added(structlog.processors.TimeStamper(fmt="%H:%M:%S", utc=False))
    return added, [_said_by(service, routine), rendered]


def _added(stamp: Processor) -> Sequence[Processor]:
    return (
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        stamp,
        structlog.processors.StackInfoRenderer(),
    )


def _said_by(
    service: str, routine: Collection[str]
) -> Callable[[WrappedLogger, str, EventDict], EventDict]:
    def say(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
        if event["event"] in routine:
            raise structlog.DropEvent
        event["event"] = f"{service:<9} {event['event']}"
        return event

    return say


def _foreign(added: Sequence[Processor], written: Sequence[Processor]) -> logging.Formatter:
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[structlog.stdlib.add_logger_name, *added],
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *written],
    )
