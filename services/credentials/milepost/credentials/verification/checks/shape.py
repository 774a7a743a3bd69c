"""Whether a document has the members of an Open Badge, each of its kind. Pure.

The table is Open Badges 3.0, appendix A, in its lax form: a set may be given as a single value. A
member that stands in no table is looked at by the signature's own reader, which refuses what no
context defines.

    member        a text            :number :truth :time    of that kind
    member:Class  an object whose type names the class; Class~ may also be an address alone
    !             must be there     *  may be several
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from milepost.credentials.verification.texts.times import parse_time

_TABLE: Final = """
OpenBadgeCredential = id! name description image:Image awardedDate:time issuer:Profile~!
  credentialSubject:AchievementSubject! validFrom:time! validUntil:time evidence:Evidence*
  endorsement:EndorsementCredential* credentialStatus:Status* credentialSchema:Schema*
EndorsementCredential = id! name! description awardedDate:time issuer:Profile~! validFrom:time!
  validUntil:time credentialSubject:EndorsementSubject! credentialStatus:Status*
EndorsementSubject = id! endorsementComment
AchievementSubject = id activityEndDate:time activityStartDate:time creditsEarned:number
  achievement:Achievement! identifier:IdentityObject* image:Image licenseNumber narrative
  result:Result* role source:Profile term
Achievement = id! alignment:Alignment* achievementType creator:Profile creditsAvailable:number
  criteria:Criteria! description! endorsement:EndorsementCredential* fieldOfStudy humanCode
  image:Image inLanguage name! otherIdentifier:IdentifierEntry* related:Related*
  resultDescription:ResultDescription* specialization tag* version
Profile = id! name url phone description endorsement:EndorsementCredential* image:Image email
  address:Address otherIdentifier:IdentifierEntry* official parentOrg:Profile familyName givenName
  additionalName patronymicName honorificPrefix honorificSuffix familyNamePrefix dateOfBirth
Alignment = targetCode targetDescription targetName! targetFramework targetType targetUrl!
Address = addressCountry addressCountryCode addressRegion addressLocality streetAddress
  postOfficeBoxNumber postalCode geo:GeoCoordinates
GeoCoordinates = latitude:number! longitude:number!
Criteria = id narrative
Evidence = id narrative name description genre audience
IdentityObject = hashed:truth! identityHash! identityType! salt
IdentifierEntry = identifier! identifierType!
Image = id! caption
Related = id! inLanguage version
Result = achievedLevel alignment:Alignment* resultDescription status value
ResultDescription = id! alignment:Alignment* allowedValue* name! requiredLevel requiredValue
  resultType! rubricCriterionLevel:RubricCriterionLevel* valueMax valueMin
RubricCriterionLevel = id! alignment:Alignment* description level name! points
Status = type!
Schema = id! type!
"""
# Their type is not their class: the one is optional, the others say which kind they are.
_UNTYPED: Final = frozenset({"Criteria", "Status", "Schema"})
_ALIASES: Final = {"OpenBadgeCredential": {"OpenBadgeCredential", "AchievementCredential"}}
MAX_FAULTS: Final = 20


class Member(NamedTuple):
    name: str
    kind: str
    required: bool
    many: bool


class Fault(NamedTuple):
    path: str
    words: str


def _members(text: str) -> tuple[Member, ...]:
    found = []
    for word in text.split():
        name, _, kind = word.rstrip("!*").partition(":")
        found.append(Member(name, kind or "text", "!" in word, "*" in word))
    return tuple(found)


CLASSES: Final[Mapping[str, tuple[Member, ...]]] = {
    name: _members(text)
    for name, text in re.findall(r"^(\w+) = ((?:.|\n )*)", _TABLE, re.MULTILINE)
}


def class_of(document: Mapping[str, Any]) -> str | None:
    """Of a whole credential: a badge, an endorsement, or None."""
    types = types_of(document)
    if types & _ALIASES["OpenBadgeCredential"]:
        return "OpenBadgeCredential"
    return "EndorsementCredential" if "EndorsementCredential" in types else None


def types_of(value: Mapping[str, Any]) -> set[str]:
    return {one for one in many(value.get("type")) if isinstance(one, str)}


def many(value: Any) -> list[Any]:
    """A set as it may be given: nothing, one, several."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def shape_faults(document: Mapping[str, Any], kind: str) -> list[Fault]:
    """At most so many, in the order of the table."""
    found = []
    if "VerifiableCredential" not in types_of(document):
        found.append(Fault("type", "it does not name VerifiableCredential"))
    for fault in _of_class(document, kind, ""):
        found.append(fault)
        if len(found) == MAX_FAULTS:
            break
    return found


def _of_class(value: Any, kind: str, path: str) -> Iterator[Fault]:
    if not isinstance(value, dict):
        yield Fault(path, f"it is no object ({kind})")
        return
    if kind not in _UNTYPED and not types_of(value) & _ALIASES.get(kind, {kind}):
        yield Fault(_at(path, "type"), f"it does not name {kind}")
    for member in CLASSES[kind]:
        given = value.get(member.name)
        if given is None or given == []:
            if member.required:
                yield Fault(path, f"{member.name} is missing")
            continue
        yield from _of_member(given, member, _at(path, member.name))


def _of_member(given: Any, member: Member, path: str) -> Iterator[Fault]:
    values = many(given)
    if len(values) > 1 and not member.many:
        yield Fault(path, "there may be one only")
    for number, one in enumerate(values):
        yield from _of_kind(one, member.kind, f"{path}[{number}]" if len(values) > 1 else path)


def _of_kind(value: Any, kind: str, path: str) -> Iterator[Fault]:
    match kind:
        case "text":
            if not isinstance(value, str):
                yield Fault(path, "it is no text")
        case "number":
            if isinstance(value, bool) or not isinstance(value, int | float):
                yield Fault(path, "it is no number")
        case "truth":
            if not isinstance(value, bool):
                yield Fault(path, "it is neither true nor false")
        case "time":
            if parse_time(value) is None:
                yield Fault(path, "it is no moment, as 2026-09-01T08:00:00Z")
        case _ if kind.endswith("~") and isinstance(value, str):
            pass
        case _:
            yield from _of_class(value, kind.rstrip("~"), path)


def _at(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
