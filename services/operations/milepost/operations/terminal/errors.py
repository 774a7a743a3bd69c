"""What keeps a command from going on."""

from collections.abc import Callable


class Trouble(Exception):
    """One clear sentence that says what is wrong and what to do next; shown without a traceback."""

    exit_code = 1


class WrongUsage(Trouble):
    """What was typed makes no sense, whatever runs and whatever the log holds."""

    exit_code = 2


def check_all(*checks: Callable[[], object]) -> None:
    """Do all of them, and tell at once what they found. Raises `Trouble`."""
    found: list[Trouble] = []
    for check in checks:
        try:
            check()
        except Trouble as trouble:
            found.append(trouble)
    if found:
        raise type(found[0])("\n".join(map(str, found)))
