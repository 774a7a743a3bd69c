"""All pages under `/docs`, each drawn when it is first asked for, and kept compressed.

They are made of two documents, OpenAPI and AsyncAPI, and of the guides; nothing else is asked.
"""

import gzip
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property, partial
from hashlib import sha256
from importlib.metadata import version
from itertools import groupby
from pathlib import Path
from typing import Any

import msgspec

from milepost.operations.documentation.guides import (
    SECTIONS,
    Guide,
    children,
    guides,
    headings,
    html_of,
    roles_in,
    words,
)
from milepost.operations.documentation.reference.events import EventType, events
from milepost.operations.documentation.reference.operation import Operation
from milepost.operations.documentation.reference.operations import Api
from milepost.operations.documentation.reference.problems import ProblemType, problem_types
from milepost.operations.documentation.search import MAX_FOUND, Entry, Search
from milepost.pages import locales
from milepost.pages.locales import Locales
from milepost.pages.pages import Pages
from milepost.pages.static_files import StaticFiles

HERE = Path(__file__).parent
PREFIX = "/docs"
STATIC = StaticFiles(f"{PREFIX}/static", HERE / "static")
PAGES = Pages(STATIC, HERE / "templates")
ENGLISH = Locales(locales.OURS).choose("en")
VERSION = version("milepost")
# Operations by which others hear of events, by their tags.
WAYS = ("events", "webhooks", "subscribers")
FIRST_CALL = "listCourses"


class Drawn(msgspec.Struct, frozen=True):
    """A page as it is kept: compressed, with the digest of what it says."""

    zipped: bytes
    digest: str

    @property
    def html(self) -> bytes:
        return gzip.decompress(self.zipped)


class Link(msgspec.Struct, frozen=True):
    title: str
    address: str


class Site:
    """`openapi` and `asyncapi` are the documents; `origin` is where their operations are called.

    It takes some tenths of a second to make one.
    """

    def __init__(
        self, openapi: Mapping[str, Any], asyncapi: Mapping[str, Any], origin: str
    ) -> None:
        self.origin = origin
        api = Api(openapi, origin)
        self._operations = {name: api[name] for name in api.ids()}
        self._problems = problem_types(openapi, list(self._operations.values()))
        self._events = events(asyncapi)
        self._guides = guides()
        self._draw = dict(self._pages())
        self._drawn: dict[str, Drawn] = {}

    def paths(self) -> Sequence[str]:
        """Of all pages, below `/docs`: the first is empty."""
        return tuple(self._draw)

    def page(self, path: str) -> Drawn:
        """Raises `KeyError`. Two threads may draw the same page: it is the same."""
        if (kept := self._drawn.get(path)) is not None:
            return kept
        return self._drawn.setdefault(path, drawn(self._draw[path]()))

    def found(self, query: str) -> bytes:
        """The page with what was found."""
        found = self._search.find(query)
        return _render("search.html", "", query=query, found=found, most=MAX_FOUND).encode()

    def nothing(self) -> bytes:
        return _render("nothing.html", "").encode()

    def _pages(self) -> Iterator[tuple[str, Callable[[], str]]]:
        by_tag = _grouped(self._operations.values(), lambda one: one.tag)
        by_service = _grouped(self._events.by_name.values(), lambda one: one.service)
        by_status = _grouped(self._problems.values(), lambda one: one.status)
        yield "", partial(self._start, sorted(by_tag))
        yield "guides", partial(_render, "guides.html", "guides", parts=self._parts)
        yield "api", partial(_render, "api.html", "api", tags=by_tag)
        yield (
            "events",
            partial(
                _render,
                "events.html",
                "events",
                services=by_service,
                events=self._events,
                ways=[tag for tag in WAYS if tag in by_tag],
            ),
        )
        yield "problems", partial(_render, "problems.html", "problems", statuses=by_status)
        for operation in self._operations.values():
            yield f"api/{operation.id}", partial(self._operation, operation, by_tag)
        for event in self._events.by_name.values():
            yield f"events/{event.name}", partial(self._event, event, by_service)
        for problem in self._problems.values():
            yield f"problems/{problem.name}", partial(self._problem, problem, by_status)
        for guide in self._guides.values():
            if guide.path != "index":
                yield guide.address.removeprefix(f"{PREFIX}/"), partial(self._guide, guide)

    def _start(self, tags: Sequence[str]) -> str:
        call = self._operations[FIRST_CALL]
        roles = roles_in(self._guides["concepts/roles"])
        facts = {"origin": self.origin, "call": call.curl, "roles": roles, "tags": tags}
        return _render("start.html", "", **facts)

    def _operation(self, operation: Operation, by_tag: Mapping[str, Sequence[Operation]]) -> str:
        beside = [Link(one.summary, one.address) for one in by_tag[operation.tag]]
        return _render(
            "operation.html", "api",
            operation=operation, problems=self._problems, beside=beside, beside_of=operation.tag,
        )  # fmt: skip

    def _event(self, event: EventType, by_service: Mapping[str, Sequence[EventType]]) -> str:
        beside = [Link(one.name, one.address) for one in by_service[event.service]]
        return _render("event.html", "events", event=event, beside=beside, beside_of=event.service)

    def _problem(self, problem: ProblemType, by_status: Mapping[int, Sequence[ProblemType]]) -> str:
        beside = [Link(one.name, one.address) for one in by_status[problem.status]]
        head = f"{problem.status} {problem.phrase}"
        return _render("problem.html", "problems", problem=problem, beside=beside, beside_of=head)

    def _guide(self, guide: Guide) -> str:
        home = self._guides.get(f"{guide.section}/index", guide)
        beside = [Link(one.title, one.address) for one in children(home, self._guides)]
        return _render(
            "guide.html", "guides",
            guide=guide, home=home, html=html_of(guide, self._guides),
            beside=beside, beside_of=home.title,
        )  # fmt: skip

    @property
    def _parts(self) -> Sequence[tuple[Guide, Sequence[Guide]]]:
        """The guides by section, in reading order."""
        homes = [self._guides.get(f"{name}/index") or self._guides[name] for name in SECTIONS]
        return [(home, children(home, self._guides)) for home in homes]

    @cached_property
    def _search(self) -> Search:
        return Search(self._entries())

    def _entries(self) -> Iterator[Entry]:
        for operation in self._operations.values():
            yield Entry(
                kind="operation",
                title=operation.summary,
                address=operation.address,
                detail=f"{operation.method} {operation.path}",
                key=operation.id,
            )
        for event in self._events.by_name.values():
            yield Entry(
                kind="event",
                title=event.name,
                address=event.address,
                detail=event.summary.striptags(),
                key=event.name,
            )
        for problem in self._problems.values():
            detail = f"{problem.status} {problem.title}"
            yield Entry(
                kind="problem",
                title=problem.name,
                address=problem.address,
                detail=detail,
                key=problem.name,
            )
        yield from self._of_guides()

    def _of_guides(self) -> Iterator[Entry]:
        """Each, then each of its headings."""
        for guide in self._guides.values():
            if guide.path == "index":
                continue
            kind = "decision" if guide.section == "decisions" else "guide"
            text = words(guide)
            yield Entry(kind=kind, title=guide.title, address=guide.address, text=text)
            for one in headings(guide):
                if one.level > 1:
                    place = f"{guide.address}#{one.anchor}"
                    yield Entry(kind=kind, title=one.text, address=place, detail=guide.title)


def drawn(html: str) -> Drawn:
    content = html.encode()
    zipped = gzip.compress(content, compresslevel=6, mtime=0)
    return Drawn(zipped, sha256(content).hexdigest()[:32])


def _render(template: str, section: str, **facts: object) -> str:
    return PAGES.render(template, ENGLISH, section=section, version=VERSION, **facts)


def _grouped(items: Any, key: Callable[[Any], Any]) -> dict[Any, list[Any]]:
    return {name: list(same) for name, same in groupby(sorted(items, key=key), key=key)}
