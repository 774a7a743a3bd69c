"""What can be wrong with the vault and its keys, in an operator's words."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType

import typer

from milepost.enrollment.vault.binding import OfAnotherDatabase
from milepost.enrollment.vault.destruction import KeyInUse
from milepost.enrollment.vault.keyring import MasterKeyMissing
from milepost.enrollment.vault.rotation import Damaged, NoNewKey, RotationUnderWay, VaultEmpty
from milepost.operations.terminal.errors import Trouble
from milepost.web.settings import SettingInvalid

WORDS: Mapping[type[Exception], str] = MappingProxyType(
    {
        VaultEmpty: "The vault is empty: there is no key to replace.",
        RotationUnderWay: "Somebody else is rotating this vault: wait until that is done.",
        NoNewKey: "Put a new key first in MILEPOST_MASTER_KEY, the old one behind it (NEW,OLD), for"
        " every process; `openssl rand -base64 32` makes one. None is used twice.",
        KeyInUse: "That key is not lost, or seals nothing: `milepost vault status` names them all.",
        OfAnotherDatabase: "The key file is renewed for another database. If that one is no more,"
        " `milepost vault rotate` takes the file over for this one.",
    }
)


@contextmanager
def explained() -> Iterator[None]:
    """Raises `Trouble` for each."""
    try:
        yield
    except KeyboardInterrupt:
        typer.echo("Stopped. The same command goes on from here.", err=True)
        raise typer.Exit(130) from None
    except SettingInvalid as wrong:
        raise Trouble(str(wrong)) from wrong
    except tuple(WORDS) as fault:
        raise Trouble(WORDS[type(fault)]) from None
    except OSError as error:
        if error.filename is None:  # of a connection
            raise
        raise Trouble(
            f"{error.filename}: {error.strerror}. Keys are renewed where their file can be written."
        ) from error
    except Damaged as damaged:
        raise _damaged(damaged) from None
    except MasterKeyMissing as missing:
        raise Trouble(
            f"The vault is wrapped by the master key {missing.key_id}, which is not here: name it"
            " in MILEPOST_MASTER_KEY or MILEPOST_MASTER_KEY_FILE. If it is destroyed,"
            f" `milepost vault discard {missing.key_id}` lets people go on without what it sealed."
        ) from missing


def _damaged(damaged: Damaged) -> Trouble:
    who = ", ".join(f"{one.learner} of {one.tenant}" for one in damaged.learners[:5])
    return Trouble(
        f"{len(damaged.learners):,} learners' keys have been changed and do not open ({who}):"
        " restore their rows from a backup, or erase them, and run this again."
        " All others are done."
    )
