"""The routes under `/c`: a credential's page, and its other forms. Nobody needs a token.

What is hidden, is not there or was mistyped is answered alike: one page, or one problem.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, TypeAlias
from urllib.parse import quote

import msgspec
from litestar import Request, Response, Router, get
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, QueryParameter
from markupsafe import Markup

from milepost.credentials.public.certificate import Press, certificate, pdf_installed
from milepost.credentials.public.emblem import emblem_svg
from milepost.credentials.public.forms import (
    JSON_LD,
    ReadPicture,
    Sign,
    Signed,
    answer,
    baked_png,
    baked_svg,
    card,
    png,
    qr_svg,
)
from milepost.credentials.public.found import Allowed, Found, Lookup, allowed
from milepost.credentials.public.titles import Titles
from milepost.credentials.public.view import CredentialPage, addresses, view
from milepost.pages.locales import Locale, Locales
from milepost.pages.pages import Pages, page
from milepost.pages.static_files import StaticFiles
from milepost.web.problems import Problem, RequestFault, respond
from milepost.web.room import PersonalName

HERE = Path(__file__).parent
PREFIX = "/c"
DOCUMENTS = (JSON_LD, "application/json", "application/ld+json", "application/vc+ld+json")
# Longer than any secret that was given out.
MAX_SECRET = 128

AnyRequest: TypeAlias = Request[Any, Any, Any]
Secret = Annotated[str | None, QueryParameter(name="k", description="The secret of a link")]
Language = Annotated[str | None, QueryParameter(name="lang", description="BCP 47, as `de`")]


class UnknownCredential(RequestFault):
    """Hidden or not there: nobody is told which."""

    def problem(self) -> Problem:
        return Problem(
            status=404,
            name="unknown_credential",
            title="Unknown credential",
            detail="There is no credential at this address, or its holder does not show it.",
        )


class Public(msgspec.Struct, frozen=True, kw_only=True):
    """What the routes are given to work with. `base`: the origin that others see."""

    lookup: Lookup
    titles: Titles
    sign: Sign | None
    picture: ReadPicture | None
    personal_name: PersonalName | None
    clock: Callable[[], datetime]
    base: str
    press: Press
    pages: Pages
    locales: Locales


class Visit(msgspec.Struct, frozen=True, kw_only=True):
    """One request, and what it may see."""

    public: Public
    locale: Locale
    found: Found
    allowed: Allowed

    async def view(self) -> CredentialPage:
        public = self.public
        holder = None
        if self.allowed.shows_name and public.personal_name is not None:
            holder = await public.personal_name(self.found.tenant, self.found.learner)
        return await view(
            self.found,
            self.allowed,
            self.locale,
            holder=holder,
            titles=public.titles,
            base=public.base,
        )

    async def picture(self) -> bytes | None:
        image, read = self.found.definition.image, self.public.picture
        return await read(self.found.tenant, image) if image and read else None

    async def signed(self) -> Signed:
        """Raises `UnknownCredential` where nothing is signed."""
        if self.public.sign is None:
            raise UnknownCredential
        return await self.public.sign(self.found)


@get("/c/{file:str}", opt={"public": True}, include_in_schema=False)
async def get_credential_page(
    request: AnyRequest,
    file: FromPath[str],
    public: NamedDependency[Public],
    secret: Secret = None,
    lang: Language = None,
) -> Response[bytes]:
    """`file` is the credential's id, and a suffix of another form."""
    credential, _, suffix = file.partition(".")
    locale = public.locales.choose(lang, request.headers.get("accept-language", ""))
    found = await public.lookup.find(credential)
    known = secret if secret and len(secret) <= MAX_SECRET else None
    may = allowed(found, known, public.clock()) if found else None
    if found is None or may is None:
        return _nothing(request, public, locale, suffix)
    visit = Visit(public=public, locale=locale, found=found, allowed=may)
    if not suffix and _wants_document(request):
        suffix = "json"
    form = FORMS.get(suffix)
    if suffix and form is None:
        return _nothing(request, public, locale, suffix)
    if form is None:
        return await _page(request, visit)
    content = await form(visit)
    return answer(content, suffix, found, public=may.secret is None)


async def _page(request: AnyRequest, visit: Visit) -> Response[bytes]:
    shown = await visit.view()
    html = visit.public.pages.render(
        "credential.html",
        visit.locale,
        view=shown,
        address=addresses(visit.public.base, shown.credential, None).page,
        languages=_languages(request, visit.public.locales),
        qr=Markup(qr_svg(shown.addresses.page).decode()),  # noqa: S704 - made here, of digits
        mail=_mail(shown, visit.locale),
        pdf=pdf_installed(),
    )
    return page(html, visit.locale)


def _nothing(request: AnyRequest, public: Public, locale: Locale, suffix: str) -> Response[bytes]:
    if suffix or _wants_document(request) or "text/html" not in _accepted(request, "text/html"):
        return respond(request, UnknownCredential().problem())
    languages = _languages(request, public.locales)
    html = public.pages.render("not_found.html", locale, languages=languages)
    return page(html, locale, status=404)


def _accepted(request: AnyRequest, unless: str = "") -> str:
    header = request.headers.get("accept", unless)
    return unless if header == "*/*" else header


def _wants_document(request: AnyRequest) -> bool:
    header = _accepted(request)
    return "text/html" not in header and any(one in header for one in DOCUMENTS)


def _languages(request: AnyRequest, locales: Locales) -> list[dict[str, str]]:
    """Each with the address of this page in it; the link's secret stays in it."""
    secret = request.query_params.get("k")
    query = f"k={quote(secret, safe='')}&" if secret else ""
    return [
        {
            "language": one.language,
            "name": one.text("language_name"),
            "address": f"?{query}lang={one.language}",
        }
        for one in locales.all()
    ]


def _mail(shown: CredentialPage, locale: Locale) -> str:
    subject = quote(locale.text("mail_subject", name=shown.name))
    return f"mailto:?subject={subject}&body={quote(shown.addresses.page)}"


async def _json(visit: Visit) -> bytes:
    return (await visit.signed()).document


async def _jwt(visit: Visit) -> str:
    return (await visit.signed()).open_badges_jwt


async def _vc_jwt(visit: Visit) -> str:
    return (await visit.signed()).vc_jwt


async def _png(visit: Visit) -> bytes:
    document = (await _json(visit)).decode()
    return baked_png(await visit.picture(), visit.found, document)


async def _svg(visit: Visit) -> bytes:
    document = (await _json(visit)).decode()
    return baked_svg(await visit.picture(), visit.found, document)


async def _pdf(visit: Visit) -> bytes:
    shown = await visit.view()
    picture = png(await visit.picture(), visit.found)
    qr = qr_svg(shown.addresses.page)
    return await certificate(visit.public.press, shown, visit.locale, picture=picture, qr=qr)


async def _image(visit: Visit) -> bytes:
    return await visit.picture() or emblem_svg(visit.found.awarded.achievement)


async def _card(visit: Visit) -> bytes:
    return card(await visit.picture(), visit.found)


async def _qr(visit: Visit) -> bytes:
    place = addresses(visit.public.base, visit.found.awarded.credential, visit.allowed.secret)
    return qr_svg(place.page)


FORMS: dict[str, Callable[[Visit], Awaitable[bytes | str]]] = {
    "json": _json,
    "jwt": _jwt,
    "vc.jwt": _vc_jwt,
    "png": _png,
    "svg": _svg,
    "pdf": _pdf,
    "image": _image,
    "card.png": _card,
    "qr.svg": _qr,
}

STATIC = StaticFiles(f"{PREFIX}/static", HERE / "static")
PAGES = Pages(STATIC, HERE / "templates")
LOCALES = Locales(HERE / "catalogs")


def routes(public: Public) -> Router:
    return Router(
        "/",
        route_handlers=[get_credential_page, STATIC.route()],
        dependencies={"public": Provide(lambda: public, sync_to_thread=False)},
        opt={"public": True},
    )
