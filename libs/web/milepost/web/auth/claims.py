"""Where tenant, subject and roles stand in a token, and what the provider's roles mean here.

    path                               names
    ---------------------------------  ------------------------------------------------------
    tenant                             a claim
    realm_access.roles                 a member of a claim; each dot is a step
    https://school.example/roles       a claim: whatever holds `://` is one name
    /resource_access/my.client/roles   a JSON Pointer (RFC 6901), where a name itself has dots

What is not said is not granted: a role of the provider's means nothing until it is mapped.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Final, TypeAlias

import msgspec
from msgspec import Meta

from milepost.events.log import TENANT_PATTERN
from milepost.web.settings import DEVELOPMENT_ISSUER, PREFIX, SettingInvalid, Settings

ROLES: Final = ("learner", "instructor", "registrar", "issuer", "operator", "service", "auditor")
MAX_ROLES: Final = 100
MAX_STEPS: Final = 8
# A provider may name all the groups that somebody is in.
MAX_PROVIDER_ROLES: Final = 1_000

Path: TypeAlias = tuple[str, ...]
Tenant = Annotated[str, Meta(pattern=TENANT_PATTERN)]
# No control characters, and no half of a surrogate pair: neither can be stored or sent on.
Subject = Annotated[
    str, Meta(min_length=1, max_length=255, pattern=r"\A[^\x00-\x1f\x7f-\x9f\ud800-\udfff]+\Z")
]
Role = Annotated[str, Meta(max_length=64)]
ProviderRoles = Annotated[
    list[Annotated[str, Meta(max_length=1_000)]], Meta(max_length=MAX_PROVIDER_ROLES)
]

_UNMAPPED: Final = "roles"
_NO_TILDE: Final = re.compile(r"~(?![01])")
_SAID_BY: Final = (
    *("token_tenant_claim", "token_subject_claim", "token_roles_claim"),
    *("token_role_names", "token_default_tenant", "token_default_role"),
)


class Claims(msgspec.Struct, frozen=True):
    sub: Subject
    tenant: Tenant
    roles: Annotated[list[Role], Meta(max_length=MAX_ROLES)]
    exp: float


class ClaimMapping(msgspec.Struct, frozen=True):
    """`names`: what each role of the provider means here; None: they are ours already."""

    tenant: Path
    subject: Path
    roles: Path
    names: Mapping[str, frozenset[str]] | None
    default_tenant: str
    default_role: str

    @classmethod
    def of(cls, settings: Settings) -> "ClaimMapping":
        """Raises `SettingInvalid` for what makes no sense, or would grant more than is said."""
        _require_own_issuer(settings)
        names = _role_names(settings.token_role_names)
        if names is None and settings.token_roles_claim != _UNMAPPED:
            raise _wrong(
                "token_role_names",
                "",
                f"say what the names in {settings.token_roles_claim} mean here, as"
                " `school-staff=registrar,student=learner`: none is taken for a role by its name"
                " alone",
            )
        if names is None and settings.token_default_role:
            raise _wrong("token_role_names", "", "a default role is for who has none of these")
        return cls(
            tenant=path_of("token_tenant_claim", settings.token_tenant_claim),
            subject=path_of("token_subject_claim", settings.token_subject_claim),
            roles=path_of("token_roles_claim", settings.token_roles_claim),
            names=names,
            default_tenant=settings.token_default_tenant,
            default_role=settings.token_default_role,
        )

    def read(self, token: Mapping[str, Any]) -> Claims:
        """Raises `msgspec.ValidationError`, which names the claim."""
        tenant = at(token, self.tenant)
        read = {
            "sub": at(token, self.subject),
            "tenant": self.default_tenant if tenant is None and self.default_tenant else tenant,
            "roles": self._roles(at(token, self.roles)),
            "exp": token["exp"],
        }
        where = {"sub": self.subject, "tenant": self.tenant, "roles": self.roles}
        for name, path in where.items():
            if read[name] is None:
                raise msgspec.ValidationError(f"{'.'.join(path)} is missing")
        return msgspec.convert(read, Claims)

    def _roles(self, found: Any) -> Any:
        """Ours, for the provider's: those that are mapped, and no others."""
        if self.names is None:
            return found
        if isinstance(found, str):  # as OAuth has scopes
            found = found.split()
        given = msgspec.convert([] if found is None else found, ProviderRoles)
        ours = {role for name in given for role in self.names.get(name, ())}
        return sorted(ours) or [self.default_role] * bool(self.default_role)


def path_of(setting: str, text: str) -> Path:
    """The steps to a claim. Raises `SettingInvalid`."""
    if text.startswith("/"):
        steps = tuple(text[1:].split("/"))
        if any(_NO_TILDE.search(step) for step in steps):
            raise _wrong(setting, text, "in a JSON Pointer a tilde is ~0 and a slash is ~1")
        steps = tuple(step.replace("~1", "/").replace("~0", "~") for step in steps)
    elif "://" in text:
        steps = (text,)
    else:
        steps = tuple(text.split("."))
    if not all(steps) or len(steps) > MAX_STEPS or any(step != step.strip() for step in steps):
        raise _wrong(
            setting,
            text,
            "expected a claim, as `tenant`, `realm_access.roles` or `https://school.example/roles`",
        )
    return steps


def at(token: Mapping[str, Any], path: Path) -> Any:
    """What stands there; None: nothing does."""
    found: Any = token
    for step in path:
        if not isinstance(found, Mapping):
            return None
        found = found.get(step)
    return found


def _role_names(text: str) -> Mapping[str, frozenset[str]] | None:
    """`theirs=ours`, separated by commas; a name of theirs may stand for several of ours."""
    if not text.strip():
        return None
    names: dict[str, frozenset[str]] = {}
    for pair in text.split(","):
        theirs, _, ours = (part.strip() for part in pair.rpartition("="))
        if not theirs or ours not in ROLES:
            raise _wrong(
                "token_role_names",
                text,
                f"{pair.strip()!r}: expected `theirs=ours`, where ours is one of"
                f" {', '.join(ROLES)}",
            )
        names[theirs] = names.get(theirs, frozenset()) | {ours}
    return names


def _require_own_issuer(settings: Settings) -> None:
    """The development issuer says `tenant`, `sub` and `roles`, whatever is set here."""
    if settings.token_keys or settings.token_issuer != DEVELOPMENT_ISSUER:
        return
    defaults = Settings()
    for name in _SAID_BY:
        if (said := getattr(settings, name)) != getattr(defaults, name):
            raise _wrong(
                name, said, "it is for an issuer of your own: set MILEPOST_TOKEN_ISSUER and"
                " MILEPOST_TOKEN_KEYS too"
            )  # fmt: skip


def _wrong(setting: str, text: str, why: str) -> SettingInvalid:
    said = f"={text!r}" if text else ""
    return SettingInvalid(f"{PREFIX}{setting.upper()}{said}: {why}")
