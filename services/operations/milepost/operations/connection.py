"""How a command finds the servers: the environment, else what `milepost up` runs here."""

import os

import msgspec

from milepost.operations.data_directory import running
from milepost.operations.trouble import Trouble
from milepost.process.settings import SettingInvalid, Settings


def settings() -> Settings:
    """From the environment alone. Raises `Trouble`."""
    try:
        return Settings.from_environment(os.environ)
    except SettingInvalid as error:
        raise Trouble(str(error)) from error


def connected(given: Settings | None = None) -> Settings:
    """Settings with both servers' addresses. Raises `Trouble` when nobody has named any."""
    given = given or settings()
    if given.postgres and given.nats:
        return given
    runtime = running(given.data_dir)
    if runtime is None:
        raise Trouble(
            f"Nothing runs in {given.data_dir.resolve()}: start it with `milepost up`,"
            " or set MILEPOST_POSTGRES and MILEPOST_NATS."
        )
    return msgspec.structs.replace(
        given, postgres=given.postgres or runtime.postgres, nats=given.nats or runtime.nats
    )
