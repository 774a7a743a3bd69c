"""The master keys this process was given: by variable, by file, or made for a laptop.

It refuses to say what they are, and to make one where the vault already has another.
"""

from collections.abc import Collection, Mapping
from pathlib import Path

import structlog

from milepost.enrollment.vault.cipher import MasterKey
from milepost.web import secret_file
from milepost.web.problems import Problem, RequestFault
from milepost.web.settings import SettingInvalid, Settings

_log = structlog.get_logger()


class MasterKeyMissing(RequestFault):
    """The vault's data are wrapped with a master key that this process was not given."""

    def __init__(self, key_id: str) -> None:
        super().__init__(f"master key {key_id} is missing: see MILEPOST_MASTER_KEY")
        self.key_id = key_id

    def problem(self) -> Problem:
        return Problem(
            status=503,
            name="vault_locked",
            title="Vault locked",
            detail="The key to the learners' vault is not here. Nothing is lost: try again later.",
            headers={"Retry-After": "60"},
        )


class Keyring:
    """Keys by fingerprint, the newest first. A file is read again when a key is not among them."""

    def __init__(self, settings: Settings) -> None:
        """Raises `SettingInvalid`, which names the variable and not the key."""
        self._given = settings.master_key
        self._named = settings.master_key_file
        self._file = Path(self._named or settings.data_dir / "vault" / "master.keys")
        self._keys = self._read()

    @property
    def file(self) -> Path | None:
        """Where the keys stand; None when they came by variable."""
        return None if self._given else self._file

    @property
    def ours(self) -> bool:
        """Whether the file is Milepost's own: no other machine has a copy that it works with."""
        return not (self._given or self._named)

    @property
    def keys(self) -> Mapping[str, MasterKey]:
        return self._keys

    def refresh(self) -> None:
        """Know what the file holds now, so that what was destroyed is in no memory either."""
        if read := self._read():
            self._keys = read

    def get(self, key_id: str) -> MasterKey:
        """Raises `MasterKeyMissing`."""
        if key_id not in self._keys:
            self._keys = self._read()
        if key_id not in self._keys:
            raise MasterKeyMissing(key_id)
        return self._keys[key_id]

    def first(self) -> MasterKey:
        """The newest. Only for a vault that has none yet: without any, one is made."""
        if not self._keys:
            secret_file.create_once(self._file, _written(MasterKey.new()))
            _log.warning("master_key_made", file=str(self._file))
            self._keys = self._read()
        return next(iter(self._keys.values()))

    def add(self) -> MasterKey:
        """A new key, in front of the others in the file. Where they stood is overwritten: they are
        to be destroyed one day. Raises `OSError` where the file may not be written.
        """
        new = MasterKey.new()
        secret_file.replace_and_shred(self._file, lambda: _written(new, *self._read().values()))
        self._keys = self._read()
        return new

    def destroy(self, key_ids: Collection[str]) -> None:
        """Leave them out of the file, and overwrite what held them. Repeating it does nothing.

        Raises `OSError` where the file may not be written.
        """

        def kept() -> bytes:
            keys = [key for key_id, key in self._read().items() if key_id not in key_ids]
            assert keys, "the newest key stays"
            return _written(*keys)

        secret_file.shred_leftovers(self._file)
        secret_file.replace_and_shred(self._file, kept)
        self._keys = self._read()

    def _read(self) -> dict[str, MasterKey]:
        if self._given:
            return _keys("MILEPOST_MASTER_KEY", self._given.replace(",", "\n"))
        if self._named or self._file.exists():
            return _keys(*_content(self._file))
        return {}


def _content(file: Path) -> tuple[str, str]:
    name = f"MILEPOST_MASTER_KEY_FILE={file}"
    try:
        text = file.read_text("ascii")
        if "\0" in text:  # it was overwritten meanwhile, and another stands there
            text = file.read_text("ascii")
    except (OSError, UnicodeError) as fault:
        raise SettingInvalid(f"{name}: {getattr(fault, 'strerror', None) or 'not text'}") from None
    return name, text


def _keys(source: str, text: str) -> dict[str, MasterKey]:
    lines = (line.strip() for line in text.splitlines())
    try:
        keys = [MasterKey.read(line) for line in lines if line and not line.startswith("#")]
    except ValueError as fault:
        raise SettingInvalid(f"{source}: {fault}") from None
    if not keys:
        raise SettingInvalid(f"{source}: there is no key in it")
    return {key.id: key for key in keys}


def _written(*keys: MasterKey) -> bytes:
    lines = (f"# {key.id}\n{key.written()}\n" for key in keys)
    return "".join(("# Master keys of the learners' vault, the newest first.\n", *lines)).encode()
