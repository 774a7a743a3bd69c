"""An example of each event of the credentials service, as it stands in the golden files.

`STORED` is what is written today, with every field; `EARLIER`, what was once, in files with a `~1`.
"""

from datetime import UTC, datetime
from typing import Any

from msgspec.structs import replace

from milepost.contracts.achievements import (
    AchievementDefined,
    AchievementEndorsed,
    AchievementHeld,
    AchievementRetired,
    AllOf,
    AnyOf,
    CoursePassed,
    EndorsementWithdrawn,
    EuropeanElements,
    NOf,
)
from milepost.contracts.courses import Skill
from milepost.contracts.issuers import (
    IssuerDefined,
    IssuerKeyAdded,
    IssuerKeyRetired,
    IssuerRetired,
)
from milepost.contracts.records import (
    ApprovalWithdrawn,
    AwardApproved,
    CourseResultNoted,
    CourseResultWithdrawn,
    CredentialAccepted,
    CredentialAwarded,
    CredentialDeclined,
    CredentialExpired,
    CredentialFlagged,
    CredentialFlagLifted,
    CredentialReinstated,
    CredentialReleased,
    CredentialRenewed,
    CredentialRevoked,
    CredentialSuperseded,
    CredentialSuspended,
    Evidence,
    ForeignCredentialNoted,
    LessonResultNoted,
)
from milepost.contracts.sharing import CredentialHidden, CredentialShared

AT = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
HELD = {
    "credential": "1f6bb4c8-3a0e-5c92-9a53-6d6a0a6f2f57",
    "learner": "ana",
    "achievement": "data-analyst",
}

_FIRST: dict[str, Any] = {
    "achievement_defined": AchievementDefined(
        achievement="data-analyst",
        version=2,
        name="Data analyst",
        criteria=AllOf(
            criteria=(
                CoursePassed(course="DATA-101", min_grade=0.4),
                AnyOf(criteria=(CoursePassed(course="STAT-1"), CoursePassed(course="STAT-2"))),
                NOf(n=1, criteria=(AchievementHeld(achievement="python-basics"),)),
            )
        ),
        narrative="Analyses data and says how sure the answer is.",
        validity_days=730,
        occurred_at=AT,
    ),
    "achievement_retired": AchievementRetired(achievement="data-analyst", occurred_at=AT),
    "course_result_noted": CourseResultNoted(
        learner="ana",
        course="DATA-101",
        version=2,
        offering="spring",
        enrollment="c59d4912-84ac-57e5-a0b8-498b8fb35aad",
        grade=0.825,
        position=41,
        occurred_at=AT,
    ),
    "credential_awarded": CredentialAwarded(
        credential="1f6bb4c8-3a0e-5c92-9a53-6d6a0a6f2f57",
        learner="ana",
        achievement="data-analyst",
        achievement_version=2,
        evidence=(
            Evidence(
                position=41,
                course="DATA-101",
                offering="spring",
                enrollment="c59d4912-84ac-57e5-a0b8-498b8fb35aad",
            ),
            Evidence(
                achievement="python-basics", credential="b7a5dc3c-4a7e-5ea5-8a0e-bd4a53b2bd5e"
            ),
        ),
        valid_from=AT,
        valid_until=AT.replace(year=2028),
        awarded_by="registrar-1",
        reason="prior_learning",
        occurred_at=AT,
    ),
    "course_result_withdrawn": CourseResultWithdrawn(
        learner="ana",
        course="DATA-101",
        enrollment="c59d4912-84ac-57e5-a0b8-498b8fb35aad",
        position=57,
        reason="rule_changed",
        occurred_at=AT,
    ),
    "credential_flagged": CredentialFlagged(
        credential="1f6bb4c8-3a0e-5c92-9a53-6d6a0a6f2f57",
        learner="ana",
        achievement="data-analyst",
        reason="grade_fell",
        position=56,
        occurred_at=AT,
    ),
    "credential_flag_lifted": CredentialFlagLifted(
        credential="1f6bb4c8-3a0e-5c92-9a53-6d6a0a6f2f57",
        learner="ana",
        achievement="data-analyst",
        reason="holds_again",
        occurred_at=AT,
    ),
    "credential_revoked": CredentialRevoked(
        credential="1f6bb4c8-3a0e-5c92-9a53-6d6a0a6f2f57",
        learner="ana",
        achievement="data-analyst",
        reason="misconduct",
        occurred_at=AT,
    ),
    "achievement_endorsed": AchievementEndorsed(
        achievement="data-analyst",
        endorsement="0b8d6b0e-51a4-5b6c-9f7c-3f6b5d2e1a90",
        issuer="chamber",
        comment="What our members ask for.",
        occurred_at=AT,
    ),
    "endorsement_withdrawn": EndorsementWithdrawn(
        achievement="data-analyst",
        endorsement="0b8d6b0e-51a4-5b6c-9f7c-3f6b5d2e1a90",
        reason="outdated",
        occurred_at=AT,
    ),
    "issuer_defined": IssuerDefined(
        issuer="school",
        version=1,
        name="School of Data",
        url="https://school.example",
        description="Teaches data.",
        email="office@school.example",
        country="DE",
        image="a" * 64,
        hashed_recipient=False,
        occurred_at=AT,
    ),
    "issuer_retired": IssuerRetired(issuer="school", occurred_at=AT),
    "issuer_key_added": IssuerKeyAdded(
        issuer="school",
        key="z6MkrHKzgsahxBLyNAbLQyB1pcWNYC9GmywiWPgkrvntAZcj",
        algorithm="Ed25519",
        occurred_at=AT,
    ),
    "issuer_key_retired": IssuerKeyRetired(
        issuer="school",
        key="z6MkrHKzgsahxBLyNAbLQyB1pcWNYC9GmywiWPgkrvntAZcj",
        compromised=True,
        occurred_at=AT,
    ),
    "lesson_result_noted": LessonResultNoted(
        learner="ana",
        course="DATA-101",
        lesson="exam",
        offering="spring",
        enrollment="c59d4912-84ac-57e5-a0b8-498b8fb35aad",
        score=0.9,
        position=40,
        occurred_at=AT,
    ),
    "foreign_credential_noted": ForeignCredentialNoted(
        learner="ana",
        source="https://elsewhere.example/credentials/1",
        issuer="https://elsewhere.example/issuers/1",
        name="Statistics",
        digest="b" * 64,
        achievement="data-analyst",
        valid_from=AT,
        occurred_at=AT,
    ),
    "award_approved": AwardApproved(
        learner="ana",
        achievement="data-analyst",
        approved_by="teacher-1",
        reason="portfolio_seen",
        occurred_at=AT,
    ),
    "approval_withdrawn": ApprovalWithdrawn(
        learner="ana",
        achievement="data-analyst",
        approved_by="teacher-1",
        reason="mistake",
        occurred_at=AT,
    ),
    "credential_released": CredentialReleased(**HELD, occurred_at=AT),
    "credential_accepted": CredentialAccepted(**HELD, occurred_at=AT),
    "credential_declined": CredentialDeclined(**HELD, occurred_at=AT),
    "credential_shared": CredentialShared(
        **HELD, link="c" * 64, shows_name=True, ends=AT.replace(year=2027), occurred_at=AT
    ),
    "credential_hidden": CredentialHidden(**HELD, link="c" * 64, occurred_at=AT),
    "credential_suspended": CredentialSuspended(**HELD, reason="under_review", occurred_at=AT),
    "credential_reinstated": CredentialReinstated(**HELD, reason="cleared", occurred_at=AT),
    "credential_expired": CredentialExpired(**HELD, occurred_at=AT),
    "credential_renewed": CredentialRenewed(
        **HELD,
        achievement_version=3,
        evidence=(Evidence(position=90, course="DATA-101", lesson="exam", grade=0.9),),
        valid_from=AT,
        valid_until=AT.replace(year=2028),
        renewed_by="registrar-1",
        reason="refresher",
        occurred_at=AT,
    ),
    "credential_superseded": CredentialSuperseded(
        **HELD, by="9d3b6c0e-8f0f-5b5a-9d0e-1b2c3d4e5f60", reason="renamed", occurred_at=AT
    ),
}
_NAMED = {
    "name": "Data analyst",
    "issuer": "school",
    "url": "https://school.example/c/1f6bb4c8-3a0e-5c92-9a53-6d6a0a6f2f57",
}
_SKILLS = (
    Skill(
        name="analyse data",
        url="http://data.europa.eu/esco/skill/2b92a5b2",
        framework="ESCO",
        code="2b92a5b2",
    ),
)
# What these events have said since.
_SINCE: dict[str, dict[str, Any]] = {
    "achievement_defined": {
        "renewal_days": 90,
        "embargo_until": AT,
        "held_for_release": True,
        "evidence_rule": "none",
        "description": "For who has to decide on numbers.",
        "achievement_type": "Certificate",
        "skills": _SKILLS,
        "tags": ("data",),
        "image": "a" * 64,
        "language": "en-GB",
        "names": {"de": "Datenanalystin"},
        "issuer": "school",
        "co_issuers": ("chamber",),
        "revoke_when_fallen": True,
        "visibility": "public",
        "european": EuropeanElements(
            learning_outcomes=("Chooses the figure that answers a question.",),
            workload_hours=50.0,
            ects=2.0,
            eqf_level=5,
            assessment_type="exam",
            participation="online",
            quality_assurance="audited each year",
            supervision="supervised, identity checked",
            grade="pass",
            integration="stackable",
        ),
    },
    "issuer_defined": {"did": True},
    "credential_awarded": {
        **_NAMED,
        "names": {"de": "Datenanalystin"},
        "description": "For who has to decide on numbers.",
        "skills": _SKILLS,
        "issuer_name": "School of Data",
        "grade": 0.825,
        "embargo_until": AT,
        "held_for_release": True,
        "renews": "5d0c1f7e-2b4a-5c6d-8e9f-0a1b2c3d4e5f",
        "supersedes": "9d3b6c0e-8f0f-5b5a-9d0e-1b2c3d4e5f60",
    },
    **dict.fromkeys(
        (
            *("credential_released", "credential_suspended", "credential_reinstated"),
            *("credential_revoked", "credential_expired", "credential_renewed"),
            "credential_superseded",
        ),
        _NAMED,
    ),
}

STORED = {**_FIRST, **{tag: replace(_FIRST[tag], **more) for tag, more in _SINCE.items()}}
EARLIER = {f"{tag}~1": _FIRST[tag] for tag in _SINCE}
