"""Wiring of the vault, nothing else. It is served with enrollment, and needs a database."""

import structlog

from milepost.enrollment.domain.erasure import VAULT
from milepost.enrollment.vault.api import VaultWiring, routes
from milepost.enrollment.vault.erasures import Term
from milepost.enrollment.vault.key_lifecycle import renewing
from milepost.enrollment.vault.keyring import Keyring, MasterKeyMissing
from milepost.enrollment.vault.store import UnknownLearner, Vault
from milepost.events.log import Recorded
from milepost.events.parking.parked import Connection
from milepost.events.subscriptions.handler import TransactionalHandler
from milepost.web.room import Context, PersonalName, Service

_log = structlog.get_logger()


def service(context: Context) -> Service:
    """Raises `SettingInvalid` when the master keys make no sense."""
    keyring = Keyring(context.settings)
    vault = Vault(context.pool, keyring)
    term = Term.of(context.settings.erasure_days, by_hand=not keyring.ours)
    return Service(
        name="vault",
        routes=(routes(VaultWiring(vault, context)),),
        handlers=(erasing(vault),),
        workers=(renewing(context.pool, keyring, term, context.clock),),
    )


def personal_name(context: Context) -> PersonalName:
    """Who has none, or is erased, or stays sealed for want of a key, is nobody by name."""
    vault = Vault(context.pool, Keyring(context.settings))

    async def name(tenant: str, learner: str) -> str | None:
        try:
            _, person = await vault.get(tenant, learner)
        except UnknownLearner:
            return None
        except MasterKeyMissing as missing:
            _log.warning("name_not_opened", tenant=tenant, fault=str(missing))
            return None
        return person.name

    return name


def erasing(vault: Vault) -> TransactionalHandler:
    """Erases what a process that died left between the receipt and the deed."""

    async def handle(connection: Connection, recorded: Recorded) -> None:
        erased = VAULT.codec.decode(recorded.type, recorded.data, recorded.occurred_at)
        await vault.erase(recorded.tenant, erased.learner, erased.occurred_at, connection)

    return TransactionalHandler("vault", (("enrollment", "learner_erased"),), handle)
