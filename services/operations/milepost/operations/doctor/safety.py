"""What keeps data safe: the vault's keys, what our login may do, encryption on the way."""

from ipaddress import ip_address
from urllib.parse import urlsplit

from milepost.enrollment.vault.keyring import Keyring
from milepost.enrollment.vault.store import keys_in_use
from milepost.events.nats.connection import is_encrypted
from milepost.operations.doctor.finding import Patient, Says, warning, worst, wrong
from milepost.web.settings import SettingInvalid

OWNED = """select rolsuper as superuser,
        exists (select from pg_class c join pg_namespace n on n.oid = c.relnamespace
                 where n.nspname in ('log', 'consumer', 'vault', 'bulk')
                   and c.relowner = r.oid) as owner
    from pg_roles r where rolname = session_user"""


async def vault(patient: Patient) -> Says:
    in_use = await keys_in_use(patient.postgres)
    try:
        keys = Keyring(patient.settings).keys
    except SettingInvalid as invalid:
        return wrong(str(invalid), "name the file or the keys of this vault")
    if missing := [key for key in in_use if key not in keys]:
        return wrong(
            f"locked: master key {', '.join(missing)} is not here",
            "set MILEPOST_MASTER_KEY or MILEPOST_MASTER_KEY_FILE as `milepost serve` has it",
        )
    return Says(f"open, master keys in use: {len(in_use)}" if in_use else "empty")


async def roles(patient: Patient) -> Says:
    row = await patient.postgres.fetchrow(OWNED)
    assert row is not None, "whoever asks is a role"
    if row["superuser"] or row["owner"]:
        what = "is a superuser" if row["superuser"] else "owns the tables"
        return warning(
            f"the login of MILEPOST_POSTGRES {what}",
            "give the processes a login that owns nothing",
        )
    return Says("the login owns nothing")


async def tls(patient: Patient) -> Says:
    encrypted = await patient.postgres.fetchval(
        "select ssl from pg_stat_ssl where pid = pg_backend_pid()"
    )
    secure = is_encrypted(patient.client)
    return worst(
        _link("Postgres", patient.settings.postgres, encrypted=bool(encrypted)),
        _link("NATS", patient.settings.nats, encrypted=secure),
        Says("encrypted, or on this machine"),
    )


def _link(name: str, address: str, *, encrypted: bool) -> Says:
    host = urlsplit(address.partition(",")[0]).hostname or "localhost"
    if encrypted or _here(host):
        return Says("encrypted, or on this machine")
    return warning(f"the connection to {name} at {host} is not encrypted", "turn on TLS there")


def _here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
