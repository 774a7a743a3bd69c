"""Configuration: read once from the environment, checked at start, then passed as a value."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta
from msgspec.structs import FieldInfo

from milepost.events.nats.connection import NatsServer
from milepost.events.sizes import HTTP_BODY
from milepost.web.errors import WebError
from milepost.web.outbound.hosts import Hosts

PREFIX = "MILEPOST_"
NATS_FILES = ("nats_ca_file", "nats_cert_file", "nats_key_file")
# Lists of hosts, read anew by who needs them.
HOSTS = ("verify_fetch", "outbound_private")
# Each may stand in a file instead, as container platforms and systemd hand out secrets.
SECRETS = (
    *("postgres", "postgres_owner", "postgres_enrollment", "nats"),
    *("issuer_key", "webhook_key", "session_key", "sign_in_client_secret"),
)
# Read where they are needed, from their file if that is named.
SEALING = frozenset({"issuer_key", "webhook_key", "session_key", "sign_in_client_secret"})
DEVELOPMENT_ISSUER = "milepost-development"

Port = Annotated[int, Meta(ge=0, le=65535)]
Positive = Annotated[int, Meta(ge=1)]
Quota = Annotated[int, Meta(ge=0)]
ErasureDays = Annotated[int, Meta(ge=1, le=365)]
PublicUrl = Annotated[
    str, Meta(pattern=r"^(https?://[A-Za-z0-9.-]{1,253}(:[0-9]{1,5})?)?(?![\s\S])")
]
# A tenant's name, or none.
DefaultTenant = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{0,64}\Z")]
Replicas = Annotated[int, Meta(ge=1, le=5)]


class SettingInvalid(WebError):
    """An environment variable makes no sense; the message names it and says what it should be."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Each field is read from `MILEPOST_<FIELD>`.

    - `postgres` and `nats` are URLs; empty means that `milepost up` starts its own servers.
    - `postgres_owner` is the login that `milepost migrate` uses, `backup` and `restore` too, and no
      other process needs; empty means that `postgres` owns the database as well.
    - `postgres_enrollment` is the login of `serve enrollment` and `serve all`, which alone reads
      the vault and the bulk jobs; empty means `postgres`.
    - `postgres_file`, `postgres_owner_file`, `postgres_enrollment_file` and `nats_file` name files
      that hold these four instead: then no password stands in the environment.
    - `nats` that begins with tls:// is encrypted or not used at all. `nats_ca_file` names the CA's
      certificate (PEM; empty: the system's), `nats_cert_file` and `nats_key_file` our own, for a
      server that demands one. Postgres' are in its URL: `sslmode`, `sslrootcert`, `sslcert`,
      `sslkey`.
    - `nats_replicas` are the copies of each stream that Milepost makes; NATS needs as many nodes.
    - `nats_accounts` is a file that is kept with the accounts of subscribers, for the configuration
      of NATS to include; empty: none is, and `milepost subscribers accounts` prints it.
    - `token_keys` is the path or https URL of a JWKS; empty means the development issuer's,
      whose keys live in `data_dir`.
    - `token_tenant_claim`, `token_subject_claim` and `token_roles_claim` say where these stand in a
      token: `tenant`, `realm_access.roles`, `https://school.example/roles`.
    - `token_role_names` maps the names of the token's roles to ours:
      `school-staff=registrar,student=learner`; a name that is not mapped means nothing. Empty: they
      are ours, which only the claim `roles` may say.
    - `token_default_tenant` is the school of a token that names none; empty: such a token is
      refused. `token_default_role` is for who has none of the mapped roles: learner, or nothing.
    - `master_key` holds the keys of the learners' vault, `master_key_file` names a file of them;
      with neither, one is made in `data_dir`.
    - `issuer_key` seals the private keys of issuers (32 bytes in base64), `issuer_key_file` names a
      file that holds it; with neither, one is made in `data_dir`.
    - `webhook_key` seals the secrets of webhooks, `webhook_key_file` names a file that holds it, as
      for issuers.
    - `session_key` signs the sessions of browsers, `session_key_file` names a file that holds it:
      32 bytes in base64, the same for all processes. Two, separated by a comma: the first signs.
      With neither, one is made in `data_dir`.
    - `sign_in_client_id` is what the OpenID provider knows Milepost's pages as; empty: nobody signs
      in with a browser. `sign_in_client_secret` (`…_file`) is for a confidential client;
      `sign_in_issuer` the provider, where that is not `token_issuer`; `sign_in_scopes` what is
      asked for, separated by blanks.
    - `erasure_days` after an erasure no key that Milepost keeps opens what is left of the learner
      in dead rows, WAL and backups; nor, then, anybody's name in a backup of that age. Keys by
      variable or in a named file are the operator's to take away: `milepost doctor` says when.
    - `metrics_peers` are processes whose metrics `/metrics` tells too: `relay=http://…/metrics,…`.
    - `probes_port` answers `/health/*` and `/metrics` in a thread of its own, whatever happens to
      `port`; 0: only `port` does.
    - `public_url` is where others reach this installation, `https://HOST[:PORT]`: credentials carry
      it as part of their ids, events in the addresses of their schemas. Empty: `http://HOST:PORT`
      of this process, which nobody else reaches.
    - `cors_origins` are front ends that may call from a browser: `https://HOST[:PORT]`, separated
      by commas; empty: none of another origin.
    - `max_connections` are held at once, `max_requests` worked on; who comes then is answered 503.
    - `caller_requests_per_second` and `tenant_requests_per_second` are quotas of each process; ten
      seconds' worth may come at once, and 0 is no quota.
    - `report_merge_seconds`: so long the reports of players that send them every few seconds are
      held, to be written as one; 0: each is written at once.
    - `verify_fetch` are hosts that keys of issuers and status lists may be fetched from when a
      credential is verified: `badges.example.edu,*.example.org`, `*` for any; empty: nothing is.
    - `verify_trusted` are the ids of issuers elsewhere that are known, as `issuer.id` in their
      badges, separated by blanks; a school's own are known anyhow.
    - `outbound_private` are hosts that may be called at addresses which are not public, and without
      TLS: `HOST` or `HOST:PORT`, separated by commas; empty: none.
    - `webhook_log_days` deliveries of webhooks are kept with what was answered.
    - `log_format` is text on a terminal and JSON elsewhere, unless it says which.
    """

    postgres: str = ""
    postgres_owner: str = ""
    postgres_enrollment: str = ""
    nats: str = ""
    postgres_file: str = ""
    postgres_owner_file: str = ""
    postgres_enrollment_file: str = ""
    nats_file: str = ""
    nats_ca_file: str = ""
    nats_cert_file: str = ""
    nats_key_file: str = ""
    nats_replicas: Replicas = 1
    nats_accounts: str = ""
    host: str = "127.0.0.1"
    port: Port = 8400
    data_dir: Path = Path(".milepost")
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["auto", "text", "json"] = "auto"
    token_issuer: str = DEVELOPMENT_ISSUER
    token_audience: str = "milepost"  # noqa: S105 - an audience, not a secret
    token_keys: str = ""
    token_keys_refresh_seconds: Positive = 60
    token_tenant_claim: str = "tenant"  # noqa: S105 - where it stands, not a secret
    token_subject_claim: str = "sub"  # noqa: S105
    token_roles_claim: str = "roles"  # noqa: S105
    token_role_names: str = ""
    token_default_tenant: DefaultTenant = ""
    token_default_role: Literal["", "learner"] = ""
    master_key: str = ""
    master_key_file: str = ""
    issuer_key: str = ""
    issuer_key_file: str = ""
    webhook_key: str = ""
    webhook_key_file: str = ""
    session_key: str = ""
    session_key_file: str = ""
    sign_in_issuer: str = ""
    sign_in_client_id: str = ""
    sign_in_client_secret: str = ""
    sign_in_client_secret_file: str = ""
    sign_in_scopes: str = "openid"
    erasure_days: ErasureDays = 28
    caller_requests_per_second: Quota = 2_000
    tenant_requests_per_second: Quota = 5_000
    max_body_bytes: Positive = HTTP_BODY
    clock_skew_seconds: Annotated[int, Meta(ge=0)] = 300
    report_merge_seconds: Annotated[int, Meta(ge=0, le=60)] = 10
    shutdown_seconds: Positive = 10
    metrics_peers: str = ""
    probes_port: Port = 0
    public_url: PublicUrl = ""
    cors_origins: str = ""
    max_connections: Positive = 10_000
    max_requests: Positive = 2_000
    verify_fetch: str = ""
    verify_trusted: str = ""
    outbound_private: str = ""
    webhook_log_days: Annotated[int, Meta(ge=1, le=365)] = 30

    @property
    def nats_server(self) -> NatsServer:
        files = (self.nats_ca_file, self.nats_cert_file, self.nats_key_file)
        return NatsServer(self.nats, *files)

    @property
    def public_origin(self) -> str:
        """Without a slash at its end."""
        return self.public_url or f"http://{self.host}:{self.port}"

    @property
    def owner_login(self) -> str:
        return self.postgres_owner or self.postgres

    @property
    def enrollment_login(self) -> str:
        return self.postgres_enrollment or self.postgres

    @classmethod
    def from_environment(cls, env: Mapping[str, str] = os.environ) -> "Settings":
        """Raises `SettingInvalid` with every fault, one a line."""
        values, faults = {}, []
        for field in msgspec.structs.fields(cls):
            if raw := env.get(_variable(field)):
                try:
                    values[field.name] = _read(field, raw)
                except SettingInvalid as fault:
                    faults.append(str(fault))
        faults += _host_faults(values)
        for name in SECRETS:
            try:
                values |= _read_secret(name, values)
            except SettingInvalid as fault:
                faults.append(str(fault))
        if faults:
            raise SettingInvalid("\n".join(faults))
        settings = cls(**values)
        _require_tls_whole(settings)
        return settings


def _host_faults(values: Mapping[str, Any]) -> list[str]:
    faults = []
    for name in HOSTS:
        try:
            Hosts.read(values.get(name, ""))
        except ValueError as fault:
            faults.append(f"{PREFIX}{name.upper()}={values[name]!r}: {fault}")
    return faults


def _read_secret(name: str, values: Mapping[str, Any]) -> dict[str, str]:
    """The content of the file that is named for it. Raises `SettingInvalid`."""
    variable = f"{PREFIX}{name.upper()}_FILE"
    file = values.get(f"{name}_file")
    if not file:
        return {}
    if values.get(name):
        raise SettingInvalid(f"{variable} is set: {PREFIX}{name.upper()} must not be, too")
    try:
        content = Path(file).read_text("utf-8").strip()
    except (OSError, UnicodeError) as fault:
        why = getattr(fault, "strerror", None) or "not text"
        raise SettingInvalid(f"{variable}={file}: {why}") from None
    if not content or "\n" in content:
        raise SettingInvalid(f"{variable}={file}: it must hold one line")
    return {name: content}


def _require_tls_whole(settings: Settings) -> None:
    """Who names a file wants TLS: it must not be left out without a word."""
    files = [one for one in NATS_FILES if getattr(settings, one)]
    if files and not settings.nats_server.encrypted:
        name = PREFIX + files[0].upper()
        raise SettingInvalid(f"{name} is set: MILEPOST_NATS must begin with tls://")
    if settings.nats_key_file and not settings.nats_cert_file:
        raise SettingInvalid("MILEPOST_NATS_KEY_FILE is set: MILEPOST_NATS_CERT_FILE must be, too")


def _variable(field: FieldInfo) -> str:
    return PREFIX + field.name.upper()


def _read(field: FieldInfo, raw: str) -> Any:
    if field.type is Path:
        return Path(raw).expanduser()
    try:
        return msgspec.convert(raw, field.type, strict=False)
    except msgspec.ValidationError as fault:
        raise SettingInvalid(f"{_variable(field)}={raw!r}: {fault}") from fault
