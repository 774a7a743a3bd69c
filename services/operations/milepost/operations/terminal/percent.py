"""Shares and grades, 0 to 1, as a terminal shows them."""


def whole_percent(share: float | None) -> str:
    """100% only where nothing is missing, 0% only where there is nothing."""
    if share is None:
        return "-"
    if 0 < share < 1:
        return f"{min(99, max(1, round(100 * share)))}%"
    return f"{share:.0%}"
