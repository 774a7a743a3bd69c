"""The key that seals issuers' keys: one for all who share a database, never a second."""

import base64
import os

import pytest
from tests.credentials.forget_issuer_keys import forget_issuer_keys
from tests.events.test_timers import pool

from milepost.credentials.issuers.sealing import ISSUER_KEY, KeysLocked
from milepost.web.secrets.sealing import Sealing
from milepost.web.settings import SettingInvalid, Settings

__all__ = ["pool"]  # a fixture


@pytest.fixture(autouse=True)
async def unused(postgres):
    await forget_issuer_keys(postgres)


async def test_one_is_made_once_and_who_has_another_opens_nothing(pool, tmp_path):
    here = Settings(data_dir=tmp_path / "one")
    key = await Sealing(ISSUER_KEY, here, pool).key()
    assert (await Sealing(ISSUER_KEY, here, pool).key()).id == key.id
    assert (tmp_path / "one/issuers/sealing.key").stat().st_mode & 0o777 == 0o600
    sealed = key.seal(b"secret", "north", "default")
    assert key.unseal(sealed, "north", "default") == b"secret"
    with pytest.raises(KeysLocked):
        key.unseal(sealed, "south", "default")
    elsewhere = Settings(data_dir=tmp_path / "two")
    with pytest.raises(KeysLocked):
        await Sealing(ISSUER_KEY, elsewhere, pool).key()
    assert not (tmp_path / "two/issuers").exists()
    other = base64.b64encode(os.urandom(32)).decode()
    with pytest.raises(KeysLocked):
        await Sealing(ISSUER_KEY, Settings(data_dir=tmp_path, issuer_key=other), pool).key()


@pytest.mark.parametrize("text", ["c2hvcnQ=", "not base64 at all!", "é" * 32])
async def test_what_is_no_key_is_named(pool, tmp_path, text):
    with pytest.raises(SettingInvalid, match="MILEPOST_ISSUER_KEY"):
        Sealing(ISSUER_KEY, Settings(data_dir=tmp_path, issuer_key=text), pool)
    (tmp_path / "issuers").mkdir()
    (tmp_path / "issuers/sealing.key").write_text(text)
    with pytest.raises(SettingInvalid, match=r"sealing\.key"):
        await Sealing(ISSUER_KEY, Settings(data_dir=tmp_path), pool).key()
