"""Pages from templates: everything escaped, nothing undefined, nothing from elsewhere.

A template extends `layout.html` and gets what it is rendered with, and beside that

    t(key, **facts)   a text in the reader's language
    count(key, n)     a text that counts
    locale            its language, direction, dates and numbers
    static(name)      the address of a style sheet or script
    ui                the components of `components.html`, in the reader's language
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Final

from jinja2.environment import TemplateModule
from litestar import Response

from milepost.pages.locales import Locale
from milepost.pages.localized_templates import Compiled, Templates
from milepost.pages.static_files import StaticFiles

OURS = Path(__file__).parent / "templates"
# Languages times the time zones of who reads at present.
MAX_COMPONENTS: Final = 256
# Neither scripts nor styles in the page itself, nothing from another origin, in nobody's frame.
CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "Referrer-Policy": "no-referrer",
}


class Pages:
    """The templates of a room, over the layout that all rooms share."""

    def __init__(self, static: StaticFiles, *folders: Path) -> None:
        self._static = static
        self._folders = [*folders, OURS]
        self._globals: dict[str, object] = {"static": static.url}
        self._by_language: dict[str, Templates] = {}
        self._components: dict[tuple[str, str], TemplateModule] = {}

    def add_globals(self, **values: object) -> None:
        self._globals.update(values)

    def render(self, template: str, locale: Locale, **facts: object) -> str:
        """Raises `UnknownText` and jinja2's `UndefinedError`: both are faults of the template."""
        made = self._templates(locale).get_template(template)
        return made.render(self._known(locale, facts))

    def render_part(self, template: str, part: str, locale: Locale, **facts: object) -> str:
        """The block of that name alone. Raises as `render`, and `KeyError` for no such block."""
        made = self._templates(locale).get_template(template)
        context = made.new_context(self._known(locale, facts))
        to_layout = made.root_render_func(context)
        next(to_layout, None)  # until then the template defines its own macros
        return "".join(made.blocks[part](context))

    def _known(self, locale: Locale, facts: Mapping[str, object]) -> dict[str, object]:
        return {**_words(locale), "ui": self._ui(locale), **facts}

    def _templates(self, locale: Locale) -> Templates:
        found = self._by_language.get(locale.language)
        if found is None:
            constants: dict[str, Callable[[str], str]] = {
                "t": locale.text,
                "static": self._static.url,
            }
            compiled = _compiled(locale.language, self._static)
            found = Templates(self._folders, constants, compiled)
            self._by_language[locale.language] = found
            found.globals.update(self._globals)
        return found

    def _ui(self, locale: Locale) -> TemplateModule:
        """Made once for a language and time zone: making takes longer than using."""
        key = (locale.language, str(locale.zone))
        found = self._components.get(key)
        if found is None:
            if len(self._components) >= MAX_COMPONENTS:
                self._components.clear()
            made = self._templates(locale).get_template("components.html")
            found = self._components[key] = made.make_module(_words(locale))
        return found


@lru_cache(maxsize=64)
def _compiled(language: str, static: StaticFiles) -> Compiled:  # noqa: ARG001 - it is the key
    """Shared by all rooms: no room says the texts of the layout and its components otherwise."""
    return Compiled()


def _words(locale: Locale) -> dict[str, object]:
    return {"locale": locale, "t": locale.text, "count": locale.count}


def page(
    html: str, locale: Locale, *, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response[bytes]:
    """The answer to a browser; kept by nobody unless `headers` say otherwise."""
    return Response(
        html.encode(),
        status_code=status,
        media_type="text/html",
        headers={
            **HEADERS,
            "Content-Language": locale.language,
            "Vary": "Accept, Accept-Language",
            "Cache-Control": "private, no-store",
            **(headers or {}),
        },
    )
