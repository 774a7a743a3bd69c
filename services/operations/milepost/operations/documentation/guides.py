"""The pages of `docs/` as HTML: Markdown in, the same addresses out, `.md` left off.

They come with the package; from a checkout they are read where they are written.
"""

import posixpath
import re
from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from functools import cache, partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import OptionsDict
from markupsafe import Markup, escape
from mdit_py_plugins.anchors import anchors_plugin
from mdit_py_plugins.deflist import deflist_plugin

from milepost.operations.documentation.tables.places import TABLES, with_tables

INSTALLED = Path(__file__).parent / "guides"
WRITTEN = Path(__file__).parents[5] / "docs"
ROOT = "/docs"
# In the order in which somebody new would read them.
SECTIONS = ("tutorial", "how-to", "concepts", "reference", "glossary", "decisions")
_TREE = "{toctree}"
# These have pages of their own here, one an entry.
_ELSEWHERE = {
    "routes": f"Every operation, with a form to try it: [the API]({ROOT}/api).",
    "events": f"Every event, with its schema and an example: [events]({ROOT}/events).",
    "problems": f"Every problem, and what to do about it: [problems]({ROOT}/problems).",
}


class Heading(msgspec.Struct, frozen=True):
    """`anchor` as GitHub makes it; `level` is 1 for the title."""

    level: int
    anchor: str
    text: str


class Guide(msgspec.Struct, frozen=True):
    """`path` as `how-to/front-end`; `index` for the page that links them all."""

    path: str
    source: str

    @property
    def title(self) -> str:
        return self.source.partition("\n")[0].lstrip("# ").replace("`", "").strip()

    @property
    def address(self) -> str:
        return address(self.path)

    @property
    def section(self) -> str:
        return self.path.partition("/")[0]


def address(path: str) -> str:
    """`how-to/index` is `/docs/how-to`."""
    return posixpath.normpath(f"{ROOT}/{path}").removesuffix("/index")


def guides() -> Mapping[str, Guide]:
    """All of them, by path, as they are written."""
    folder = INSTALLED if INSTALLED.is_dir() else WRITTEN
    names = {file.relative_to(folder).with_suffix("").as_posix(): file for file in _files(folder)}
    return {name: Guide(name, file.read_text("utf-8")) for name, file in names.items()}


def _files(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.md"))


def children(guide: Guide, known: Mapping[str, Guide]) -> Sequence[Guide]:
    """Those that its tables of contents name, in that order."""
    return [
        known[path]
        for token in _markdown().parse(guide.source)
        if token.type == "fence" and token.info == _TREE
        for path in _entries(guide, token.content)
    ]


def _entries(guide: Guide, content: str) -> list[str]:
    lines = [line.strip() for line in content.splitlines()]
    return [_beside(guide, line) for line in lines if line and not line.startswith(":")]


def _beside(guide: Guide, name: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(guide.path), name))


def html_of(guide: Guide, known: Mapping[str, Guide]) -> Markup:
    """Raises `KeyError` for a link to a page that is not there."""
    tables: dict[str, Callable[[], str]] = dict(TABLES)
    tables |= {name: partial(str, words) for name, words in _ELSEWHERE.items()}
    tokens = _markdown().parse(with_tables(guide.source, tables))
    _turn_links(tokens, guide, known)
    rendered: str = _markdown().renderer.render(tokens, _markdown().options, {})
    return Markup(rendered)  # noqa: S704 - markdown-it lets no HTML through


def html_of_text(text: str) -> Markup:
    """Of what the code says of itself."""
    return Markup(_markdown().render(text))  # noqa: S704 - as above


def inline_html(text: str) -> Markup:
    """Of a phrase: code and links, no paragraph."""
    return Markup(_markdown().renderInline(text))  # noqa: S704 - as above


def words(guide: Guide) -> str:
    """What it says, in small letters."""
    return re.sub(r"[`*#|]", "", guide.source).lower()


def roles_in(guide: Guide) -> list[tuple[str, Markup]]:
    """Each role of its table, and what who has it does."""
    rows = re.findall(r"^\| `([a-z]+)` \| (.+) \|$", guide.source, re.MULTILINE)
    return [(role, inline_html(does)) for role, does in rows]


def headings(guide: Guide) -> Iterator[Heading]:
    tokens = _markdown().parse(guide.source)
    for opening, inline in pairwise(tokens):
        if opening.type == "heading_open":
            anchor = str(opening.attrGet("id") or "")
            yield Heading(int(opening.tag[1:]), anchor, _plain(inline.content))


def _plain(text: str) -> str:
    return re.sub(r"[`*]", "", text)


def _turn_links(tokens: Sequence[Token], guide: Guide, known: Mapping[str, Guide]) -> None:
    for token in tokens:
        if token.type == "fence" and token.info == _TREE:
            token.meta["pages"] = _shown(guide, token.content, known)
        for one in token.children or ():
            if one.type == "link_open":
                one.attrSet("href", _address_of(str(one.attrGet("href")), guide, known))


def _shown(guide: Guide, content: str, known: Mapping[str, Guide]) -> Sequence[Guide]:
    if ":hidden:" in content:
        return ()
    return [known[path] for path in _entries(guide, content)]


def _address_of(target: str, guide: Guide, known: Mapping[str, Guide]) -> str:
    """Of a link to another page the address here; any other link as it is."""
    page, mark, anchor = target.partition("#")
    if not page.endswith(".md"):
        return target
    return known[_beside(guide, page.removesuffix(".md"))].address + mark + anchor


@cache
def _markdown() -> MarkdownIt:
    made = MarkdownIt("commonmark", {"html": False}, renderer_cls=_Renderer).enable("table")
    return made.use(deflist_plugin).use(anchors_plugin, max_level=4)


class _Renderer(RendererHTML):
    """What is wider than a phone scrolls by itself, also by the keyboard."""

    def table_open(self, *_: object) -> str:
        return '<div class="scroll" tabindex="0" role="group" aria-label="Table"><table>\n'

    def table_close(self, *_: object) -> str:
        return "</table></div>\n"

    def fence(self, tokens: Sequence[Token], idx: int, *_: object) -> str:
        token = tokens[idx]
        if token.info == _TREE:
            return _links(token.meta.get("pages", ()), _caption(token.content))
        return f'<pre tabindex="0"><code>{escape(token.content)}</code></pre>\n'

    def code_block(
        self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: MutableMapping[str, Any]
    ) -> str:
        return self.fence(tokens, idx, options, env)


def _caption(content: str) -> str:
    found = re.search(r"^:caption: *(.+)$", content, re.MULTILINE)
    return found[1] if found else ""


def _links(pages: Sequence[Guide], caption: str) -> str:
    items = "".join(f'<li><a href="{one.address}">{escape(one.title)}</a></li>' for one in pages)
    head = f"<h2>{escape(caption)}</h2>\n" if caption else ""
    return f"{head}<ul>{items}</ul>\n" if items else ""
