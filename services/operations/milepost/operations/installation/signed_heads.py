"""Heads of the log as JWTs, a line each: signed here, kept by somebody else."""

import time
from pathlib import Path

import jwt
import msgspec

from milepost.events.store.verify import Head
from milepost.operations.terminal.errors import Trouble
from milepost.web.auth.signing_key import SigningKey
from milepost.web.settings import Settings

ISSUER = "milepost-log"


def log_key(settings: Settings) -> SigningKey:
    return SigningKey(settings.data_dir / "log")


def signed(key: SigningKey, head: Head) -> str:
    now = int(time.time())
    return key.sign({"iss": ISSUER, "iat": now, **msgspec.to_builtins(head)})


def signed_heads(file: Path, keys: Path) -> list[Head]:
    """Raises `Trouble` when one of them was not signed with these keys."""
    try:
        trusted = jwt.PyJWKSet.from_json(keys.read_text("utf-8"))
        lines = file.read_text("utf-8").split()
        if not lines:
            raise Trouble(f"{file} is empty: `milepost log head --signed` writes what it needs.")
        return [_signed_head(line, trusted) for line in lines]
    except OSError as error:
        raise Trouble(f"{error.filename}: {error.strerror}.") from error
    except (jwt.PyJWTError, KeyError, msgspec.ValidationError) as error:
        raise Trouble(f"{file} holds a head that {keys} did not sign: {error}") from error


def unsigned_heads(file: Path) -> list[Head]:
    """What they say, whoever has signed them. Raises `Trouble`."""
    try:
        lines = file.read_text("utf-8").split()
        claims = [jwt.decode(line, options={"verify_signature": False}) for line in lines]
        return [msgspec.convert(one, Head) for one in claims]
    except OSError as error:
        raise Trouble(f"{error.filename}: {error.strerror}.") from error
    except (jwt.PyJWTError, msgspec.ValidationError) as error:
        raise Trouble(f"{file} holds what is no head: {error}") from error


def _signed_head(line: str, trusted: jwt.PyJWKSet) -> Head:
    key = trusted[jwt.get_unverified_header(line)["kid"]]
    return msgspec.convert(jwt.decode(line, key, ["EdDSA"], issuer=ISSUER), Head)
