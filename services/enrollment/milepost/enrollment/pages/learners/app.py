"""Wiring of the registrar's pages of learners, nothing else."""

from milepost.enrollment.pages.learners.api import routes
from milepost.enrollment.vault.keyring import Keyring
from milepost.enrollment.vault.store import Vault
from milepost.web.room import Context, Service


def service(context: Context) -> Service:
    """Raises `SettingInvalid` when the master keys make no sense."""
    vault = Vault(context.pool, Keyring(context.settings))
    return Service(name="office-learner-pages", routes=(routes(context, vault),))
