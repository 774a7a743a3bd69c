"""Wiring of the vault, nothing else. It is served with enrollment, and needs a database."""

from milepost.enrollment.domain.erasure import VAULT
from milepost.enrollment.vault.api import VaultWiring, routes
from milepost.enrollment.vault.erasures import Term
from milepost.enrollment.vault.key_lifecycle import renewing
from milepost.enrollment.vault.keyring import Keyring
from milepost.enrollment.vault.store import Vault
from milepost.events.log import Recorded
from milepost.events.parking.parked import Connection
from milepost.events.subscriptions.handler import TransactionalHandler
from milepost.web.room import Context, Service


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


def erasing(vault: Vault) -> TransactionalHandler:
    """Erases what a process that died left between the receipt and the deed."""

    async def handle(connection: Connection, recorded: Recorded) -> None:
        erased = VAULT.codec.decode(recorded.type, recorded.data, recorded.occurred_at)
        await vault.erase(recorded.tenant, erased.learner, erased.occurred_at, connection)

    return TransactionalHandler("vault", (("enrollment", "learner_erased"),), handle)
