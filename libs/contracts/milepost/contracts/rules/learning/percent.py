"""How much is done, in percent. Pure."""


def percent(done: int, total: int) -> float:
    """0 to 100, to one place. 100 is said only when all is done, 0 only when nothing is.

    Of nothing, all is done.
    """
    if done >= total:
        return 100.0
    return min(99.9, max(0.1, round(100 * done / total, 1))) if done else 0.0
