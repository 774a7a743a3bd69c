"""What leaves the house, and in whose name: the events that the relay publishes, by service."""

from collections.abc import Mapping
from types import MappingProxyType

from milepost.contracts.achievements import (
    AchievementDefined,
    AchievementEndorsed,
    AchievementRetired,
    EndorsementWithdrawn,
)
from milepost.contracts.courses import CoursePublished, CourseRetired
from milepost.contracts.enrollments import (
    EnrollmentActivated,
    EnrollmentApproved,
    EnrollmentCanceled,
    EnrollmentCompleted,
    EnrollmentCompletionRevoked,
    EnrollmentDeclined,
    EnrollmentExpired,
    EnrollmentExtended,
    EnrollmentGradeChanged,
    EnrollmentModeChanged,
    EnrollmentReinstated,
    EnrollmentRequested,
    EnrollmentSuspended,
    EnrollmentTransferred,
    EnrollmentWithdrawn,
    LearnerEnrolled,
    LearnerOfferedSeat,
    LearnerWaitlisted,
)
from milepost.contracts.groups.group import GroupArchived, GroupChanged, GroupCreated
from milepost.contracts.groups.membership import GroupMemberAdded, GroupMemberRemoved
from milepost.contracts.issuers import (
    IssuerDefined,
    IssuerKeyAdded,
    IssuerKeyRetired,
    IssuerRetired,
)
from milepost.contracts.learners import LearnerErased
from milepost.contracts.offerings import (
    OfferingCanceled,
    OfferingChanged,
    OfferingClosed,
    OfferingOpened,
    SeatOffered,
    SeatReleased,
    SeatTaken,
)
from milepost.contracts.programs import ProgramDefined, ProgramRetired
from milepost.contracts.progress import (
    AttemptScored,
    CourseCompleted,
    CourseCompletionRevoked,
    CourseGradeChanged,
    DeadlinesReset,
    LateWorkArrived,
    LearningBegan,
    LessonCompleted,
    LessonFailed,
    LessonPassed,
    LessonStarted,
    LessonWaived,
    LessonWaiverWithdrawn,
    PlanMigrated,
    ProgressCarriedOver,
    ProgressClosed,
    ProgressOpened,
    ProgressResumed,
    ProgressSuspended,
    ScoreRevised,
)
from milepost.contracts.records import (
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
)
from milepost.contracts.subscriptions.webhooks import WebhookDisabled
from milepost.events.event import Event, tag_of

FACTS: Mapping[str, tuple[type[Event], ...]] = {
    "enrollment": (
        CoursePublished,
        CourseRetired,
        ProgramDefined,
        ProgramRetired,
        OfferingOpened,
        OfferingChanged,
        OfferingClosed,
        OfferingCanceled,
        SeatTaken,
        SeatOffered,
        SeatReleased,
        EnrollmentRequested,
        EnrollmentApproved,
        EnrollmentDeclined,
        LearnerWaitlisted,
        LearnerOfferedSeat,
        LearnerEnrolled,
        EnrollmentActivated,
        EnrollmentSuspended,
        EnrollmentReinstated,
        EnrollmentModeChanged,
        EnrollmentExtended,
        EnrollmentWithdrawn,
        EnrollmentTransferred,
        EnrollmentExpired,
        EnrollmentCanceled,
        EnrollmentCompleted,
        EnrollmentGradeChanged,
        EnrollmentCompletionRevoked,
        LearnerErased,
        GroupCreated,
        GroupChanged,
        GroupArchived,
        GroupMemberAdded,
        GroupMemberRemoved,
    ),
    "progress": (
        ProgressOpened,
        LearningBegan,
        LessonStarted,
        LessonCompleted,
        AttemptScored,
        LessonPassed,
        LessonFailed,
        CourseCompleted,
        CourseGradeChanged,
        CourseCompletionRevoked,
        LessonWaived,
        LessonWaiverWithdrawn,
        ScoreRevised,
        DeadlinesReset,
        PlanMigrated,
        ProgressCarriedOver,
        ProgressClosed,
        LateWorkArrived,
        ProgressSuspended,
        ProgressResumed,
    ),
    "credentials": (
        AchievementDefined,
        AchievementRetired,
        AchievementEndorsed,
        EndorsementWithdrawn,
        IssuerDefined,
        IssuerRetired,
        IssuerKeyAdded,
        IssuerKeyRetired,
        CredentialAwarded,
        CredentialReleased,
        CredentialAccepted,
        CredentialDeclined,
        CredentialSuspended,
        CredentialReinstated,
        CredentialRevoked,
        CredentialExpired,
        CredentialRenewed,
        CredentialSuperseded,
        CredentialFlagged,
        CredentialFlagLifted,
    ),
    "subscriptions": (WebhookDisabled,),
}

# For each tag the service that it belongs to.
PUBLISHED: Mapping[str, str] = MappingProxyType(
    {tag_of(event): service for service, events in FACTS.items() for event in events}
)
