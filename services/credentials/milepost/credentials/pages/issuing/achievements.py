"""What the pages say of achievements: the list, one definition, and what a change would do."""

from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

import msgspec
from msgspec.structs import replace

from milepost.credentials.api.definition_wire import AchievementDefinition, AchievementView
from milepost.credentials.domain.achievements.achievement import Achievement
from milepost.credentials.domain.achievements.definition import DEFAULT_ISSUER
from milepost.credentials.domain.audit.impact import Affected
from milepost.credentials.domain.refusals import UnknownAchievement
from milepost.credentials.pages.issuing.thresholds import Threshold, thresholds, with_values
from milepost.credentials.pages.issuing.wiring import Issuance
from milepost.credentials.public.criteria_words import Clause, courses_in
from milepost.credentials.queries.impact import Impact, ImpactCursor, ImpactQuestion, impact
from milepost.events.runtime.outages import Overloaded
from milepost.web.problems import Malformed

MOST_LISTED = 500
JUDGED_AT_ONCE = 1_000
SHOWN_AFFECTED = 200


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    achievement: str
    name: str
    version: int
    issuer: str
    validity_days: int | None
    retired: bool


class OneAchievement(msgspec.Struct, frozen=True, kw_only=True):
    """`versions`: when each was defined, the first one first."""

    view: AchievementView
    name: str
    criteria: Clause
    thresholds: Sequence[Threshold]
    issuer: str


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What would become of learners by other numbers, or, `values` None, by what is defined.

    `fields`: the whole changed definition, each member as JSON, for the form that publishes it.
    """

    values: Sequence[float] | None
    criteria: Clause
    impact: Impact
    affected: Sequence[Affected]
    fields: Mapping[str, str]
    next: str | None


async def list_achievements(wiring: Issuance, tenant: str, language: str) -> list[Listed]:
    """By name; those that are retired last."""
    catalog = await wiring.achievements.latest(tenant)
    listed = [
        Listed(
            achievement=one.achievement,
            name=name_in(one, language),
            version=one.version,
            issuer=_issuer_name(catalog.issuer_names, one),
            validity_days=one.definition.validity_days,
            retired=one.retired,
        )
        for one in catalog.achievements.values()
    ]
    return sorted(listed, key=lambda one: (one.retired, one.name.casefold()))[:MOST_LISTED]


async def one_achievement(
    wiring: Issuance, tenant: str, code: str, language: str
) -> OneAchievement:
    """Raises `UnknownAchievement`."""
    catalog = await wiring.achievements.latest(tenant)
    state = catalog.achievements.get(code)
    if state is None:
        raise UnknownAchievement(code)
    criteria = state.definition.criteria
    courses = await wiring.titles.of(tenant, "course", courses_in(criteria), language)
    skills = {one.url: one.name for one in state.definition.skills}
    return OneAchievement(
        view=AchievementView.of(state),
        name=name_in(state, language),
        criteria=await wiring.clause(tenant, criteria, language, skills),
        thresholds=[
            replace(one, about={**courses, **skills}.get(one.about, one.about))
            for one in thresholds(criteria)
        ],
        issuer=_issuer_name(catalog.issuer_names, state),
    )


async def change_of(
    wiring: Issuance,
    tenant: str,
    one: OneAchievement,
    values: Sequence[float] | None,
    cursor: ImpactCursor | None,
    *,
    language: str,
) -> Change:
    """Raises `Malformed`, `Overloaded`, `RetiredAchievement`, and what defining it would raise."""
    view = one.view
    changed = None if values is None else with_values(view.criteria, checked(one, values))
    state = (await wiring.achievements.latest(tenant)).achievements[view.achievement]
    definition = None if changed is None else replace(state.definition, criteria=changed)
    if wiring.impacts.locked():
        raise Overloaded
    question = ImpactQuestion(
        achievement=view.achievement, definition=definition, limit=JUDGED_AT_ONCE, cursor=cursor
    )
    async with wiring.impacts:
        found = await impact(wiring.log, tenant, question, at=wiring.clock())
    criteria = changed or view.criteria
    skills = {skill.url: skill.name for skill in view.skills}
    return Change(
        values=values,
        criteria=await wiring.clause(tenant, criteria, language, skills),
        impact=found,
        affected=found.affected[:SHOWN_AFFECTED],
        fields={} if changed is None else _fields(replace(view, criteria=changed)),
        next=_next(found, values),
    )


def checked(one: OneAchievement, values: Sequence[float]) -> Sequence[float]:
    """Raises `Malformed`."""
    if len(values) != len(one.thresholds):
        raise Malformed("The criteria have changed: open the page again.", query="number")
    for value, known in zip(values, one.thresholds, strict=True):
        least = 1 if known.kind == "parts" else 0
        if not least <= value <= known.most or (known.kind == "hours" and value <= 0):
            raise Malformed(f"A number is {least} to {known.most:g}.", query="number")
    return values


def name_in(one: Achievement, language: str) -> str:
    return one.definition.names.get(language, one.definition.name)


def _issuer_name(names: Mapping[str, str], one: Achievement) -> str:
    code = one.definition.issuer or DEFAULT_ISSUER
    return names.get(code, code)


def _fields(view: AchievementView) -> dict[str, str]:
    names = AchievementDefinition.__struct_fields__
    return {name: msgspec.json.encode(getattr(view, name)).decode() for name in names}


def _next(found: Impact, values: Sequence[float] | None) -> str | None:
    if found.next is None:
        return None
    numbers = [("number", f"{one:g}") for one in values or ()]
    rest = [("after", str(found.next.after)), ("position", str(found.next.position))]
    return f"?{urlencode([*numbers, *rest])}"
