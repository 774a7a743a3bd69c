"""The logins of processes: they own nothing, and can become nothing that owns anything.

    login of                    in the group role      may
    ──────────────────────────  ─────────────────────  ─────────────────────────────────────────
    MILEPOST_POSTGRES           milepost_service       read the log, append; read models, parked,
                                                       progress jobs
    MILEPOST_POSTGRES_ENROLLMENT milepost_enrollment   that, and the vault and the bulk jobs
    MILEPOST_POSTGRES_OWNER     none: owns all         migrate, back up, restore

Group roles are made by migrations. A login is made here, unless it is there, and then left alone.
"""

import base64
import hashlib
import hmac
import secrets
from typing import TypeAlias
from urllib.parse import unquote, urlsplit

import asyncpg

from milepost.events.store.migrations import migrate
from milepost.events.store.postgres import ROLE, owner_connection
from milepost.operations.rooms import ENROLLMENT_ROLE, schemas
from milepost.operations.terminal.errors import Trouble

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

CREATE = """select format('create role %I login password %L in role %I',
    $1::text, $2::text, $3::text)"""
OLDEST_POSTGRES = 170_000
ITERATIONS = 4096  # Postgres' own default
# What a login may beyond what a process needs. Read models belong to the services' role: a new
# generation of one is a table, made and dropped by `milepost project`.
EXCESS = """select what from (
    select 1 as number, 'is a superuser' as what from pg_roles
     where rolname = session_user and rolsuper
    union all
    select 2, 'may create roles' from pg_roles where rolname = session_user and rolcreaterole
    union all
    select 3, 'may create databases' from pg_roles where rolname = session_user and rolcreatedb
    union all
    select 4, 'owns tables of ' || string_agg(distinct n.nspname, ', ')
      from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where n.nspname in ('public', 'log', 'consumer', 'vault', 'bulk', 'progress_jobs',
                         'credential_jobs', 'credentials')
       and pg_has_role(session_user, c.relowner, 'member') having count(*) > 0
    union all
    select 5, 'may become ' || string_agg(rolname, ', ' order by rolname) from pg_roles
     where rolname <> all ($1) and rolname <> session_user
       and pg_has_role(session_user, oid, 'member') having count(*) > 0
    ) e order by number"""


async def migrate_and_ensure(owner: str, service: str, enrollment: str) -> list[str]:
    """Bring the database up to date, then make the processes' logins. Returns the files applied.

    Raises `Trouble`.
    """
    async with owner_connection(owner) as connection:
        await _require_new_enough(connection)
        applied = await migrate(connection, schemas())
        if enrollment:
            await ensure_login(connection, enrollment, ENROLLMENT_ROLE)
        await ensure_login(connection, service, ROLE if enrollment else ENROLLMENT_ROLE)
        return applied


async def _require_new_enough(connection: Connection) -> None:
    if int(await connection.fetchval("show server_version_num")) < OLDEST_POSTGRES:
        version = await connection.fetchval("show server_version")
        raise Trouble(f"Postgres {version} is too old: Milepost needs 17 or newer.")


async def ensure_login(connection: Connection, address: str, group: str) -> None:
    """Make the login that `address` names, a member of `group`; one that is there stays as it is.

    Nothing is done for the connection's own login, or without a password. Raises `Trouble`.
    """
    parts = urlsplit(address)
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    own, there = await connection.fetchrow(  # type: ignore[misc]  # it always answers
        "select session_user, exists (select from pg_roles where rolname = $1)", user
    )
    if not password or user == own or there:
        return
    try:
        verifier = scram_verifier(password)
        await connection.execute(await connection.fetchval(CREATE, user, verifier, group))
    except asyncpg.DuplicateObjectError:
        return  # somebody else made it at this moment
    except asyncpg.InsufficientPrivilegeError as error:
        raise Trouble(
            f"The owner may not make the login {user}: let whoever may type"
            f" `create role {user} login password '…' in role {group}`."
        ) from error


async def excess(connection: Connection) -> list[str]:
    """What the session's login may beyond a process's needs, in words; empty when all is right."""
    rows = await connection.fetch(EXCESS, [ROLE, ENROLLMENT_ROLE])
    return [row["what"] for row in rows]


def scram_verifier(password: str) -> str:
    """What Postgres keeps of a password (RFC 5803): so the password itself reaches no log."""
    salt = secrets.token_bytes(16)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, ITERATIONS)
    stored = hashlib.sha256(_keyed(salted, b"Client Key")).digest()
    server = _keyed(salted, b"Server Key")
    return f"SCRAM-SHA-256${ITERATIONS}:{_text(salt)}${_text(stored)}:{_text(server)}"


def _keyed(key: bytes, words: bytes) -> bytes:
    return hmac.digest(key, words, "sha256")


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
