"""An event, a reason, a duration in the reader's language. Codes that no catalog knows stand for
themselves, without their underscores. Pure.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from milepost.dashboards.pages.teaching.timeline import Happened
from milepost.dashboards.queries.offering_page import BUCKETS
from milepost.pages.locales import Locale

# Fields that are shares of 1.
_SHARES: Final = {"score", "grade", "before", "progress"}
_CODES: Final = {"reason": "reason", "because": "reason", "mode": "mode", "state": "state"}
NONE: Final = "\N{EN DASH}"
_MINUTE: Final = 60


def sentence(happened: Happened, locale: Locale, titles: Mapping[str, str]) -> str:
    """What happened. `titles`: of lessons, by id."""
    facts = {name: _fact(name, value, locale, titles) for name, value in happened.facts.items()}
    key = f"event.{happened.tag.partition('.')[0]}"
    for variant in _variants(happened):
        if locale.knows(f"{key}.{variant}"):
            return locale.text(f"{key}.{variant}", **facts)
    if not locale.knows(key):
        return locale.text("event.unknown", event=happened.tag.replace("_", " "))
    return locale.text(key, **facts)


def code(kind: str, value: str, locale: Locale) -> str:
    """`kind`: reason, mode or state."""
    key = f"{kind}.{value}"
    return locale.text(key) if locale.knows(key) else value.replace("_", " ")


def duration(seconds: float, locale: Locale) -> str:
    """In hours and minutes, or in seconds below one of these."""
    if seconds < _MINUTE:
        return locale.text("spent.seconds", seconds=round(seconds))
    hours, minutes = divmod(round(seconds / _MINUTE), 60)
    if not hours:
        return locale.text("spent.minutes", minutes=minutes)
    return locale.text("spent.hours_minutes", hours=hours, minutes=minutes)


def score_range(bucket: int, locale: Locale) -> str:
    """`bucket`: the tenths of a score, 0 to 9."""
    step = 100 // BUCKETS
    low, high = bucket * step, locale.percent((bucket + 1) * step / 100)
    return locale.text("scores.range", low=locale.number(low), high=high)


def _variants(happened: Happened) -> list[str]:
    """What makes it another sentence, the more telling first."""
    facts = happened.facts
    found = []
    if facts.get("deferred"):
        found.append("deferred")
    if (stay := facts.get("stay", 1)) > 1 and stay:
        found.append("again")
    if "grade" in facts and facts["grade"] is None:
        found.append("ungraded")
    if happened.tag == "visits" and facts["lesson"] is None:
        found.append("several")
    if "reason" in facts and facts["reason"] is None:
        found.append("own")
    return found


def _fact(name: str, value: Any, locale: Locale, titles: Mapping[str, str]) -> object:
    match value:
        case None:
            return NONE
        case datetime():
            return locale.date(value)
        case tuple() | list() | dict():
            return locale.number(len(value))
        case float():
            return _amount(name, value, locale)
        case str() if name in _CODES:
            return code(_CODES[name], value, locale)
    return titles.get(value, value) if name == "lesson" else value


def _amount(name: str, value: float, locale: Locale) -> str:
    if name == "seconds_spent":
        return duration(value, locale)
    return locale.percent(value) if name in _SHARES else locale.number(value)
