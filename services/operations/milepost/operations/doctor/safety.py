"""What keeps data safe: keys of vault, issuers and webhooks, our login's rights, encryption."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from urllib.parse import parse_qs, urlsplit

from milepost.credentials.issuers.sealing import ISSUER_KEY
from milepost.enrollment.vault.binding import is_anothers
from milepost.enrollment.vault.erasures import Term, openable, standings, step_due
from milepost.enrollment.vault.keyring import Keyring
from milepost.enrollment.vault.store import keys_in_use
from milepost.events.nats.connection import is_encrypted
from milepost.operations.backup.manifest import last_backup
from milepost.operations.doctor.finding import Patient, Says, warning, worst, wrong
from milepost.operations.installation.logins import excess
from milepost.subscriptions.webhooks.secrets import WEBHOOK_KEY
from milepost.web.secrets.sealing import Purpose
from milepost.web.settings import SettingInvalid

ERASURE_LATE = timedelta(hours=2)
VERIFIED = {"verify-ca", "verify-full"}
BACKUP_DUE, BACKUP_OVERDUE = timedelta(days=2), timedelta(days=7)


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


async def issuer_keys(patient: Patient) -> Says:
    """Whether what issuers sign with can be opened with the key that is here."""
    return await _sealed(patient, ISSUER_KEY, "the issuers' keys")


async def webhook_secrets(patient: Patient) -> Says:
    """Whether what webhooks are signed with can be opened with the key that is here."""
    return await _sealed(patient, WEBHOOK_KEY, "the webhooks' secrets")


async def _sealed(patient: Patient, purpose: Purpose, what: str) -> Says:
    used = await purpose.fingerprint_used(patient.postgres)
    try:
        here = purpose.key_here(patient.settings)
    except SettingInvalid as invalid:
        return wrong(str(invalid), f"name the key that seals {what}")
    if used is None:
        return Says("none yet")
    if here is None or here.id != used:
        that = "is not here" if here is None else f"is not the one that is here, {here.id}"
        return wrong(
            f"locked: the key that seals them, {used}, {that}",
            f"set {purpose.variable} or {purpose.variable}_FILE as it was, or put"
            f" {purpose.file(patient.settings)} back",
        )
    return Says(f"open, sealed with {used}")


async def erasures(patient: Patient) -> Says:
    """Whether they reach dead rows, WAL and backups in time. Late is who was due hours ago."""
    keyring, days = Keyring(patient.settings), patient.settings.erasure_days
    keys, now = await standings(patient.postgres, keyring.keys), datetime.now(UTC)
    left, term = openable(keys), Term.of(days, by_hand=not keyring.ours)
    late = left is not None and now - left.since > timedelta(days=days)
    say = wrong if late else warning
    if await is_anothers(patient.postgres, keyring):
        return say(
            f"{keyring.file} is renewed for another database",
            "if that one is no more, run `milepost vault rotate`: it takes the file over",
        )
    if left is None:
        return Says("reach everything that is kept")
    says = (
        f"{left.erasures:,} since {left.since:%Y-%m-%d} can be opened in old rows, WAL or backups"
        f" by master key {', '.join(left.keys)}"
    )
    step = step_due(keys, now - ERASURE_LATE, term)
    return say(says, _step_of(keyring, step)) if step else Says(says)


def _step_of(keyring: Keyring, step: str) -> str:
    if keyring.file is None and step == "rotate":
        return "put a new key first in MILEPOST_MASTER_KEY, then run `milepost vault rotate`"
    if keyring.file is None:
        return "take retired keys out of MILEPOST_MASTER_KEY; `milepost vault status` names them"
    return f"run `milepost vault {step}`"


async def roles(patient: Patient) -> Says:
    if too_much := await excess(patient.postgres):
        return warning(
            f"the login of MILEPOST_POSTGRES {', '.join(too_much)}",
            "give the processes a login that owns nothing",
        )
    return Says("the login owns nothing")


async def backup(patient: Patient) -> Says:
    """Whoever has begun to make them is told when they stop."""
    last = await last_backup(patient.postgres)
    if last is None:
        return warning("none has been made by `milepost backup`", "make one a day")
    age = datetime.now(UTC) - last.began_at
    says = f"the last is of {last.began_at:%Y-%m-%d %H:%M} UTC, {last.events:,} events"
    if age > BACKUP_DUE:
        say = wrong if age > BACKUP_OVERDUE else warning
        return say(says, "run `milepost backup`, and look why it stopped")
    return Says(says)


async def tls(patient: Patient) -> Says:
    encrypted = await patient.postgres.fetchval(
        "select ssl from pg_stat_ssl where pid = pg_backend_pid()"
    )
    secure = is_encrypted(patient.client)
    return worst(
        postgres_link(patient.settings.postgres, encrypted=bool(encrypted)),
        _link("NATS", patient.settings.nats, encrypted=secure),
        Says("encrypted, or on this machine"),
    )


def postgres_link(address: str, *, encrypted: bool) -> Says:
    """Encrypted to whoever answers is not enough: anybody in between may."""
    mode = parse_qs(urlsplit(address).query).get("sslmode", [""])[-1]
    said = _link("Postgres", address, encrypted=encrypted)
    if not encrypted or mode in VERIFIED or _here(_host(address)):
        return said
    return warning(
        f"nobody looks whose the certificate of Postgres at {_host(address)} is",
        "say sslmode=verify-full and sslrootcert in its address",
    )


def _link(name: str, address: str, *, encrypted: bool) -> Says:
    host = _host(address)
    if encrypted or _here(host):
        return Says("encrypted, or on this machine")
    return warning(f"the connection to {name} at {host} is not encrypted", "turn on TLS there")


def _host(address: str) -> str:
    """The first of them."""
    return urlsplit(address.partition(",")[0]).hostname or "localhost"


def _here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
