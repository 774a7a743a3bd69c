"""What may stand in this service's stream. Others read all of it: see `milepost.contracts`."""

from typing import TypeAlias

from milepost.contracts.progress import (
    AttemptScored,
    CourseCompleted,
    LearningBegan,
    LessonCompleted,
    LessonFailed,
    LessonPassed,
    LessonProgressed,
    LessonStarted,
    ProgressClosed,
    ProgressOpened,
    ProgressResumed,
    ProgressSuspended,
    ReportsBackdated,
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
)
