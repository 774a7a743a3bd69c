"""Who a learner is, as the vault tells it at this moment; nothing of it is kept."""

from datetime import datetime
from typing import Literal, TypeAlias

import msgspec

from milepost.enrollment.vault.keyring import MasterKeyMissing
from milepost.enrollment.vault.store import Person, UnknownLearner, Vault

# What there is: a person, nothing yet, nothing any more, or something that no key opens here.
Held: TypeAlias = Literal["known", "nothing", "erased", "locked"]


class PersonFacts(msgspec.Struct, frozen=True, kw_only=True):
    """`person` where it is known, `erased_at` where it was erased."""

    learner: str
    held: Held
    person: Person | None = None
    erased_at: datetime | None = None


async def person_facts(vault: Vault, tenant: str, learner: str) -> PersonFacts:
    try:
        _, person = await vault.get(tenant, learner)
    except UnknownLearner as unknown:
        held: Held = "erased" if unknown.erased_at else "nothing"
        return PersonFacts(learner=learner, held=held, erased_at=unknown.erased_at)
    except MasterKeyMissing:
        return PersonFacts(learner=learner, held="locked")
    return PersonFacts(learner=learner, held="known", person=person)
