"""Why somebody is at risk, in the reader's language, with the facts that make the reason. Pure."""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from milepost.dashboards.domain.at_risk import (
    BehindCohort,
    BehindOwnPace,
    DueSoon,
    FailedTwice,
    Inactive,
    Reason,
)
from milepost.pages.locales import Locale

NAMED: Final = 3


def reason_words(reason: Reason, locale: Locale, titles: Mapping[str, str]) -> str:
    """`titles`: of lessons, by id."""
    key, facts = f"risk.{reason.__struct_config__.tag}", _numbers(reason, locale)
    match reason:
        case Inactive():
            key = key if reason.last_activity else f"{key}.never"
        case FailedTwice():
            facts["lesson"] = _named(reason.lessons, locale, titles)
        case BehindOwnPace() | DueSoon():
            facts["due_at"] = locale.date(reason.due_at)
            facts["lesson"] = titles.get(reason.lesson, reason.lesson)
        case BehindCohort():
            facts["lesson"] = titles.get(reason.lesson, reason.lesson)
    return locale.text(key, **facts)


def _named(lessons: Sequence[str], locale: Locale, titles: Mapping[str, str]) -> str:
    """The first of them; the others are counted."""
    names = ", ".join(titles.get(one, one) for one in lessons[:NAMED])
    if len(lessons) <= NAMED:
        return names
    return locale.text("risk.more", lessons=names, more=locale.number(len(lessons) - NAMED))


def _numbers(reason: Reason, locale: Locale) -> dict[str, str]:
    facts = msgspec.structs.asdict(reason)
    return {name: locale.number(value) for name, value in facts.items() if isinstance(value, int)}
