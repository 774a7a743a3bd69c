"""From page to page as a person could go, over every link of one's own: a few of each kind.

A kind is an address without what it names: `/teach/offerings/*/gradebook`.
"""

import re
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from tests.browser import Reader

AREAS = ("my", "teach", "office", "issue", "sponsor", "console", "catalog")
SCHEMES = ("light", "dark")
DIGIT = re.compile(r"\d")
OF_A_KIND = 3
MOST_PAGES = 200
LINKS = "[...document.links].map(a => a.href)"


class Look(NamedTuple):
    """How a page came out; `problems`: what axe found, what sticks out, no 200."""

    address: str
    status: int
    bytes: int
    milliseconds: float
    problems: list[str]


def kind_of(address: str) -> str:
    """`/area/things/NAME/part`: a name stands on the third place, and further on has digits."""
    parts = urlsplit(address).path.strip("/").split("/")
    return "/".join(
        "*" if place == 2 or (place > 2 and DIGIT.search(part)) else part
        for place, part in enumerate(parts)
    )


def own_links(origin: str, links: Iterable[str]) -> Iterator[str]:
    for link in links:
        whole = urlsplit(link)
        area = whole.path.strip("/").split("/")[0]
        if (
            f"{whole.scheme}://{whole.netloc}" == origin
            and area in AREAS
            and "lang=" not in whole.query
        ):
            yield whole._replace(scheme="", netloc="", fragment="").geturl()


async def crawl(window: Reader, start: str, *, looks: bool, name: str) -> list[Look]:
    """Every kind of page that is reached from `start`; `looks`: also seen at all widths."""
    waiting, known, kinds = deque([start]), {start}, Counter[str]()
    found: list[Look] = []
    while waiting and len(found) < MOST_PAGES:
        address = waiting.popleft()
        kind = kind_of(address)
        kinds[kind] += 1
        if kinds[kind] > OF_A_KIND:
            continue
        answer = await window.open(address)
        if "text/html" not in answer.headers.get("content-type", ""):
            continue
        problems = [] if answer.status == 200 else [f"answered {answer.status}"]
        if looks and kinds[kind] == 1:
            look = f"{name}-{kind.replace('/', '-').replace('*', 'x')}"
            problems += await window.faults(look, *SCHEMES)
        found.append(
            Look(
                address,
                answer.status,
                len(await answer.body()),
                await _milliseconds(window),
                problems,
            )
        )
        for link in own_links(window.origin, await window.page.evaluate(LINKS)):
            if link not in known:
                known.add(link)
                waiting.append(link)
    return found


async def _milliseconds(window: Reader) -> float:
    """From asking until the page was there."""
    timing: Mapping[str, Any] = await window.page.evaluate(
        "performance.getEntriesByType('navigation')[0].toJSON()"
    )
    return float(timing["responseEnd"]) - float(timing["startTime"])
