import os
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from milepost.enrollment.vault.cipher import (
    MasterKey,
    Sealed,
    Unreadable,
    seal,
    unseal,
)
from milepost.enrollment.vault.keyring import Keyring, MasterKeyMissing
from milepost.web.settings import SettingInvalid, Settings

MASTER = MasterKey.new()
TEXT = b'{"name":"Ada"}'


def changed(sealed, **fields):
    parts = {"key_id": sealed.key_id, "wrapped_key": sealed.wrapped_key, "text": sealed.text}
    return Sealed(**{**parts, **fields})


@given(st.binary(max_size=2000))
def test_what_is_sealed_opens_again(text):
    sealed = seal(MASTER, text, "school", "ada")
    assert unseal(MASTER, sealed, "school", "ada").rstrip(b" ") == text.rstrip(b" ")
    assert text == b"" or len(text) < 8 or text not in sealed.text


def test_the_length_of_a_name_does_not_show():
    short, long = (seal(MASTER, b"x" * n, "school", "ada") for n in (10, 200))
    assert len(short.text) == len(long.text)


def test_nothing_is_sealed_twice_with_the_same_key_or_nonce():
    one, other = (seal(MASTER, TEXT, "school", "ada") for _ in range(2))
    assert one.text != other.text
    assert one.wrapped_key != other.wrapped_key


def test_another_master_key_opens_nothing():
    sealed = seal(MASTER, TEXT, "school", "ada")
    with pytest.raises(Unreadable):
        unseal(MasterKey.new(), sealed, "school", "ada")


@pytest.mark.parametrize(
    ("tenant", "learner"), [("school", "bob"), ("other", "ada"), ("schoola", "da"), ("", "")]
)
def test_it_opens_for_nobody_else(tenant, learner):
    with pytest.raises(Unreadable):
        unseal(MASTER, seal(MASTER, TEXT, "school", "ada"), tenant, learner)


def test_a_key_alone_cannot_be_moved_to_another_learner():
    ada, bob = seal(MASTER, TEXT, "school", "ada"), seal(MASTER, TEXT, "school", "bob")
    with pytest.raises(Unreadable):
        unseal(MASTER, changed(bob, wrapped_key=ada.wrapped_key), "school", "bob")
    with pytest.raises(Unreadable):
        unseal(MASTER, changed(bob, text=ada.text), "school", "bob")


@pytest.mark.parametrize("field", ["wrapped_key", "text"])
def test_not_one_bit_may_change(field):
    sealed = seal(MASTER, TEXT, "school", "ada")
    whole = getattr(sealed, field)
    for place in range(0, len(whole), 7):
        broken = bytearray(whole)
        broken[place] ^= 1
        with pytest.raises(Unreadable):
            unseal(MASTER, changed(sealed, **{field: bytes(broken)}), "school", "ada")
    for cut in (b"", whole[:11], whole[:-1]):
        with pytest.raises(Unreadable):
            unseal(MASTER, changed(sealed, **{field: cut}), "school", "ada")


def test_a_key_does_not_show_itself():
    assert MASTER.written() not in f"{MASTER} {MASTER!r} {MASTER.id}"
    assert MasterKey.read(MASTER.written()).id == MASTER.id


def test_without_settings_a_key_is_made_once_that_only_its_owner_can_read(tmp_path):
    settings = Settings(data_dir=tmp_path)
    file = tmp_path / "vault" / "master.keys"
    idle = Keyring(settings)
    assert not file.exists()
    made = idle.first()
    assert file.stat().st_mode & 0o777 == 0o600
    assert Keyring(settings).first().id == made.id == idle.first().id


def test_keys_come_by_variable_in_either_alphabet(tmp_path):
    new, old = MasterKey(b"\xff" * 32), MasterKey(b"\xfe" * 32)
    standard = old.written().translate(str.maketrans("-_", "+/"))
    given = f"{new.written()}, {standard}"
    keyring = Keyring(Settings(data_dir=tmp_path, master_key=given))
    assert list(keyring.keys) == [new.id, old.id]
    assert keyring.first().id == new.id
    assert list(tmp_path.iterdir()) == []


def test_of_two_who_add_keys_at_once_none_loses_the_others(tmp_path):
    """Such as a thread of a process that was told to stop, and the next process."""
    keyrings = [Keyring(Settings(data_dir=tmp_path)) for _ in range(2)]
    first = keyrings[0].first().id
    with ThreadPoolExecutor(2) as threads:
        made = list(threads.map(lambda number: keyrings[number % 2].add().id, range(8)))
    assert {*Keyring(Settings(data_dir=tmp_path)).keys} == {first, *made}


def test_a_key_that_comes_into_the_file_later_is_found(tmp_path):
    keyring = Keyring(Settings(data_dir=tmp_path))
    keyring.first()
    other = Keyring(Settings(data_dir=tmp_path))
    added = other.add()
    assert added.id not in keyring.keys
    assert keyring.get(added.id).id == added.id
    assert keyring.first().id == added.id
    with pytest.raises(MasterKeyMissing):
        keyring.get("0123456789abcdef")


def test_a_file_that_is_replaced_keeps_its_owner_and_mode(tmp_path):
    keyring = Keyring(Settings(data_dir=tmp_path))
    keyring.first()
    file = tmp_path / "vault" / "master.keys"
    if os.geteuid() == 0:
        os.chown(file, 65534, 65534)
    before = file.stat()
    keyring.add()
    after = file.stat()
    assert (before.st_uid, before.st_gid) == (after.st_uid, after.st_gid)
    assert after.st_mode & 0o777 == 0o600


@pytest.mark.parametrize("wrong", ["secret-but-short", "é" * 44, "A" * 43 + "!", ",", "A" * 45])
def test_a_wrong_key_is_refused_by_its_variable_and_not_shown(tmp_path, wrong):
    with pytest.raises(SettingInvalid, match=r"^MILEPOST_MASTER_KEY: ") as refused:
        Keyring(Settings(data_dir=tmp_path, master_key=wrong))
    assert wrong == "," or wrong not in str(refused.value)
    file = tmp_path / "keys"
    file.write_text(wrong, "utf-8")
    with pytest.raises(SettingInvalid, match=r"^MILEPOST_MASTER_KEY_FILE=.*keys: ") as refused:
        Keyring(Settings(data_dir=tmp_path, master_key_file=str(file)))
    assert wrong == "," or wrong not in str(refused.value)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(SettingInvalid, match="missing: No such file"):
        Keyring(Settings(data_dir=tmp_path, master_key_file=str(tmp_path / "missing")))
