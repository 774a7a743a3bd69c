"""The register of credentials, as it is filtered on its page."""

from collections.abc import Mapping
from urllib.parse import quote, urlencode

import asyncpg
import msgspec

from milepost.dashboards.queries.lists.credentials import (
    CredentialListed,
    CredentialsQuery,
    CredentialStatus,
    read_credentials,
)
from milepost.dashboards.queries.lists.listing import Page


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """None: it does not matter."""

    learner: str | None = None
    achievement: str | None = None
    issuer: str | None = None
    status: CredentialStatus | None = None
    flagged: bool | None = None

    @property
    def query(self) -> Mapping[str, str]:
        """As an address has it."""
        facts = msgspec.structs.asdict(self)
        return {
            name: str(value).lower() if isinstance(value, bool) else value
            for name, value in facts.items()
            if value is not None
        }


class Register(msgspec.Struct, frozen=True, kw_only=True):
    asked: Asked
    page: Page[CredentialListed]
    next: str | None
    first: str | None

    def file(self, form: str) -> str:
        """The address of the whole list as a file."""
        return f"/dashboards/credentials?{urlencode({**self.asked.query, 'format': form})}"

    def credential(self, row: CredentialListed) -> str:
        learner, credential = (quote(one, safe="") for one in (row.learner, row.credential))
        return f"/issue/register/{learner}/{credential}"


async def read_register(
    pool: asyncpg.Pool,
    tenant: str,
    asked: Asked,
    *,
    cursor: str | None,
    language: str,
    awaited: int | None,
) -> Register:
    """Raises `CursorUnknown`, `NotVisibleYet`, `BeyondTheLog`."""
    query = CredentialsQuery(**msgspec.structs.asdict(asked), cursor=cursor, language=language)
    page = await read_credentials(pool, tenant, query, awaited=awaited)
    beginning = f"?{urlencode(asked.query)}"
    return Register(
        asked=asked,
        page=page,
        next=f"?{urlencode({**asked.query, 'cursor': page.next})}" if page.next else None,
        first=beginning if cursor else None,
    )
