"""`/sign-in` of `milepost up --sign-in`: a token for a front end that is being developed."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from time import monotonic_ns
from typing import Annotated, Any, Final, NamedTuple, TypeAlias
from urllib.parse import parse_qs

import msgspec
from litestar import Request, Response, Router, get, post
from litestar.params import QueryParameter

from milepost.events.log import TENANT_PATTERN, Log
from milepost.operations.documentation.site import ENGLISH, STATIC
from milepost.operations.sign_in.rules import (
    VARIABLE,
    front_ends,
    may_return_to,
    why_not,
    why_refused,
)
from milepost.pages.pages import CONTENT_SECURITY_POLICY, Pages, page
from milepost.web.auth.claims import ROLES, Subject
from milepost.web.auth.development_issuer import DevelopmentIssuer
from milepost.web.problems import Malformed, Problem, RequestFault
from milepost.web.requests.quotas import Buckets
from milepost.web.room import Service
from milepost.web.settings import SettingInvalid, Settings

__all__ = ["VARIABLE", "service"]

LIFETIME_SECONDS: Final = 8 * 3600
MAX_FORM_BYTES: Final = 8_192
MAX_SCHOOLS: Final = 50
PER_SECOND: Final = 10
PAGES: Final = Pages(STATIC, Path(__file__).parent / "templates")

AnyRequest: TypeAlias = Request[Any, Any, Any]
ReturnTo = Annotated[str, QueryParameter(name="redirect", description="A front end's page")]


class Person(NamedTuple):
    """Somebody to be, as a developer needs them."""

    subject: str
    roles: tuple[str, ...]
    about: str


PEOPLE: Final = (
    Person("ann", ("learner",), "a learner"),
    Person("ben", ("learner",), "another learner"),
    Person("ines", ("instructor",), "an instructor, of the offerings she is assigned to"),
    Person("office", ("registrar", "issuer"), "registrar and issuer"),
    Person("olga", ("operator",), "an operator"),
    Person("ava", ("auditor",), "an auditor, who changes nothing"),
    Person("campus", ("service",), "the front end itself, or another system"),
)


class SignInRefused(RequestFault):
    """The development sign-in answers this machine's own browser alone."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why

    def problem(self) -> Problem:
        return Problem(
            status=403,
            name="sign_in_refused",
            title="Sign-in refused",
            detail=f"The development sign-in answers this machine's own browser: {self.why}.",
        )


class Form(msgspec.Struct, frozen=True):
    """What was chosen. `subject` is somebody of `PEOPLE`, or anybody with `roles`."""

    subject: Subject
    tenant: Annotated[str, msgspec.Meta(pattern=TENANT_PATTERN)]
    roles: Annotated[list[str], msgspec.Meta(min_length=1, max_length=len(ROLES))]
    redirect: str = ""


def service(settings: Settings, log: Log) -> Service:
    """Raises `SettingInvalid` where it must not be."""
    if why := why_not(settings):
        raise SettingInvalid(f"milepost up --sign-in: {why}")
    issuer = DevelopmentIssuer(settings.data_dir, audience=settings.token_audience)
    registered, asked = front_ends(settings), Buckets[str]("sign_in", PER_SECOND)
    draw = partial(_draw, registered)

    @get("/sign-in", include_in_schema=False)
    async def get_sign_in(request: AnyRequest, redirect: ReturnTo = "") -> Response[bytes]:
        _admit(request, asked)
        known = sorted((await log.heads()).items(), key=lambda one: -one[1])
        schools = [tenant for tenant, _ in known[:MAX_SCHOOLS]]
        return draw(
            "sign_in.html", people=PEOPLE, schools=schools, roles=ROLES,
            redirect=_return_to(redirect, registered),
        )  # fmt: skip

    @post("/sign-in", status_code=200, include_in_schema=False)
    async def sign_in(request: AnyRequest) -> Response[bytes]:
        _admit(request, asked, changes=True)
        form = _form(await request.body())
        back = _return_to(form.redirect, registered)
        token = issuer.issue(form.subject, form.tenant, form.roles, LIFETIME_SECONDS)
        if back:  # in the fragment, which no server and no log is told
            where = {"Location": f"{back}#token={token}", "Cache-Control": "no-store"}
            return Response(b"", status_code=303, headers=where)
        return draw(
            "signed_in.html", form=form, token=token, http=f"http://{request.headers['host']}"
        )

    issuer.ensure_keys()
    return Service(
        name="sign_in",
        routes=(Router("/", route_handlers=[get_sign_in, sign_in], opt={"public": True}),),
    )


def _draw(registered: Sequence[str], template: str, **facts: object) -> Response[bytes]:
    """Its form may lead to the front ends that are registered."""
    html = PAGES.render(template, ENGLISH, registered=registered, **facts)
    policy = CONTENT_SECURITY_POLICY.replace(
        "form-action 'self'", " ".join(["form-action 'self'", *registered])
    )
    return page(html, ENGLISH, headers={"Content-Security-Policy": policy})


def _admit(request: AnyRequest, asked: Buckets[str], *, changes: bool = False) -> None:
    """Raises `SignInRefused`, and what `Buckets` raises."""
    client = request.client.host if request.client else None
    if why := why_refused(request.headers, client, changes=changes):
        raise SignInRefused(why)
    asked.spend("", monotonic_ns())


def _form(body: bytes) -> Form:
    """Raises `Malformed`."""
    if len(body) > MAX_FORM_BYTES:
        raise Malformed("The form is too long.", path="$")
    try:
        fields = parse_qs(body.decode(), max_num_fields=20)
        form = msgspec.convert(_chosen(fields), Form)
    except (ValueError, msgspec.ValidationError) as fault:
        raise Malformed(f"The form is not filled in: {fault}.", path="$") from fault
    if unknown := set(form.roles) - {*ROLES}:
        raise Malformed(f"There is no role {min(unknown)!r}.", path="$.roles")
    return form


def _chosen(fields: Mapping[str, list[str]]) -> dict[str, Any]:
    """A person of the list, unless somebody else is named."""
    listed = {one.subject: one for one in PEOPLE}.get(fields.get("person", [""])[0])
    roles = fields.get("role") or (list(listed.roles) if listed else [])
    subject = fields.get("subject", [listed.subject if listed else ""])[0]
    return {
        "subject": subject,
        "roles": roles,
        "tenant": fields.get("tenant", ["default"])[0],
        "redirect": fields.get("redirect", [""])[0],
    }


def _return_to(address: str, registered: list[str]) -> str:
    """Raises `Malformed` for a page that is not of a registered front end."""
    if address and not may_return_to(address, registered):
        raise Malformed(
            "Name the front end's origin in MILEPOST_CORS_ORIGINS, with localhost.",
            query="redirect",
        )
    return address
