"""The streams that several rooms read, by what their key is. A name is stored, never changed.

What only one room writes and reads (a learner's load, an invitation) is that room's own affair.
"""

from collections.abc import Iterable, Iterator

COURSE = "course"
PROGRAM = "program"
OFFERING = "offering"
INSTRUCTORS = "instructors"
ENROLLMENT = "enrollment"
PROGRESS = "progress"
ACHIEVEMENT = "achievement"
ISSUER = "issuer"
RECORD = "record"
GROUP = "group"
MEMBERSHIP = "membership"


def course(code: str) -> str:
    return f"{COURSE}-{code}"


def offering(offering: str) -> str:
    return f"{OFFERING}-{offering}"


def instructors(offering: str) -> str:
    """Who teaches an offering; its key is the offering's."""
    return f"{INSTRUCTORS}-{offering}"


def enrollment(enrollment: str) -> str:
    return f"{ENROLLMENT}-{enrollment}"


def progress(enrollment: str) -> str:
    """What is done in an enrollment; its key is the enrollment's."""
    return f"{PROGRESS}-{enrollment}"


def record(learner: str) -> str:
    return f"{RECORD}-{learner}"


def membership_key(group: str, learner: str) -> str:
    """One learner in one group: neither id has a slash."""
    return f"{group}/{learner}"


def of_learner(learner: str, enrollments: Iterable[str]) -> Iterator[str]:
    """All that are about this learner alone, of these enrollments."""
    yield record(learner)
    for key in enrollments:
        yield from (enrollment(key), progress(key))
