"""The log browser: what is asked for, judged, and what is shown of an event."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlencode

import asyncpg
import msgspec

from milepost.events.log import Recorded
from milepost.operations.console.events.search import WINDOW, Events, Sought, search

MAX_TEXT: Final = 300
TEXTS: Final = ("stream", "learner", "type", "correlation")


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What stood in the form. `refused`: by field, the key of the text that says why."""

    values: Mapping[str, str]
    sought: Sought
    refused: Mapping[str, str]


class Journal(msgspec.Struct, frozen=True, kw_only=True):
    """`found` is None where something was refused. `narrow`: it was looked for in a part only."""

    asked: Asked
    found: Events | None
    next: str | None
    narrow: bool
    window: int = WINDOW


def judge(values: Mapping[str, str]) -> Asked:
    """Nothing is asked of the log that has no bound, or makes no sense."""
    kept = {name: value.strip() for name, value in values.items() if value.strip()}
    refused: dict[str, str] = {}
    for name in TEXTS:
        text = kept.get(name, "")
        if len(text) > MAX_TEXT or not text.isprintable():
            refused[name] = "refused.text"
    if "-" not in kept.get("stream", "a-b").strip("-"):
        refused["stream"] = "refused.category"
    if "stream" in kept and "learner" in kept:
        refused["learner"] = "refused.one"
    times = {name: _time(kept[name]) for name in ("since", "until") if name in kept}
    refused |= {name: "refused.time" for name, at in times.items() if at is None}
    before = kept.get("before", "")
    sought = Sought(
        stream=kept.get("stream"),
        learner=kept.get("learner"),
        type=kept.get("type"),
        correlation=kept.get("correlation"),
        since=times.get("since"),
        until=times.get("until"),
        before=int(before) if before.isdecimal() and len(before) < 19 else None,
    )
    return Asked(values=kept, sought=sought, refused=refused)


async def read_journal(pool: asyncpg.Pool, tenant: str, values: Mapping[str, str]) -> Journal:
    asked = judge(values)
    if asked.refused:
        return Journal(asked=asked, found=None, next=None, narrow=False)
    found = await search(pool, tenant, asked.sought)
    further = {**asked.values, "before": str(found.before)}
    by_index = asked.sought.stream or asked.sought.learner
    return Journal(
        asked=asked,
        found=found,
        next=f"/console/log?{urlencode(further)}" if found.before else None,
        narrow=not found.whole and not by_index,
    )


def plain(recorded: Recorded) -> dict[str, str]:
    """Data and metadata, to be read: JSON, two blanks to a level."""
    return {"data": _pretty(recorded.data), "metadata": _pretty(recorded.metadata)}


def _pretty(text: bytes) -> str:
    return msgspec.json.format(text, indent=2).decode()


def _time(text: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text)
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def actor(recorded: Recorded) -> str:
    found: Any = msgspec.json.decode(recorded.metadata).get("actor")
    return str(found or "")
