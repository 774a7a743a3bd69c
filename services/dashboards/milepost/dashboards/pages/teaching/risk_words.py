"""Why somebody is at risk, in the reader's language, with the facts that make the reason. Pure."""

from collections.abc import Mapping

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


def reason_words(reason: Reason, locale: Locale, titles: Mapping[str, str]) -> str:
    """`titles`: of lessons, by id."""
    key, facts = f"risk.{reason.__struct_config__.tag}", _numbers(reason, locale)
    match reason:
        case Inactive():
            key = key if reason.last_activity else f"{key}.never"
        case FailedTwice():
            facts["lesson"] = ", ".join(titles.get(one, one) for one in reason.lessons)
        case BehindOwnPace() | DueSoon():
            facts["due_at"] = locale.date(reason.due_at)
            facts["lesson"] = titles.get(reason.lesson, reason.lesson)
        case BehindCohort():
            facts["lesson"] = titles.get(reason.lesson, reason.lesson)
    return locale.text(key, **facts)


def _numbers(reason: Reason, locale: Locale) -> dict[str, str]:
    facts = msgspec.structs.asdict(reason)
    return {name: locale.number(value) for name, value in facts.items() if isinstance(value, int)}
