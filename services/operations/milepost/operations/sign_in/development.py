"""`/sign-in` of `milepost up` on this machine: be anybody of a school, without a provider.

With `--sign-in` it gives tokens too, to front ends that are being developed.
"""

from collections.abc import Mapping, Sequence
from time import monotonic_ns
from typing import Annotated, Any, Final

import msgspec
from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromQuery, QueryParameter

from milepost.events.log import TENANT_PATTERN
from milepost.operations.sign_in.front import OPEN, SHELL, fields_of, first, redirect
from milepost.operations.sign_in.people import Person, Schools
from milepost.operations.sign_in.rules import Rules, may_return_to
from milepost.pages.pages import CONTENT_SECURITY_POLICY
from milepost.pages.shell import PageRequest
from milepost.web.auth.claims import ROLES, Subject
from milepost.web.auth.development_issuer import DevelopmentIssuer
from milepost.web.auth.session_cookie import SessionCookie
from milepost.web.auth.signed_out import own_path
from milepost.web.problems import ERROR_PAGE, Malformed, Problem, RequestFault
from milepost.web.requests.quotas import Buckets

LIFETIME_SECONDS: Final = 8 * 3600
PER_SECOND: Final = 10

ReturnTo = Annotated[str, QueryParameter(name="redirect", description="A front end's page")]
Back = Annotated[str, QueryParameter(name="return", description="The page to go back to")]
Tenant = Annotated[str, msgspec.Meta(pattern=TENANT_PATTERN)]


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
            facts={"why": self.why},
        )


def error_page(request: PageRequest, problem: Problem) -> Response[bytes]:
    """A refusal says why: who reads it has started this Milepost, or should not be here."""
    if problem.name != "sign_in_refused":
        return SHELL.page_error(request, problem)
    return SHELL.render(request, "refused.html", status=403, why=problem.facts["why"])


class Form(msgspec.Struct, frozen=True):
    """What was chosen: somebody of the school's list, or anybody with `roles`."""

    subject: Subject
    tenant: Tenant
    roles: Annotated[list[str], msgspec.Meta(min_length=1, max_length=len(ROLES))]
    redirect: str = ""
    back: str = ""
    token: str = ""


class Development:
    """`registered` are front ends that tokens may be sent to; None: it gives no tokens."""

    def __init__(
        self,
        issuer: DevelopmentIssuer,
        cookie: SessionCookie,
        schools: Schools,
        rules: Rules,
        registered: Sequence[str] | None,
    ) -> None:
        self._issuer = issuer
        self._cookie = cookie
        self._schools = schools
        self._rules = rules
        self._registered = registered
        self._asked = Buckets[str]("sign_in", PER_SECOND)
        issuer.ensure_keys()

    async def show(
        self, request: PageRequest, school: str, redirect_to: str, back: str
    ) -> Response[bytes]:
        """Raises `SignInRefused`, `Malformed`, and what `Buckets` raises."""
        self._admit(request)
        schools = await self._schools.names()
        school = _tenant(school or (schools[0] if schools else "default"))
        people = self._offered(await self._schools.people(school))
        return self._draw(
            request, "sign_in.html", people=people, school=school, schools=schools, roles=ROLES,
            redirect=self._return_to(redirect_to), back=own_path(back),
            gives_tokens=self._registered is not None, registered=self._registered,
        )  # fmt: skip

    async def choose(self, request: PageRequest) -> Response[bytes]:
        """Raises as `show`."""
        self._admit(request, changes=True)
        form = await self._form(await request.body())
        front_end = self._return_to(form.redirect)
        if front_end:  # in the fragment, which no server and no log is told
            return redirect(f"{front_end}#token={self._token(form)}")
        if form.token and self._registered is not None:
            return self._draw(
                request, "signed_in_token.html", form=form, token=self._token(form),
                http=f"http://{request.headers['host']}",
            )  # fmt: skip
        session = self._cookie.sessions.issue(form.subject, form.tenant, form.roles)
        return redirect(own_path(form.back), self._cookie.set(session))

    def _offered(self, people: Sequence[Person]) -> Sequence[Person]:
        """Another system has no pages: it is somebody to be for a token alone."""
        if self._registered is not None:
            return people
        return [one for one in people if one.roles != ("service",)]

    def _token(self, form: Form) -> str:
        return self._issuer.issue(form.subject, form.tenant, form.roles, LIFETIME_SECONDS)

    def _draw(self, request: PageRequest, template: str, **facts: Any) -> Response[bytes]:
        """Its form may lead to the front ends that are registered."""
        leads_to = " ".join(["form-action 'self'", *(self._registered or ())])
        policy = CONTENT_SECURITY_POLICY.replace("form-action 'self'", leads_to)
        return SHELL.render(request, template, headers={"Content-Security-Policy": policy}, **facts)

    def _admit(self, request: PageRequest, *, changes: bool = False) -> None:
        """Raises `SignInRefused`, and what `Buckets` raises."""
        if why := self._rules.why_refused(request.scope, changes=changes):
            raise SignInRefused(why)
        self._asked.spend("", monotonic_ns())

    async def _form(self, body: bytes) -> Form:
        """Raises `Malformed`."""
        fields = fields_of(body)
        if not fields:
            raise Malformed("The form is not filled in.", path="$")
        tenant = _tenant(first(fields, "tenant", "default"))
        listed = {one.subject: one for one in await self._schools.people(tenant)}
        try:
            form = msgspec.convert(_chosen(fields, tenant, listed), Form)
        except msgspec.ValidationError as fault:
            raise Malformed(f"The form is not filled in: {fault}.", path="$") from fault
        if unknown := set(form.roles) - {*ROLES}:
            raise Malformed(f"There is no role {min(unknown)!r}.", path="$.roles")
        return form

    def _return_to(self, address: str) -> str:
        """Raises `Malformed` for a page that is not of a registered front end."""
        if address and not may_return_to(address, self._registered or ()):
            raise Malformed(
                "Start `milepost up --sign-in`, and name the front end's origin in "
                "MILEPOST_CORS_ORIGINS, with localhost.",
                query="redirect",
            )
        return address


def routes(development: Development) -> tuple[HTTPRouteHandler, ...]:
    told = {**OPEN, ERROR_PAGE: error_page}

    @get("/sign-in", opt=told)
    async def get_sign_in(
        request: PageRequest,
        school: FromQuery[str] = "",
        redirect_to: ReturnTo = "",
        back: Back = "",
    ) -> Response[bytes]:
        return await development.show(request, school, redirect_to, back)

    @post("/sign-in", opt=told, status_code=200)
    async def sign_in(request: PageRequest) -> Response[bytes]:
        return await development.choose(request)

    return get_sign_in, sign_in


def _tenant(name: str) -> str:
    """Raises `Malformed`."""
    try:
        return msgspec.convert(name, Tenant)
    except msgspec.ValidationError as fault:
        raise Malformed("A school's name is letters, digits, - and _.", path="$.tenant") from fault


def _chosen(
    fields: Mapping[str, list[str]], tenant: str, people: Mapping[str, Person]
) -> dict[str, Any]:
    """A person of the list, unless somebody else is named."""
    token_for = first(fields, "token_for")
    listed = people.get(token_for or first(fields, "person"))
    return {
        "subject": first(fields, "subject") or (listed.subject if listed else ""),
        "roles": fields.get("role") or (list(listed.roles) if listed else []),
        "tenant": tenant,
        "redirect": first(fields, "redirect"),
        "back": first(fields, "return"),
        "token": token_for or first(fields, "token"),
    }
