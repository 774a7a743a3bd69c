"""What stands around every page of somebody who is signed in, and the answer that it becomes.

    SHELL = Shell(Path(__file__).parent)     with `templates/` and `catalogs/` over ours

    @get("/my", opt={"roles": ["learner"]})
    async def get_home(request: PageRequest, …) -> Response[bytes]:
        return SHELL.render(request, "home.html", area="my", home=await read_home(…))

    router = SHELL.router([get_home], dependencies)

A template extends `signed_in.html` and has, beside its facts, `t`, `locale`, `static`, and

    ui        the components, in the reader's language: `{{ ui.figure(12, t("enrolled")) }}`
    session   subject, school, roles, csrf
    area      which one is open

With `part="funnel"` the block of that name is the whole answer, for a page that asks for a part of
itself again.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeAlias
from urllib.parse import parse_qsl, urlencode

import structlog
from litestar import Request, Response, Router
from litestar.di import Provide
from litestar.handlers import HTTPRouteHandler

from milepost.pages import cells, charts, formats
from milepost.pages.locales import Locale, Locales
from milepost.pages.navigation import Area, areas_of, home_of
from milepost.pages.pages import Pages, page
from milepost.pages.static_files import StaticFiles
from milepost.web.auth.tokens import Caller
from milepost.web.problems import ERROR_PAGE, Problem

PageRequest: TypeAlias = Request[Any, Any, Any]

# Served by every process that serves pages: what is kept of one area is kept for all.
STATIC: Final = StaticFiles("/pages/static")
LANGUAGE_COOKIE: Final = "milepost-lang"
ZONE_COOKIE: Final = "milepost-tz"
VARY: Final = "Cookie, Accept-Language, HX-Request"
YEAR_SECONDS: Final = 365 * 86_400
MAX_COOKIE: Final = 64
LOCALE: Final = "locale"
# In a request's state: the page does not show yet what its reader has just sent.
BEHIND: Final = "behind"
# Statuses that a page of their own explains; others are told in the words of their kind.
EXPLAINED: Final = frozenset({400, 401, 403, 404, 409, 410, 429, 500, 503})

_log = structlog.get_logger()


class Session(NamedTuple):
    """Who is signed in, as templates see it. `csrf` is empty where there is no cookie."""

    subject: str
    school: str
    roles: frozenset[str]
    csrf: str
    areas: tuple[Area, ...]


class LanguageLink(NamedTuple):
    locale: Locale
    address: str


class Shell:
    """The pages of one area. `home` is the folder that holds its `templates` and `catalogs`;
    `words` another area's catalogs, whose texts it says, too.
    """

    def __init__(
        self, home: Path, *, words: Path | None = None, static: StaticFiles = STATIC
    ) -> None:
        self._pages = Pages(static, home / "templates")
        self._locales = Locales(*([words] if words else []), home / "catalogs")
        self._pages.add_globals(chart=charts, cells=cells)
        self._languages = lru_cache(maxsize=1_024)(self._links)
        self._choose = lru_cache(maxsize=1_024)(self._locales.choose)

    def locale(self, request: PageRequest) -> Locale:
        """`?lang=`, then the cookie, then what the browser prefers; in the reader's time zone."""
        state = request.scope["state"]
        if (found := state.get(LOCALE)) is not None:
            chosen: Locale = found
            return chosen
        cookies = request.cookies
        wanted = request.query_params.get("lang") or cookies.get(LANGUAGE_COOKIE)
        accepted = request.headers.get("accept-language", "")
        language = self._choose(wanted and wanted[:MAX_COOKIE], accepted)
        state[LOCALE] = chosen = _in_zone(language, cookies.get(ZONE_COOKIE, ""))
        return chosen

    def render(
        self,
        request: PageRequest,
        template: str,
        *,
        area: str = "",
        part: str | None = None,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        **facts: object,
    ) -> Response[bytes]:
        """`topics` among the facts: what the page wants to be told of while it is open."""
        locale = self.locale(request)
        around = {
            "session": _session(request, area),
            "area": area,
            "languages": self._languages(request.scope["query_string"]),
            "topics": (),
            BEHIND: request.scope["state"].get(BEHIND, False),
        }
        known = {**around, **facts}
        if part is None:
            html = self._pages.render(template, locale, **known)
        else:
            html = self._pages.render_part(template, part, locale, **known)
        return page(
            html, locale, status=status, headers={"Vary": VARY, **_kept(request), **(headers or {})}
        )

    def page_error(self, request: PageRequest, problem: Problem) -> Response[bytes]:
        """The problem, in words, as a page."""
        kind = _kind(problem, self.locale(request))
        return self.render(
            request,
            "error.html",
            status=problem.status,
            headers=problem.headers,
            problem=problem,
            kind=kind,
            home=home_of(caller.roles) if (caller := request.scope.get("user")) else "/",
            correlation=request.scope["state"].get("correlation"),
        )

    def router(
        self,
        handlers: Sequence[HTTPRouteHandler],
        dependencies: Mapping[str, object] | None = None,
        **options: Any,
    ) -> Router:
        """Of pages: what goes wrong is told as one. `dependencies` are values by their names."""

        def error_page(request: PageRequest, problem: Problem) -> Response[bytes]:
            return self.page_error(request, problem)  # litestar copies options, but no function

        return Router(
            "/",
            route_handlers=list(handlers),
            dependencies={name: _provide(one) for name, one in (dependencies or {}).items()},
            opt={"page": True, ERROR_PAGE: error_page},
            include_in_schema=False,
            **options,
        )

    def _links(self, query: bytes) -> Sequence[LanguageLink]:
        """To this page in each language, with the rest of its query."""
        rest = [one for one in parse_qsl(query.decode("latin-1")) if one[0] != "lang"]
        return [
            LanguageLink(one, f"?{urlencode([*rest, ('lang', one.language)])}")
            for one in self._locales.all()
        ]


def _kind(problem: Problem, locale: Locale) -> str:
    """Which of the texts `error.*` tells it."""
    if locale.knows(f"error.{problem.name}.title"):
        return problem.name
    status = problem.status
    return str(status if status in EXPLAINED else status // 100 * 100)


def _provide(value: object) -> Provide:
    return Provide(lambda: value, sync_to_thread=False)


def _session(request: PageRequest, area: str) -> Session | None:
    caller: Caller | None = request.scope.get("user")
    if caller is None:
        return None
    return Session(
        subject=caller.subject,
        school=caller.tenant,
        roles=caller.roles,
        csrf=caller.csrf,
        areas=areas_of(caller.roles, area),
    )


def _in_zone(locale: Locale, name: str) -> Locale:
    zone = formats.zone(name[:MAX_COOKIE]) if name else None
    return locale if zone is None else Locale(locale.language, locale.texts, zone)


def _kept(request: PageRequest) -> Mapping[str, str]:
    """The language that was just chosen, for the next page."""
    wanted = request.query_params.get("lang", "")
    if not wanted.isalnum() or len(wanted) > 8 or not wanted.isascii():
        return {}
    said = f"{LANGUAGE_COOKIE}={wanted}; Path=/; Max-Age={YEAR_SECONDS}; SameSite=Lax; HttpOnly"
    return {"Set-Cookie": said}
