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
