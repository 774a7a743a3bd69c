"""What can go wrong:

MilepostError
    NoAnswer            nothing answered, or not in time, though it was asked again and again
    AnswerUnreadable    the answer is not what the API promises
    NotSettled          it was done, but what follows has not all followed yet
    Problem             Milepost refused, and says why (RFC 9457)
        OfferingFull …  one for each type, with its facts as attributes: see `problems`
"""

from collections.abc import Mapping
from typing import Any, Final, get_type_hints

import msgspec

MEMBERS: Final = frozenset({"type", "title", "status", "detail", "instance", "correlation"})
PARKED: Final = ";parked"
URN: Final = "urn:milepost:problem:"


class MilepostError(Exception):
    """The root of all that this client raises."""


class NoAnswer(MilepostError):
    """What was sent may have been done. The same key again finds out, and does it once."""


class AnswerUnreadable(MilepostError):
    """Something else than Milepost answers there, or a Milepost of another generation."""


class NotSettled(MilepostError):
    """`answer` is what the call would have given: it was done, and need not be done again.

    `waits_for` names the policies that are not through; of those in `parked`, an operator must
    see to one before it goes on.
    """

    def __init__(self, answer: object, waits_for: str) -> None:
        names = [one.strip() for one in waits_for.split(",") if one.strip()]
        self.answer = answer
        self.parked = [one.removesuffix(PARKED) for one in names if one.endswith(PARKED)]
        self.waits_for = [one for one in names if not one.endswith(PARKED)]
        super().__init__(answer, waits_for)

    def __str__(self) -> str:
        return f"waits for {', '.join(self.waits_for + self.parked) or 'read models'}"


class Problem(MilepostError):
    """`name` never changes: decide by it, or by the class. `detail` is for people.

    `facts` are all other members of the document; `retry_after` is in seconds.
    """

    def __init__(
        self, document: Mapping[str, Any], status: int, retry_after: float | None = None
    ) -> None:
        self.document = document
        self.status = status
        self.retry_after = retry_after
        self.type = str(document.get("type", "about:blank"))
        self.name = self.type.removeprefix(URN)
        self.title = str(document.get("title", f"HTTP {status}"))
        self.detail = str(document.get("detail", self.title))
        self.correlation: str | None = document.get("correlation")
        self.facts = {name: value for name, value in document.items() if name not in MEMBERS}
        for attribute, annotation in get_type_hints(type(self)).items():
            setattr(self, attribute, _read(self.facts.get(attribute.rstrip("_")), annotation))
        super().__init__(document, status, retry_after)

    def __str__(self) -> str:
        return f"{self.name} ({self.status}): {self.detail}"


def _read(value: object, annotation: Any) -> object:
    try:
        return msgspec.convert(value, annotation, strict=False)
    except msgspec.ValidationError:
        return value  # it must not hide what was refused
