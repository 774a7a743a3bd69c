"""The registrar's pages in a real browser: seen by everybody, used by keyboard alone."""

from typing import Any

import pytest
from tests.browser import WIDTHS
from tests.pages.campus import Campus

pytestmark = pytest.mark.servers  # the browser is a process

PAGES = {
    "office": "/office",
    "office-offering": "/office/offerings/spring",
    "office-learners": "/office/learners",
    "office-learner": "/office/learners/ann",
    "office-person": "/office/learners/ann/personal-data",
    "office-bulk": "/office/bulk",
    "office-offering-ar": "/office/offerings/spring?lang=ar",
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_they_are_seen_by_everybody(browser: Any, campus: Campus, scheme: str):
    """Axe finds nothing, nothing sticks out."""
    for width, pixels in WIDTHS.items():
        async with campus.window(browser, width=pixels, color_scheme=scheme) as window:
            for name, address in PAGES.items():
                assert (await window.open(address)).status == 200
                assert await window.axe() == []
                assert await window.overflow() == 0
                await window.picture(f"{name}-{width}-{scheme}")
