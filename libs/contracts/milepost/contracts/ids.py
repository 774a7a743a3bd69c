r"""What ids, codes and texts may look like, and the ids that follow from others.

`ID` is what callers may choose from now on. `KEY` is what logs may hold from before: it is for
routes that read, revoke or erase. Where a pattern ends in `(?![\s\S])`, `$` would not do: in
Python it also matches before a line feed at the end. A tenant's name is the log's own:
`milepost.events.log.TENANT_PATTERN`. What may hide in a text:
`milepost.web.texts`.
"""

from functools import lru_cache

# Six times as quick as the standard one, and every enrollment has such an id.
from uuid_utils import UUID, uuid5

# Ids that callers choose: courses, lessons, offerings, programs, achievements, learners. Derived
# ids join them by a slash, paths are split by it, and `.` and `..` are steps in a path; `*` and `>`
# are wildcards in subjects.
ID = r"^(?!\.{1,2}(?![\s\S]))[!-)+-.0-=?-~]{1,128}(?![\s\S])"
ID_IN_WORDS = "1 to 128 printable ASCII characters, none of them space, / * or >"
# A reason as a code, never text about a person.
CODE = r"^[a-z][a-z0-9_]{0,63}(?![\s\S])"
# An enrollment as progress is asked for it.
ENROLLMENT_KEY = r"^[A-Za-z0-9_.:-]{1,64}(?![\s\S])"
# An id that somebody may have been given before there was one grammar.
KEY = r"^[!-~]{1,128}(?![\s\S])"
# Whatever a read model may be asked for: nobody should read control characters.
READ_MODEL_KEY = r"^[^\x00-\x1f\x7f]{1,255}(?![\s\S])"
# BCP 47, of people and of texts.
LANGUAGE = r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,4}(?![\s\S])"
# Postgres stores no NUL.
TEXT = r"^[^\x00]*(?![\s\S])"
# Nor should anybody read the other control characters.
PRINTABLE = r"^(?![\s\S]*[\x00-\x1f\x7f])"
# A person's: no control characters, at either end no blank.
NAME = r"^(?! )[^\x00-\x1f\x7f]{1,200}(?<! )(?![\s\S])"
ADDRESS = r"^[^\s@\x00-\x1f\x7f]{1,64}@[^\s@\x00-\x1f\x7f]{1,255}(?![\s\S])"

# Every enrollment id, and every credential id, there is was made with these.
ENROLLMENTS = UUID("a864facb-65fa-5ffd-9442-da813a9344c0")
CREDENTIALS = UUID("6a8f1d0e-3c52-5d7b-9f4e-2b7c61d0a935")


@lru_cache(maxsize=4096)
def enrollment_id(offering: str, learner: str) -> str:
    """The same learner in the same offering is the same enrollment."""
    return str(uuid5(ENROLLMENTS, f"{offering}/{learner}"))


def credential_id(learner: str, achievement: str, cycle: int, school: str = "") -> str:
    """A learner holds an achievement once at a time: `cycle` counts how often it was awarded.

    Others verify credentials, so no two schools' are the same. Without `school`: as it was once.
    """
    of_school = f"{school}/" if school else ""
    return str(uuid5(CREDENTIALS, f"{of_school}{learner}/{achievement}/{cycle}"))
