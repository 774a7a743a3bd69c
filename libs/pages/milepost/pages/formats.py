"""Numbers, dates and plurals of a language, by Babel (CLDR).

A page says the same few over and over, and Babel takes some 20 us for each: they are remembered.
"""

import datetime as dt
from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from babel.core import Locale
from babel.dates import format_date, format_timedelta
from babel.numbers import format_decimal

REMEMBERED = 16_384


@lru_cache(maxsize=REMEMBERED)
def number(language: str, value: float, digits: int) -> str:
    pattern = "#,##0" + ("." + "#" * digits if digits and value != int(value) else "")
    return format_decimal(value, pattern, locale=language)


@lru_cache(maxsize=REMEMBERED)
def date(language: str, day: dt.date, pattern: str) -> str:
    return format_date(day, pattern, locale=language)


def time(at: datetime) -> str:
    """24 hours everywhere: nobody reads them wrong."""
    return f"{at.hour:02}:{at.minute:02}"


@lru_cache(maxsize=REMEMBERED)
def plural(language: str, value: int) -> str:
    """`zero`, `one`, `two`, `few`, `many` or `other`."""
    form: str = _locale(language).plural_form(value)
    return form


def distance(language: str, away: timedelta) -> str:
    """As `3 days ago`, in whole minutes, hours or days."""
    seconds = int(away.total_seconds())
    unit = next((one for one in (86_400, 3_600) if abs(seconds) >= one), 60)
    return _distance(language, int(seconds / unit) * unit)


@lru_cache(maxsize=REMEMBERED)
def _distance(language: str, seconds: int) -> str:
    away = timedelta(seconds=seconds)
    return format_timedelta(away, add_direction=True, threshold=1.2, locale=language)


@lru_cache(maxsize=REMEMBERED)
def language_name(language: str, named: str) -> str:
    """In `language`, what the language with the tag `named` is called; the tag: nobody knows."""
    return _locale(language).languages.get(named.partition("-")[0].lower()) or named


@lru_cache(maxsize=64)
def _locale(language: str) -> Locale:
    return Locale.parse(language)


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


@lru_cache(maxsize=1_024)
def zone(name: str) -> ZoneInfo | None:
    """The time zone of an IANA name; None for what nobody knows."""
    if name not in _zones():
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return None
