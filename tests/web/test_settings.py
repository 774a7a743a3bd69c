from pathlib import Path

import pytest

from milepost.web.settings import SettingInvalid, Settings


def test_nothing_has_to_be_set():
    assert Settings.from_environment({}) == Settings()


def test_every_setting_is_read_from_its_variable():
    settings = Settings.from_environment(
        {
            "MILEPOST_POSTGRES": "postgres://db/milepost",
            "MILEPOST_PORT": "9000",
            "MILEPOST_DATA_DIR": "~/milepost",
            "MILEPOST_LOG_LEVEL": "debug",
            "MILEPOST_MAX_BODY_BYTES": "2048",
            "PORT": "1",
        }
    )
    assert settings.postgres == "postgres://db/milepost"
    assert (settings.port, settings.max_body_bytes) == (9000, 2048)
    assert settings.data_dir == Path.home() / "milepost"
    assert settings.log_level == "debug"


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("MILEPOST_PORT", "http", "int"),
        ("MILEPOST_PORT", "70000", "65535"),
        ("MILEPOST_LOG_LEVEL", "loud", "enum value 'loud'"),
        ("MILEPOST_MAX_BODY_BYTES", "0", ">= 1"),
    ],
)
def test_a_wrong_value_is_refused_by_the_name_of_its_variable(name, value, expected):
    with pytest.raises(SettingInvalid, match=rf"{name}='{value}': .*{expected}"):
        Settings.from_environment({name: value})


def test_a_variable_set_to_nothing_is_not_set():
    assert Settings.from_environment({"MILEPOST_PORT": ""}) == Settings()


def test_an_address_may_stand_in_a_file(tmp_path):
    (file := tmp_path / "postgres").write_text("postgresql://login:secret@db/milepost\n")
    settings = Settings.from_environment({"MILEPOST_POSTGRES_FILE": str(file)})
    assert settings.postgres == "postgresql://login:secret@db/milepost"


def test_a_file_that_cannot_be_the_address_is_refused(tmp_path):
    (empty := tmp_path / "empty").write_text("\n")
    (two := tmp_path / "two").write_text("nats://a\nnats://b\n")
    wrong = {
        "MILEPOST_POSTGRES_FILE": "/nowhere",
        "MILEPOST_POSTGRES_OWNER_FILE": str(empty),
        "MILEPOST_POSTGRES_ENROLLMENT_FILE": str(tmp_path),
        "MILEPOST_NATS_FILE": str(two),
    }
    with pytest.raises(SettingInvalid) as refused:
        Settings.from_environment(wrong)
    told = str(refused.value).splitlines()
    assert [line.partition("=")[0] for line in told] == list(wrong)
    with pytest.raises(SettingInvalid, match="must not be, too"):
        Settings.from_environment({"MILEPOST_NATS": "nats://a", "MILEPOST_NATS_FILE": str(two)})
