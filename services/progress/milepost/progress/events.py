"""What may stand in this service's stream. Others read all of it: see `milepost.contracts`."""

from typing import TypeAlias

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
    LessonProgressed,
    LessonStarted,
    LessonWaived,
    LessonWaiverWithdrawn,
    PlanMigrated,
    ProgressCarriedOver,
    ProgressClosed,
    ProgressOpened,
    ProgressResumed,
    ProgressSuspended,
    ReportsBackdated,
    ScoreRevised,
)

ProgressEvent: TypeAlias = (
    ProgressOpened
    | LearningBegan
    | LessonStarted
    | LessonProgressed
    | LessonCompleted
    | AttemptScored
    | LessonPassed
    | LessonFailed
    | CourseCompleted
    | ReportsBackdated
    | ProgressClosed
    | ProgressSuspended
    | ProgressResumed
    | LessonWaived
    | LessonWaiverWithdrawn
    | ScoreRevised
    | DeadlinesReset
    | PlanMigrated
    | ProgressCarriedOver
    | LateWorkArrived
    | CourseGradeChanged
    | CourseCompletionRevoked
)
