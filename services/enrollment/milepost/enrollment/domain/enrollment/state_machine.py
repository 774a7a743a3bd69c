"""The state machine of an enrollment: which command leads from which state to which.

Every decision asks this table first. The drawing in `docs/concepts` is made from it: a test
compares.
"""

from collections.abc import Mapping
from typing import Literal, TypeAlias, get_args

from milepost.contracts.enrollments import EnrollmentState

# What somebody asks for: where the table has no cell, it is refused by what the state is.
UserCommand: TypeAlias = Literal[
    "enroll",
    "approve",
    "decline",
    "accept",
    "turn_down",
    "suspend",
    "reinstate",
    "change_mode",
    "withdraw",
    "transfer",
]
# What follows from something that has happened: where there is no cell, nothing does.
SystemCommand: TypeAlias = Literal[
    "offer",
    "seat",
    "activate",
    "complete",
    "change_grade",
    "revoke_completion",
    "expire",
    "cancel",
]
Command: TypeAlias = UserCommand | SystemCommand
Row: TypeAlias = Mapping[Command, tuple[EnrollmentState, ...]]

STATES: tuple[EnrollmentState, ...] = get_args(EnrollmentState)
USER_COMMANDS: tuple[UserCommand, ...] = get_args(UserCommand)
SYSTEM_COMMANDS: tuple[SystemCommand, ...] = get_args(SystemCommand)

_IN: tuple[EnrollmentState, ...] = ("requested", "pending_approval", "waitlisted", "enrolled")
_BACK: Row = {"enroll": (*_IN, "active")}
_STAYS: Row = {"enroll": ()}
_OUT: Row = {
    "withdraw": ("withdrawn",),
    "transfer": ("transferred",),
    "expire": ("expired",),
    "cancel": ("canceled",),
}
# Devices and policies are late: what happened before the end is heard of after it.
_FINISHED: Row = {"complete": ("completed",)}
# It goes on where it was: who had left before it was heard has left.
_UNFINISHED: tuple[EnrollmentState, ...] = (
    "enrolled",
    "active",
    "suspended",
    "withdrawn",
    "expired",
    "transferred",
    "canceled",
)

# None: nobody has asked yet. An empty cell: it is so already, and nothing happens.
TABLE: Mapping[EnrollmentState | None, Row] = {
    None: {"enroll": _IN},
    "requested": {
        "enroll": ("requested", "pending_approval"),
        "decline": ("declined",),
        "change_mode": ("requested",),
        **_OUT,
    },
    "pending_approval": {
        **_STAYS,
        "approve": ("waitlisted", "enrolled", "active"),
        "decline": ("declined",),
        "change_mode": ("pending_approval",),
        **_OUT,
    },
    "waitlisted": {
        **_STAYS,
        "offer": ("offered",),
        "seat": ("enrolled", "active"),
        "accept": ("enrolled", "active"),
        "turn_down": ("withdrawn",),
        "change_mode": ("waitlisted",),
        **_OUT,
    },
    "offered": {
        **_STAYS,
        "accept": ("enrolled", "active"),
        "turn_down": ("withdrawn",),
        "change_mode": ("offered",),
        **_OUT,
    },
    "enrolled": {
        **_STAYS,
        "activate": ("active",),
        "suspend": ("suspended",),
        "change_mode": ("enrolled",),
        **_FINISHED,
        **_OUT,
    },
    "active": {
        **_STAYS,
        "suspend": ("suspended",),
        "change_mode": ("active",),
        **_FINISHED,
        **_OUT,
    },
    "suspended": {
        **_STAYS,
        "activate": ("suspended",),
        "reinstate": ("enrolled", "active"),
        **_FINISHED,
        "withdraw": ("withdrawn",),
        "expire": ("expired",),
        "cancel": ("canceled",),
    },
    "completed": {
        **_STAYS,
        "activate": ("completed",),
        "change_grade": ("completed",),
        "revoke_completion": _UNFINISHED,
    },
    "declined": {},
    "withdrawn": {**_BACK, "activate": ("withdrawn",), **_FINISHED},
    "expired": {**_BACK, "activate": ("expired",), **_FINISHED},
    "transferred": {**_BACK, "activate": ("transferred",), **_FINISHED},
    "canceled": {"transfer": ("transferred",), "activate": ("canceled",), **_FINISHED},
}


def allows(state: EnrollmentState | None, command: Command) -> bool:
    """Whether the command may lead somewhere from here."""
    return bool(TABLE[state].get(command))


def stays(state: EnrollmentState | None, command: Command) -> bool:
    """Whether the command asks for what is so already."""
    return TABLE[state].get(command) == ()
