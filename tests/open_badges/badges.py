"""Credentials to sign: one that is complete, and random ones of all shapes."""

from datetime import UTC, datetime
from typing import Any, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, derive_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import strategies as st

from milepost.credentials.open_badges.documents import (
    Achievement,
    AchievementSubject,
    EndorsementCredential,
    EndorsementSubject,
    OpenBadgeCredential,
    Profile,
    StatusList,
    StatusListCredential,
)
from milepost.credentials.open_badges.identity import hashed
from milepost.credentials.open_badges.keys import VerificationKey
from milepost.credentials.open_badges.multikey import multikey
from milepost.credentials.open_badges.parts import (
    Address,
    Alignment,
    Criteria,
    Evidence,
    GeoCoordinates,
    IdentifierEntry,
    IdentityObject,
    Image,
    Related,
    Result,
    ResultDescription,
    RubricCriterionLevel,
    StatusEntry,
)

ISSUER = "https://school.example/issuers/demo/default"
AWARDED = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
ENDS = datetime(2027, 3, 1, 9, 30, tzinfo=UTC)


class Key(NamedTuple):
    kid: str
    private: Any

    @property
    def verification(self) -> VerificationKey:
        return VerificationKey(public=self.private.public_key(), controller=ISSUER)

    def resolve(self, url: str) -> VerificationKey | None:
        return self.verification if url == self.kid else None


def ed25519(seed: int = 7) -> Key:
    private = Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)
    return Key(f"{ISSUER}#{multikey(private.public_key())}", private)


def es256(seed: int = 7) -> Key:
    private = derive_private_key(seed, SECP256R1())
    return Key(f"{ISSUER}#{multikey(private.public_key())}", private)


def first_aid(**changes: Any) -> OpenBadgeCredential:
    """A badge as a school awards it: skills, results, evidence, a hashed recipient, a status."""
    grade = ResultDescription(
        id="https://school.example/achievements/demo/first-aid/1#grade",
        name="Grade",
        result_type="Percent",
        value_min="0",
        value_max="100",
    )
    fields: dict[str, Any] = {
        "id": "https://school.example/c/0d1c6f2e-5a6b-5d4e-9f3a-2b1c0d9e8f7a",
        "name": "Première aide, niveau 1",
        "issuer": Profile(id=ISSUER, name="School of Health", url="https://school.example"),
        "valid_from": AWARDED,
        "valid_until": ENDS,
        "awarded_date": AWARDED,
        "credential_status": StatusEntry(
            id="https://school.example/status/demo/1#94567",
            status_purpose="revocation",
            status_list_index="94567",
            status_list_credential="https://school.example/status/demo/1",
        ),
        "credential_subject": AchievementSubject(
            identifier=(hashed("learner-17", "c0ffee", "sourcedId"),),
            achievement=Achievement(
                id="https://school.example/achievements/demo/first-aid/1",
                name="First aid",
                description='Gives first aid; knows "when" not to.\nIn two days.',
                criteria=Criteria(narrative="Passed the course *first aid* with 60 % or more."),
                achievement_type="MicroCredential",
                alignment=(skill("resuscitation", "S1.2"), skill("bandaging", "S1.3")),
                credits_available=0.5,
                result_description=(grade,),
                tag=("health", "safety"),
            ),
            result=(Result(result_description=grade.id, value="87.5"),),
            credits_earned=0.5,
        ),
        "evidence": (
            Evidence(name="Course first-aid", narrative="Completed, position 4711 of the log."),
        ),
    }
    return OpenBadgeCredential(**{**fields, **changes})


def skill(name: str, code: str) -> Alignment:
    return Alignment(
        target_name=name,
        target_url=f"http://data.europa.eu/esco/skill/{code}",
        target_framework="ESCO",
        target_type="ext:ESCOSkill",
    )


def status_list(
    encoded: str, purpose: str = "revocation", issuer: str = ISSUER
) -> StatusListCredential:
    address = "https://school.example/status/demo/1"
    return StatusListCredential(
        id=address,
        issuer=issuer,
        valid_from=AWARDED,
        credential_subject=StatusList(
            id=f"{address}#list", status_purpose=purpose, encoded_list=encoded, ttl=300_000
        ),
    )


def _some(one: st.SearchStrategy[Any], most: int = 2) -> st.SearchStrategy[Any]:
    return st.lists(one, max_size=most).map(tuple)


def _maybe(one: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | one


# PyLD writes other control characters as the canonical form of 2015 did: see `test_escapes`.
TEXTS = st.text(
    st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("\n\r"), max_size=12
)
WORDS = st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=1, max_size=8)
# Few of them, so that the same node is often named twice.
URLS = st.sampled_from("ab").map("urn:uuid:{}".format) | st.builds(
    "https://école.example/{}?x=1#{}".format, WORDS, WORDS
)
OWN = st.uuids().map("urn:uuid:{}".format)  # a credential's: nothing else may be called so
MOMENTS = st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
CREDITS = st.floats(0, 1e9, allow_nan=False) | st.integers(0, 1000)
EXTENSION = WORDS.map("ext:{}".format)

images = st.builds(Image, id=URLS, caption=_maybe(TEXTS))
alignments = _some(
    st.builds(
        Alignment,
        target_name=TEXTS,
        target_url=URLS,
        target_code=_maybe(TEXTS),
        target_description=_maybe(TEXTS),
        target_framework=_maybe(TEXTS),
        target_type=_maybe(st.sampled_from(["CFItem", "CTDL", "ceasn:Competency"]) | EXTENSION),
    )
)
identifiers = _some(
    st.builds(IdentifierEntry, identifier=TEXTS, identifier_type=st.just("sourcedId"))
)
endorsements = st.builds(
    EndorsementCredential,
    id=OWN,
    name=TEXTS,
    description=_maybe(TEXTS),
    issuer=st.builds(Profile, id=URLS, name=_maybe(TEXTS)),
    valid_from=MOMENTS,
    valid_until=_maybe(MOMENTS),
    awarded_date=_maybe(MOMENTS),
    credential_subject=st.builds(EndorsementSubject, id=URLS, endorsement_comment=_maybe(TEXTS)),
)
profiles = st.builds(
    Profile,
    id=URLS,
    name=_maybe(TEXTS),
    url=_maybe(URLS),
    phone=_maybe(st.just("+1-222-333-4444")),
    description=_maybe(TEXTS),
    endorsement=_some(endorsements, 1),
    image=_maybe(images),
    email=_maybe(st.just("office@school.example")),
    address=_maybe(
        st.builds(
            Address,
            address_country=_maybe(TEXTS),
            address_country_code=_maybe(st.just("FR")),
            address_region=_maybe(TEXTS),
            address_locality=_maybe(TEXTS),
            street_address=_maybe(TEXTS),
            post_office_box_number=_maybe(TEXTS),
            postal_code=_maybe(TEXTS),
            geo=_maybe(
                st.builds(
                    GeoCoordinates, latitude=st.floats(-90, 90), longitude=st.floats(-180, 180)
                )
            ),
        )
    ),
    other_identifier=identifiers,
    official=_maybe(TEXTS),
    parent_org=_maybe(st.builds(Profile, id=URLS, family_name=_maybe(TEXTS))),
    given_name=_maybe(TEXTS),
    additional_name=_maybe(TEXTS),
    patronymic_name=_maybe(TEXTS),
    honorific_prefix=_maybe(TEXTS),
    honorific_suffix=_maybe(TEXTS),
    family_name_prefix=_maybe(TEXTS),
)
result_descriptions = st.builds(
    ResultDescription,
    id=URLS,
    name=TEXTS,
    result_type=st.sampled_from(["Percent", "LetterGrade", "Status"]) | EXTENSION,
    alignment=alignments,
    allowed_value=_some(TEXTS, 3),
    required_level=_maybe(URLS),
    required_value=_maybe(TEXTS),
    value_max=_maybe(TEXTS),
    value_min=_maybe(TEXTS),
    rubric_criterion_level=_some(
        st.builds(
            RubricCriterionLevel,
            id=URLS,
            name=TEXTS,
            alignment=alignments,
            description=_maybe(TEXTS),
            level=_maybe(TEXTS),
            points=_maybe(TEXTS),
        ),
        1,
    ),
)
achievements = st.builds(
    Achievement,
    id=URLS,
    name=TEXTS,
    description=TEXTS,
    criteria=st.builds(Criteria, id=_maybe(URLS), narrative=_maybe(TEXTS)),
    achievement_type=_maybe(st.sampled_from(["MicroCredential", "Course"]) | EXTENSION),
    alignment=alignments,
    creator=_maybe(profiles),
    credits_available=_maybe(CREDITS),
    endorsement=_some(endorsements, 1),
    field_of_study=_maybe(TEXTS),
    human_code=_maybe(TEXTS),
    image=_maybe(images),
    in_language=_maybe(st.sampled_from(["en", "fr-CA"])),
    other_identifier=identifiers,
    related=_some(
        st.builds(
            Related,
            id=URLS,
            in_language=_maybe(st.sampled_from(["en", "fr"])),
            version=_maybe(TEXTS),
        )
    ),
    result_description=_some(result_descriptions),
    specialization=_maybe(TEXTS),
    tag=_some(TEXTS, 3),
    version=_maybe(TEXTS),
)
subjects = st.builds(
    AchievementSubject,
    id=_maybe(URLS),
    achievement=achievements,
    identifier=_some(
        st.builds(
            IdentityObject,
            hashed=st.booleans(),
            identity_hash=TEXTS,
            identity_type=st.sampled_from(["emailAddress", "sourcedId"]) | EXTENSION,
            salt=_maybe(TEXTS),
        )
    ),
    result=_some(
        st.builds(
            Result,
            achieved_level=_maybe(URLS),
            alignment=alignments,
            result_description=_maybe(URLS),
            status=_maybe(st.just("Completed")),
            value=_maybe(TEXTS),
        )
    ),
    activity_start_date=_maybe(MOMENTS),
    activity_end_date=_maybe(MOMENTS),
    credits_earned=_maybe(CREDITS),
    image=_maybe(images),
    license_number=_maybe(TEXTS),
    narrative=_maybe(TEXTS),
    role=_maybe(TEXTS),
    source=_maybe(profiles),
    term=_maybe(TEXTS),
)
badges = st.builds(
    OpenBadgeCredential,
    id=OWN,
    name=_maybe(TEXTS),
    description=_maybe(TEXTS),
    image=_maybe(images),
    issuer=profiles,
    valid_from=MOMENTS,
    valid_until=_maybe(MOMENTS),
    awarded_date=_maybe(MOMENTS),
    credential_subject=subjects,
    credential_status=_maybe(
        st.builds(
            StatusEntry,
            id=URLS,
            status_purpose=st.sampled_from(["revocation", "suspension"]),
            status_list_index=st.integers(0, 131_071).map(str),
            status_list_credential=URLS,
        )
    ),
    endorsement=_some(endorsements),
    evidence=_some(
        st.builds(
            Evidence,
            id=_maybe(URLS),
            name=_maybe(TEXTS),
            description=_maybe(TEXTS),
            narrative=_maybe(TEXTS),
            genre=_maybe(TEXTS),
            audience=_maybe(TEXTS),
        )
    ),
)
status_lists = st.builds(
    StatusListCredential,
    id=OWN,
    issuer=URLS,
    valid_from=MOMENTS,
    valid_until=_maybe(MOMENTS),
    credential_subject=st.builds(
        StatusList,
        id=URLS,
        status_purpose=st.sampled_from(["revocation", "suspension"]),
        encoded_list=WORDS,
        ttl=_maybe(st.integers(0, 2**40)),
    ),
)
credentials = badges | endorsements | status_lists
