"""What is served under `/docs`: whole, small, linked, found, and about everything there is."""

import re
import tomllib
from collections.abc import Mapping
from html import unescape
from pathlib import Path
from typing import NamedTuple

import pytest
from tests.clients import School, connection_to

from milepost.contracts.published import PUBLISHED
from milepost.events.event import Refused, name_of
from milepost.operations.documentation import app as documentation
from milepost.operations.documentation.guides import WRITTEN, guides
from milepost.operations.documentation.reference.remedies import BY_NAME
from milepost.operations.documentation.tables.imported import heirs, import_all
from milepost.web.app import create_app
from milepost.web.auth.tokens import TokenVerifier
from milepost.web.problems import problem_of
from milepost.web.settings import Settings

pytestmark = pytest.mark.app
MAX_BYTES = 150_000


# A tag as it is written here; html.parser takes ten times as long for hundreds of pages.
TAG = re.compile(r'<([a-z][a-z0-9]*)((?:\s+[a-z][a-z0-9-]*(?:="[^"]*")?)*)\s*/?>')
ATTRIBUTE = re.compile(r'([a-z][a-z0-9-]*)(?:="([^"]*)")?')


class Page:
    """Where a page leads to, and what may be led to in it."""

    def __init__(self, html: str) -> None:
        self.links: set[str] = set()
        self.loads: set[str] = set()
        self.anchors: list[str] = []
        tags = TAG.findall(html)
        assert len(tags) == len(re.findall(r"<[a-zA-Z]", html)), "a tag is written otherwise"
        for tag, attributes in tags:
            if attributes:
                self._take(tag, {name: unescape(of) for name, of in ATTRIBUTE.findall(attributes)})

    def _take(self, tag: str, found: Mapping[str, str]) -> None:
        assert not [name for name in found if name.startswith("on") or name == "style"], found
        if "id" in found:
            self.anchors.append(found["id"])
        if tag == "a":
            self.links.add(found["href"])
        if tag in ("link", "script", "img"):
            self.loads.add(found.get("href") or found["src"])


class Site(NamedTuple):
    pages: dict[str, Page]
    sizes: dict[str, int]


@pytest.fixture(scope="module")
async def site(reading_room: School) -> Site:
    """Everything that links lead to from the start, without a token."""
    pages, sizes, waiting, known = {}, {}, ["/docs"], {"/docs"}
    while waiting:
        address = waiting.pop()
        got = await reading_room.connection.get(address)
        assert got.status_code == 200, address
        pages[address], sizes[address] = Page(got.text), len(got.content)
        for link in pages[address].links:
            target = link.partition("#")[0]
            if target.startswith("/docs") and target not in known:
                known.add(target)
                waiting.append(target)
    return Site(pages, sizes)


def test_each_link_leads_somewhere(site: Site):
    nowhere = []
    for address, page in site.pages.items():
        for link in page.links:
            target, _, anchor = link.partition("#")
            other = site.pages.get(target or address)
            if other and anchor and anchor not in other.anchors:
                nowhere.append(f"{address}: {link}")
    assert nowhere == []


def test_each_page_is_small_and_names_its_places_once(site: Site):
    assert {address: size for address, size in site.sizes.items() if size > MAX_BYTES} == {}
    for address, page in site.pages.items():
        assert len(page.anchors) == len(set(page.anchors)), address


def test_nothing_is_loaded_from_elsewhere(site: Site):
    loaded = {one for page in site.pages.values() for one in page.loads}
    assert {one for one in loaded if not one.startswith("/docs/static/")} == set()


async def test_every_operation_event_and_problem_has_its_page(site: Site, reading_room: School):
    import_all()
    document = (await reading_room.connection.get("/schema/openapi.json")).json()
    operations = {
        f"/docs/api/{operation['operationId']}"
        for path, item in document["paths"].items()
        for operation in item.values()
        if not path.startswith(("/health", "/metrics"))
    }
    events = {f"/docs/events/{name_of(tag)}" for tag in PUBLISHED}
    refusals = [one for one in heirs(Refused) if "__dataclass_fields__" in vars(one)]
    problems = {f"/docs/problems/{problem_of(one.__new__(one)).name}" for one in refusals}
    problems |= {"/docs/problems/malformed_request", "/docs/problems/method_not_allowed"}
    problems |= {f"/docs/problems/{name}" for name in BY_NAME}  # advice about nothing is stale
    assert (operations | events | problems) - set(site.pages) == set()


def test_every_guide_is_there_and_comes_with_the_package(site: Site):
    assert {one.address for one in guides().values()} - set(site.pages) == set()
    project = tomllib.loads((WRITTEN.parent / "pyproject.toml").read_text("utf-8"))
    included = project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    for place, target in included.items():
        inside = Path(place).relative_to("docs").as_posix()
        assert target == f"milepost/operations/documentation/guides/{inside}"
    outside = [
        str(file)
        for file in WRITTEN.rglob("*.md")
        if not any((WRITTEN.parent / place) in {file, *file.parents} for place in included)
    ]
    assert outside == []
    image = (WRITTEN.parent / "deploy/Containerfile").read_text("utf-8")
    context = (WRITTEN.parent / "deploy/Containerfile.dockerignore").read_text("utf-8")
    assert "COPY docs docs\n" in image
    assert "!docs\n" in context


async def test_a_refusal_leads_to_the_page_that_explains_it(reading_room: School):
    refused = await reading_room.get("/enrollment/offerings/none")
    assert refused.json()["type"] == "urn:milepost:problem:unknown_offering"
    address = re.fullmatch(r'<(.+)>; rel="help"', refused.headers["Link"])
    assert address
    page = await reading_room.connection.get(address[1])
    assert "urn:milepost:problem:unknown_offering" in page.text
    assert "What to do" in page.text


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("enrollLearner", "/docs/api/enrollLearner"),
        ("urn:milepost:problem:offering_full", "/docs/problems/offering_full"),
        ("milepost.credential_awarded", "/docs/events/credential_awarded"),
        ("/enrollment/courses/{course}/versions validate", "/docs/api/validatePlan"),
        ("glossary", "/docs/glossary"),
        ("build a front", "/docs/how-to/front-end"),
    ],
)
async def test_search_finds_by_name_path_title(reading_room: School, query: str, first: str):
    html = (await reading_room.connection.get("/docs/search", params={"q": query})).text
    found = re.search(r'<ol class="list found">\s*<li><a href="([^"]+)"', html)
    assert found
    assert found[1] == first


async def test_what_is_searched_for_is_text(reading_room: School):
    query = "<script>alert(1)</script>" * 50
    html = (await reading_room.connection.get("/docs/search", params={"q": query})).text
    assert "<script>" not in html
    assert "Nothing has all of" in html


async def test_a_page_is_kept_until_it_changes(reading_room: School):
    first = await reading_room.connection.get("/docs/problems")
    tag = first.headers["ETag"]
    assert first.headers["Content-Encoding"] == "gzip"
    again = await reading_room.connection.get("/docs/problems", headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    plain = await reading_room.connection.get("/docs/problems", headers={"Accept-Encoding": ""})
    assert plain.headers["ETag"] != tag
    assert plain.text == first.text
    assert "unsafe" not in plain.headers["Content-Security-Policy"]


async def test_what_is_not_there_is_a_page_that_says_so(reading_room: School):
    for address in ("/docs/nothing", "/docs/api/../../etc/passwd", "/docs/api/%2e%2e"):
        got = await reading_room.connection.get(address)
        assert got.status_code == 404, address
    assert "No such page" in (await reading_room.connection.get("/docs/nothing")).text


async def test_a_process_of_one_room_documents_them_all_and_to_nobody_too_fast(tmp_path: Path):
    settings = Settings(data_dir=tmp_path)
    alone = documentation.service(settings, whole=False, pages_per_second=1)
    app = create_app([alone], settings, TokenVerifier(settings), ready={})
    async with connection_to(app) as connection:
        addresses = ["/docs/api/enrollLearner", "/docs/events/credential_awarded", "/docs/search"]
        assert [(await connection.get(one)).status_code for one in addresses] == [200, 200, 200]
        statuses = {(await connection.get("/docs")).status_code for _ in range(100)}
        assert statuses == {200, 429}
