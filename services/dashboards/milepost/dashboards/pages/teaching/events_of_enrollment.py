"""All that may stand in the streams of one enrollment: its own, and its progress."""

from typing import TypeAlias

from milepost.contracts import enrollments as e
from milepost.contracts import progress as p
from milepost.events.codec import Codec

EnrollmentStory: TypeAlias = (
    e.EnrollmentRequested
    | e.EnrollmentApproved
    | e.EnrollmentDeclined
    | e.LearnerWaitlisted
    | e.LearnerOfferedSeat
    | e.LearnerEnrolled
    | e.EnrollmentActivated
    | e.EnrollmentSuspended
    | e.EnrollmentReinstated
    | e.EnrollmentModeChanged
    | e.EnrollmentExtended
    | e.EnrollmentWithdrawn
    | e.EnrollmentTransferred
    | e.EnrollmentExpired
    | e.EnrollmentCanceled
    | e.EnrollmentCompleted
    | e.EnrollmentGradeChanged
    | e.EnrollmentCompletionRevoked
)
ProgressStory: TypeAlias = (
    p.ProgressOpened
    | p.LearningBegan
    | p.LessonStarted
    | p.LessonProgressed
    | p.LessonCompleted
    | p.AttemptScored
    | p.LessonPassed
    | p.LessonFailed
    | p.CourseCompleted
    | p.ReportsBackdated
    | p.ProgressClosed
    | p.ProgressSuspended
    | p.ProgressResumed
    | p.LessonWaived
    | p.LessonWaiverWithdrawn
    | p.ScoreRevised
    | p.DeadlinesReset
    | p.PlanMigrated
    | p.ProgressCarriedOver
    | p.LateWorkArrived
    | p.CourseGradeChanged
    | p.CourseCompletionRevoked
)
EVENTS: Codec[EnrollmentStory | ProgressStory] = Codec(EnrollmentStory | ProgressStory)
