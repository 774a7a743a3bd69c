"""The register of credentials: what was awarded, and whether it still stands."""

from typing import Literal, TypeAlias

import asyncpg
from msgspec.json import Decoder
from msgspec.structs import replace

from milepost.dashboards.projections.catalog import CATALOG
from milepost.dashboards.projections.credential_registry import (
    CREDENTIAL_REGISTRY,
    RegisteredCredential,
)
from milepost.dashboards.queries.lists.keyset import Order, by_number
from milepost.dashboards.queries.lists.listing import Listing, Page, TitledQuery, equal, read_page
from milepost.dashboards.queries.lists.titles import ACHIEVEMENT_TITLE

CredentialStatus: TypeAlias = Literal[
    "withheld", "active", "suspended", "expired", "declined", "superseded", "revoked"
]


class CredentialView(RegisteredCredential, kw_only=True):
    """`status` is that of now; `reason` is the revocation's code, `flag_reason` the flag's.

    `awarded_by` is `policy`, or the subject of the person who awarded it: learners, and whoever
    asks for all that is a learner's, read `person`.
    """

    status: CredentialStatus


class CredentialListed(CredentialView, kw_only=True):
    """`achievement_title`: of its latest version; null where it was never defined here."""

    achievement_title: str | None


class CredentialsQuery(TitledQuery, frozen=True, kw_only=True):
    """By the award's position. `out`: without those that are, or were to the end, withheld."""

    sort: Literal["position"] = "position"
    order: Order = "desc"
    learner: str | None = None
    achievement: str | None = None
    issuer: str | None = None
    course: str | None = None
    offering: str | None = None
    status: CredentialStatus | None = None
    flagged: bool | None = None
    out: bool | None = None


CREDENTIAL_ROWS = Decoder(list[CredentialView])
# The gravest that applies, as the credentials service has it.
_STATUS = """case when revoked_at is not null then 'revoked'
        when superseded_by is not null then 'superseded'
        when declined_at is not null then 'declined'
        when held_for_release or withheld_until > now() then 'withheld'
        when suspended_at is not null then 'suspended'
        when valid_until <= now() then 'expired' else 'active' end as status"""
CREDENTIAL = f"select *, {_STATUS} from dashboards.credential_registry"
_TOLD = ", ".join(name for name in RegisteredCredential.__struct_fields__ if name != "awarded_by")
# As its learner sees it: that a person acted, not who.
OWN_CREDENTIAL = f"""select tenant, {_TOLD}, {_STATUS},
        case when awarded_by in ('', 'policy') then awarded_by else 'person' end as awarded_by
    from dashboards.credential_registry"""
# Withheld now, or when it was revoked: there for who issues, and for nobody else.
NEVER_OUT = """(held_for_release
    or coalesce(withheld_until > least(now(), revoked_at), false))"""
CREDENTIALS = Listing(
    models=(CATALOG, CREDENTIAL_REGISTRY),
    rows=Decoder(list[CredentialListed]),
    sql=f"select x.*, {ACHIEVEMENT_TITLE} from ({CREDENTIAL}) x",
    key="credential",
    sorts={"position": by_number("position")},
    filters={
        **equal("learner", "achievement", "issuer", "course", "offering", "status", "flagged"),
        "out": f"{NEVER_OUT} <> :out",
    },
)
_OWN = f"select x.*, {ACHIEVEMENT_TITLE} from ({OWN_CREDENTIAL}) x"
OWN_CREDENTIALS = replace(CREDENTIALS, sql=_OWN)


async def read_credentials(
    pool: asyncpg.Pool, tenant: str, query: CredentialsQuery, *, awaited: int | None = None
) -> Page[CredentialListed]:
    return await read_page(pool, tenant, CREDENTIALS, query, awaited=awaited)
