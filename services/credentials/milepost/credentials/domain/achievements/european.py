"""Whether an achievement says all that a European micro-credential says, and what is missing. Pure.

Source: Council Recommendation of 16 June 2022 on a European approach to micro-credentials, Annex I.
"""

from collections.abc import Iterator
from typing import Final, Literal, TypeAlias

import msgspec

from milepost.contracts.achievements import EuropeanElements
from milepost.credentials.domain.achievements.definition import Definition

Element: TypeAlias = Literal[
    "learner",
    "title",
    "country",
    "awarding_body",
    "date_of_issuing",
    "learning_outcomes",
    "workload",
    "level",
    "assessment_type",
    "participation",
    "quality_assurance",
    "prerequisites",
    "supervision",
    "grade",
    "integration",
]
# `where_applicable`: a level, where the learning has one.
Need: TypeAlias = Literal["mandatory", "where_applicable", "optional"]
# `each_credential`: it is said of each learner, so no definition can miss it.
State: TypeAlias = Literal["given", "each_credential", "missing"]

_NOTHING: Final = EuropeanElements()


class ElementState(msgspec.Struct, frozen=True, kw_only=True):
    """`field`: where it is stated; null for what every credential has."""

    element: Element
    need: Need
    state: State
    field: str | None


class EuropeanReport(msgspec.Struct, frozen=True, kw_only=True):
    """`complete`: no mandatory element is missing. `missing`: those, in the order of the annex."""

    complete: bool
    missing: tuple[Element, ...]
    elements: tuple[ElementState, ...]


def european_report(definition: Definition, country: str | None) -> EuropeanReport:
    """`country`: of the issuer, ISO 3166-1 alpha-2."""
    elements = tuple(_elements(definition, country))
    missing = tuple(
        one.element for one in elements if one.need == "mandatory" and one.state == "missing"
    )
    return EuropeanReport(complete=not missing, missing=missing, elements=elements)


def _elements(definition: Definition, country: str | None) -> Iterator[ElementState]:
    said = definition.european or _NOTHING
    yield _of_each("learner")
    yield _stated("title", definition.name, "$.name")
    yield _stated("country", country, "issuer: country")
    yield _of_each("awarding_body")
    yield _of_each("date_of_issuing")
    yield _stated("learning_outcomes", said.learning_outcomes, "$.european.learning_outcomes")
    workload = said.ects or said.workload_hours
    field = "$.european.ects" if said.ects else "$.european.workload_hours"
    yield _stated("workload", workload, field)
    yield _stated("level", said.eqf_level, "$.european.eqf_level", need="where_applicable")
    yield _stated("assessment_type", said.assessment_type, "$.european.assessment_type")
    yield _stated("participation", said.participation, "$.european.participation")
    yield _stated("quality_assurance", said.quality_assurance, "$.european.quality_assurance")
    yield _stated("prerequisites", definition.narrative, "$.narrative", need="optional")
    for element in ("supervision", "grade", "integration"):
        path = f"$.european.{element}"
        yield _stated(element, getattr(said, element), path, need="optional")


def _of_each(element: Element) -> ElementState:
    return ElementState(element=element, need="mandatory", state="each_credential", field=None)


def _stated(
    element: Element, value: object, field: str, *, need: Need = "mandatory"
) -> ElementState:
    state: State = "given" if value else "missing"
    return ElementState(element=element, need=need, state=state, field=field)
