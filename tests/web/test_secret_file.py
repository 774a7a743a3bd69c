"""Secrets on disk: their owner's alone, whole or not at all, nothing left behind."""

import os
import stat
import time
from pathlib import Path
from threading import Event, Thread

import pytest

from milepost.web import secret_file


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_a_replaced_file_is_its_owners_alone(tmp_path: Path):
    path = tmp_path / "runtime.json"
    path.write_bytes(b"old")
    path.chmod(0o644)
    secret_file.replace(path, b"new")
    assert (path.read_bytes(), mode(path)) == (b"new", 0o600)
    assert list(tmp_path.iterdir()) == [path]


def test_the_first_to_create_wins(tmp_path: Path):
    path = tmp_path / "keys" / "key.pem"
    secret_file.create_once(path, b"first")
    secret_file.create_once(path, b"second")
    assert (path.read_bytes(), mode(path), mode(path.parent)) == (b"first", 0o600, 0o700)
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("write", [secret_file.replace, secret_file.create_once])
def test_content_and_folder_are_synced_around_the_name(tmp_path: Path, monkeypatch, write):
    path, synced = tmp_path / "key.pem", []

    def fsync(handle: int) -> None:
        synced.append((stat.S_ISDIR(os.fstat(handle).st_mode), path.exists()))

    monkeypatch.setattr(os, "fsync", fsync)
    write(path, b"content")
    assert synced == [(False, False), (True, True)]


@pytest.mark.parametrize("write", [secret_file.replace, secret_file.create_once])
def test_a_full_disk_leaves_the_old_file_and_no_other(tmp_path: Path, monkeypatch, write):
    path = tmp_path / "key.pem"
    path.write_bytes(b"old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_what_is_destroyed_is_overwritten_where_it_stood(tmp_path: Path):
    path = tmp_path / "master.keys"
    path.write_bytes(b"old secret")
    with path.open("rb") as before:
        secret_file.replace_and_shred(path, lambda: b"new")
        assert before.read() == bytes(10)
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


def test_what_a_dead_process_left_goes_and_a_second_name_of_the_file_harms_nothing(tmp_path: Path):
    path, half, second = (tmp_path / name for name in ("keys", ".keys.a_9f3c51", ".keys.12345678"))
    path.write_bytes(b"in use")
    half.write_bytes(b"in ")
    os.link(path, second)
    with half.open("rb") as left:
        secret_file.shred_leftovers(path)
        assert left.read() == bytes(3)
    assert [*tmp_path.iterdir()] == [path]
    assert path.read_bytes() == b"in use"


def test_who_makes_one_file_of_another_is_alone(tmp_path: Path):
    """As a thread that nobody waits for any more, and the process that comes after its own."""
    path, began = tmp_path / "keys", Event()
    path.write_bytes(b"1")

    def second() -> None:
        began.set()
        secret_file.replace_and_shred(path, lambda: path.read_bytes() + b"3")

    def slowly() -> bytes:
        content = path.read_bytes() + b"2"
        other.start()
        assert began.wait(10)
        time.sleep(0.1)
        return content

    other = Thread(target=second)
    secret_file.replace_and_shred(path, slowly)
    other.join()
    assert path.read_bytes() == b"123"


def test_who_is_never_alone_gives_up(tmp_path: Path, monkeypatch):
    path = tmp_path / "keys"
    path.write_bytes(b"1")
    monkeypatch.setattr(secret_file, "LOCK_SECONDS", 0.05)

    def again() -> bytes:
        with pytest.raises(TimeoutError) as refused:
            secret_file.replace_and_shred(path, lambda: b"lost")
        assert refused.value.filename == str(path)
        return b"2"

    secret_file.replace_and_shred(path, again)
    assert path.read_bytes() == b"2"
