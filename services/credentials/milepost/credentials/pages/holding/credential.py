"""One credential as its holder has it: who may see it, and in which forms it goes elsewhere."""

from collections.abc import Callable, Sequence
from datetime import datetime

import msgspec

from milepost.credentials.domain.records.sharing import Link
from milepost.credentials.domain.refusals import NotHeld
from milepost.credentials.public.certificate import pdf_installed
from milepost.credentials.public.found import Found, Lookup
from milepost.credentials.public.view import WORTH_ADDING, linkedin


class Holding(msgspec.Struct, frozen=True, kw_only=True):
    """`base`: the origin that others see. `knows_names`: whether this process has the vault."""

    lookup: Lookup
    base: str
    clock: Callable[[], datetime]
    knows_names: bool


class HeldCredential(msgspec.Struct, frozen=True, kw_only=True):
    """`public`: everybody sees its page, at `address`. `links` open it for who has them.
    `linkedin`: where LinkedIn takes it; None unless everybody sees it, and it is or was valid.
    """

    found: Found
    name: str
    public: bool
    shows_name: bool
    links: Sequence[Link]
    address: str
    linkedin: str | None
    knows_names: bool
    pdf: bool


async def held_credential(
    holding: Holding, tenant: str, learner: str, credential: str, language: str
) -> HeldCredential:
    """Raises `NotHeld`, also of what is withheld or was declined."""
    found = await holding.lookup.of(tenant, learner, credential)
    if found is None or found.unseen:
        raise NotHeld(learner, credential)
    definition, sharing = found.definition, found.sharing
    name = definition.names.get(language, definition.name)
    public = sharing.is_public(definition.visibility)
    address = f"{holding.base}/c/{credential}"
    added = public and found.status in WORTH_ADDING
    return HeldCredential(
        found=found,
        name=name,
        public=public,
        shows_name=bool(sharing.public) and sharing.shows_name,
        links=sharing.open_links(holding.clock()),
        address=address,
        linkedin=linkedin(found, name, address) if added else None,
        knows_names=holding.knows_names,
        pdf=pdf_installed(),
    )
