"""The state machine as `docs/concepts` has it: `python -m tests.enrollment.drawing` prints it."""

from collections.abc import Iterator
from textwrap import wrap

from milepost.contracts.enrollments import EnrollmentState
from milepost.enrollment.domain.enrollment.state_machine import TABLE

WIDTH, MARGIN = 100, 18


def drawing() -> str:
    """A state a paragraph; `↺` where a command leaves it."""
    return "\n".join(line for state in TABLE for line in _lines(state))


def _lines(state: EnrollmentState | None) -> Iterator[str]:
    arrows = "   ".join(arrow.replace(" ", "\xa0") for arrow in _arrows(state))
    for number, line in enumerate(wrap(arrows, WIDTH - MARGIN) or [""]):
        name = "" if number else state or "(nobody yet)"
        yield f"{name:<{MARGIN}}{line}".replace("\xa0", " ").rstrip()


def _arrows(state: EnrollmentState | None) -> Iterator[str]:
    for command, targets in TABLE[state].items():
        if targets == (state,):
            yield f"{command} ↺"
        elif targets:
            yield f"{command} → {' | '.join(targets)}"


if __name__ == "__main__":
    print(drawing())
