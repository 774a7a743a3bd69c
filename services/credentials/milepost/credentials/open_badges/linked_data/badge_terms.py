"""What the words of 1EdTech's contexts mean: Open Badges 3.0.2 and 3.0.3, CLR 2.0.1.

`endorsementJwt` and `jti` of Open Badges are left out: two contents of the context's address are in
use, and they differ in these.
"""

from typing import Final

from milepost.credentials.open_badges.linked_data.term import Term, Terms, links, names, texts

XSD = "https://www.w3.org/2001/XMLSchema#"
SCHEMA = "https://schema.org/"
OB = "https://purl.imsglobal.org/spec/vc/ob/vocab.html#"
CLR = "https://purl.imsglobal.org/spec/vc/clr/vocab.html#"
VC = "https://www.w3.org/2018/credentials#"
ANY_URI = XSD + "anyURI"

IDENTITY: Final[Terms] = {
    "hashed": Term(OB + "hashed", XSD + "boolean"),
    **texts(OB, "identityHash identityType salt"),
}
ALIGNMENT: Final[Terms] = {
    **texts(OB, "targetCode targetType"),
    **texts(SCHEMA, "targetDescription targetFramework targetName"),
    **texts(SCHEMA, "targetUrl", ANY_URI),
}
ADDRESS: Final[Terms] = {
    **texts(SCHEMA, "addressCountry addressLocality addressRegion"),
    **texts(SCHEMA, "postOfficeBoxNumber postalCode streetAddress"),
    **names(addressCountryCode=OB + "CountryCode", geo=OB + "GeoCoordinates"),
}
RESULT_DESCRIPTION: Final[Terms] = {
    "allowedValue": Term(OB + "allowedValue", container="@list"),
    **texts(OB, "requiredLevel", ANY_URI),
    **texts(OB, "requiredValue resultType rubricCriterionLevel valueMax valueMin"),
}


def _achievement(image: str) -> Terms:
    return {
        **texts(OB, "achievementType alignment creator fieldOfStudy humanCode otherIdentifier"),
        **texts(OB, "related resultDescription specialization version"),
        **texts(OB, "creditsAvailable", XSD + "float"),
        "criteria": Term(OB + "Criteria", "@id"),
        "image": Term(image, "@id"),
        **names(tag=SCHEMA + "keywords"),
    }


def _subject(image: str, achievement: str) -> Terms:
    return {
        "achievement": Term(achievement),
        **texts(OB, "activityEndDate activityStartDate", XSD + "date"),
        **texts(OB, "creditsEarned", XSD + "float"),
        **texts(OB, "identifier licenseNumber result role term"),
        "image": Term(image, "@id"),
        **links(OB, "source"),
    }


def _profile(image: str) -> Terms:
    return {
        **texts(SCHEMA, "additionalName email familyName givenName honorificPrefix"),
        **texts(SCHEMA, "honorificSuffix"),
        **texts(OB, "familyNamePrefix otherIdentifier patronymicName phone official"),
        **texts(OB, "dateOfBirth", XSD + "date"),
        **links(OB, "address parentOrg"),
        "image": Term(image, "@id"),
    }


def _open_badges(image: str, achievement: str, language: Terms) -> Terms:
    scoped = {
        "Achievement": {**_achievement(image), **language},
        "AchievementSubject": _subject(image, achievement),
        "Address": ADDRESS,
        "EndorsementSubject": texts(OB, "endorsementComment"),
        "Evidence": texts(SCHEMA, "audience genre"),
        "GeoCoordinates": texts(SCHEMA, "latitude longitude"),
        "IdentifierEntry": texts(OB, "identifier identifierType"),
        "IdentityObject": IDENTITY,
        "Image": texts(SCHEMA, "caption"),
        "Profile": _profile(image),
        "Related": {**texts(OB, "version"), **language},
        "Result": {
            **texts(OB, "achievedLevel resultDescription", ANY_URI),
            **texts(OB, "status"),
            **texts(SCHEMA, "value"),
        },
        "ResultDescription": RESULT_DESCRIPTION,
        "RubricCriterionLevel": texts(OB, "level points"),
    }
    return {
        **texts(OB, "OpenBadgeCredential Criteria EndorsementCredential"),
        **names(AchievementCredential=OB + "OpenBadgeCredential"),
        "Alignment": Term(SCHEMA + "AlignmentObject", scoped=ALIGNMENT),
        **{word: Term(OB + word, scoped=terms) for word, terms in scoped.items()},
        **texts(OB, "alignment endorsement narrative"),
        **texts(SCHEMA, "description name"),
        "image": Term(image, "@id"),
        **texts(SCHEMA, "url", ANY_URI),
        **language,
    }


OPEN_BADGES_3_0_2: Final[Terms] = _open_badges(OB + "Image", OB + "achievement-0", {})
OPEN_BADGES_3_0_3: Final[Terms] = {
    **_open_badges(OB + "image", OB + "achievement", texts(SCHEMA, "inLanguage")),
    # `xsd` stands for nothing in this context, so the datatype is this very text.
    "awardedDate": Term(OB + "awardedDate", "xsd:dateTime"),
}
EXTENSIONS: Final[Terms] = {
    name: Term(f"https://purl.imsglobal.org/spec/{part}/v1p0/context.json#{name}")
    for part, name in (
        ("vccs", "1EdTechJsonSchemaValidator2019"),
        ("vcrl", "1EdTechRevocationList"),
        ("vccr", "1EdTechCredentialRefresh"),
    )
}
CLR_2_0_1: Final[Terms] = {
    "ClrCredential": Term(
        CLR + "ClrCredential", scoped={"partial": Term(CLR + "partial", "xsd:boolean")}
    ),
    "ClrSubject": Term(
        CLR + "ClrSubject",
        scoped={
            "achievement": Term(CLR + "achievement", OB + "Achievement"),
            "association": Term(CLR + "association", CLR + "Association"),
            "verifiableCredential": Term(CLR + "verifiableCredential", VC + "verifiableCredential"),
            "identifier": Term(CLR + "identifier-1", OB + "Identifier"),
        },
    ),
    "Association": Term(
        CLR + "Association",
        scoped={
            **names(associationType=CLR + "AssociationType"),
            **texts(CLR, "sourceId targetId", "xsd:anyURI"),
        },
    ),
}
