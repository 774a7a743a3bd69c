"""A credential's other forms for its holder and for who issues, whoever else may see it."""

from typing import Annotated, Literal, TypeAlias

from litestar import Response, Router, get
from litestar.di import NamedDependency, Provide
from litestar.params import QueryParameter

from milepost.credentials.api.records import NOT_YOUR_OWN
from milepost.credentials.api.wire import KnownLearner, PathCredential
from milepost.credentials.api.wiring import ISSUING
from milepost.credentials.domain.refusals import NotHeld
from milepost.credentials.public.api import FORMS, Public, Visit
from milepost.credentials.public.certificate import PdfNotInstalled
from milepost.credentials.public.forms import MEDIA_TYPES, answer
from milepost.credentials.public.found import Allowed
from milepost.web.openapi.documented_answers import Answers
from milepost.web.requests.commands import Call

Form: TypeAlias = Literal["json", "jwt", "vc+jwt", "png", "svg", "pdf"]
NOT_HELD = NotHeld("learner-4711", "5d2b6c0e-8f0f-5b5a-9d0e-1b2c3d4e5f60")
SUFFIXES: dict[Form, str] = {
    "json": "json",
    "jwt": "jwt",
    "vc+jwt": "vc.jwt",
    "png": "png",
    "svg": "svg",
    "pdf": "pdf",
}


@get(
    "/learners/{learner:str}/credentials/{credential:str}/document",
    summary="A credential as a file",
    answers=Answers(
        refusals=(NOT_YOUR_OWN, NOT_HELD, PdfNotInstalled()),
        media_types=tuple(MEDIA_TYPES[suffix] for suffix in SUFFIXES.values()),
    ),
)
async def get_credential_document(
    request: Call,
    learner: KnownLearner,
    credential: PathCredential,
    public: NamedDependency[Public],
    form: Annotated[
        Form, QueryParameter(name="format", description="`json` is JSON-LD with its proof")
    ] = "json",
) -> Response[bytes]:
    """Whether or not others may see it. What is withheld or was declined, only who issues.

    The learner themselves, or issuer, registrar, operator, service.
    """
    request.user.may_act_for(learner, *ISSUING)
    found = await public.lookup.of(request.user.tenant, learner, credential)
    issues = not request.user.roles.isdisjoint(ISSUING)
    if found is None or (found.unseen and not issues):
        raise NotHeld(learner, credential)
    locale = public.locales.choose(None, request.headers.get("accept-language", ""))
    visit = Visit(public=public, locale=locale, found=found, allowed=Allowed(shows_name=True))
    suffix = SUFFIXES[form]
    return answer(await FORMS[suffix](visit), suffix, found, public=False)


def routes(public: Public) -> Router:
    return Router(
        "/credentials",
        route_handlers=[get_credential_document],
        dependencies={"public": Provide(lambda: public, sync_to_thread=False)},
        tags=["credentials"],
    )
