"""The facts as they stand in the log: one stored JSON per event, readable forever."""

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from milepost.contracts.achievements import (
    AchievementDefined,
    AchievementHeld,
    AchievementRetired,
    AllOf,
    AnyOf,
    CoursePassed,
    NOf,
)
from milepost.contracts.records import (
    CourseResultNoted,
    CourseResultWithdrawn,
    CredentialAwarded,
    CredentialFlagged,
    CredentialFlagLifted,
    CredentialRevoked,
    Evidence,
)
from milepost.credentials.domain.achievement import ACHIEVEMENT
from milepost.credentials.domain.awards import RECORD

GOLDEN = Path(__file__).parents[1] / "golden" / "credentials"
AT = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)

STORED = {
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
}


def codec_of(tag):
    return ACHIEVEMENT.codec if tag in ACHIEVEMENT.codec.classes else RECORD.codec


def test_every_event_has_a_stored_example():
    tags = {*ACHIEVEMENT.codec.tags, *RECORD.codec.tags}
    assert tags == STORED.keys() == {path.stem for path in GOLDEN.glob("*.json")}


@pytest.mark.parametrize("tag", STORED)
def test_what_was_stored_is_read_as_it_was_meant(tag):
    assert codec_of(tag).decode(tag, (GOLDEN / f"{tag}.json").read_bytes(), AT) == STORED[tag]


@pytest.mark.parametrize("tag", STORED)
def test_what_is_written_today_is_what_was_stored(tag):
    written, data = codec_of(tag).encode(STORED[tag])
    assert written == tag
    assert msgspec.json.format(data, indent=2) == (GOLDEN / f"{tag}.json").read_bytes().strip()


def test_a_condition_that_this_version_does_not_know_is_not_overlooked():
    stored = (GOLDEN / "achievement_defined.json").read_bytes()
    newer = stored.replace(b'"min_grade"', b'"min_hours"')
    with pytest.raises(msgspec.ValidationError, match="min_hours"):
        ACHIEVEMENT.codec.decode("achievement_defined", newer, AT)
