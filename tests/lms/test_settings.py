from pathlib import Path

import pytest

from lms.settings import Settings, SettingsError, misspelt


@pytest.fixture
def data_dir(tmp_path: Path) -> dict[str, str]:
    return {"LMS_DATA_DIR": str(tmp_path / "data")}


def test_what_is_unset_has_a_default_or_is_generated_once(data_dir: dict[str, str]) -> None:
    first, again = Settings.load(data_dir), Settings.load(data_dir)
    assert (first.gateway_port, first.write_api_port, first.read_api_port) == (8080, 8081, 8082)
    assert first == again


def test_an_empty_variable_is_unset(data_dir: dict[str, str]) -> None:
    assert Settings.load(data_dir | {"LMS_GATEWAY_PORT": " "}).gateway_port == 8080


def test_every_problem_is_told_by_the_name_of_its_variable(data_dir: dict[str, str]) -> None:
    wrong = {
        "LMS_GATEWAY_PORT": "70000",
        "LMS_READ_API_PORT": "http",
        "LMS_LOG_LEVEL": "loud",
        "DATABASE_URL": "mysql://root:hidden@host/lms",
        "LMS_MASTER_KEY": "c2hvcnQ=",
    }
    with pytest.raises(SettingsError) as raised:
        Settings.load(data_dir | wrong)
    assert raised.value.problems == [
        "LMS_GATEWAY_PORT must be a port from 1 to 65535, not '70000'",
        "LMS_READ_API_PORT must be a port from 1 to 65535, not 'http'",
        "DATABASE_URL must be like postgresql://user:password@host:5432/name",
        "LMS_MASTER_KEY must be 32 bytes in base64",
        "LMS_LOG_LEVEL must be DEBUG, INFO, WARNING or ERROR, not 'loud'",
    ]


def test_two_servers_cannot_have_one_port(data_dir: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match="LMS_WRITE_API_PORT must be another port than"):
        Settings.load(data_dir | {"LMS_GATEWAY_PORT": "8081"})


def test_another_process_gets_the_same_settings(data_dir: dict[str, str]) -> None:
    settings = Settings.load(data_dir)
    assert Settings.load(settings.environment()).environment() == settings.environment()


def test_servers_are_embedded_only_when_none_are_given(data_dir: dict[str, str]) -> None:
    given = data_dir | {"DATABASE_URL": "postgresql://owner:p@db/lms", "NATS_URL": "nats://n:4222"}
    alone, helped = Settings.load(data_dir), Settings.load(given)
    assert (alone.embedded_postgres, alone.embedded_nats) == (True, True)
    assert (helped.embedded_postgres, helped.embedded_nats) == (False, False)
    assert helped.write_database_url.startswith("postgresql://lms_write:")
    assert helped.write_database_url.endswith("@db/lms")


def test_secrets_are_kept_from_others_and_from_logs(data_dir: dict[str, str]) -> None:
    settings = Settings.load(data_dir)
    assert (settings.data_dir / "secrets.json").stat().st_mode & 0o777 == 0o600
    assert settings.internal_token not in repr(settings)


def test_a_misspelt_variable_is_noticed() -> None:
    assert misspelt({"LMS_GATEWAY_PROT": "1", "HOME": "/"}) == [
        "LMS_GATEWAY_PROT is no setting; did you mean LMS_GATEWAY_PORT?"
    ]


KEY = "A" * 43 + "="


def test_a_master_key_in_a_file_is_nobody_elses_to_read(
    data_dir: dict[str, str], tmp_path: Path
) -> None:
    file = tmp_path / "master.key"
    file.write_text(f"{KEY}\n{'B' * 42}A=\n")
    file.chmod(0o640)
    given = data_dir | {"LMS_MASTER_KEY_FILE": str(file)}
    with pytest.raises(SettingsError, match="chmod 600"):
        Settings.load(given)
    file.chmod(0o600)
    settings = Settings.load(given)
    assert settings.master_key.first != bytes(32)
    assert (
        settings.master_key.key_id
        == Settings.load(data_dir | {"LMS_MASTER_KEY": KEY}).master_key.key_id
    )
    assert KEY not in str(settings.environment())


@pytest.mark.parametrize("text", ["", "short", KEY[:-5]])
def test_a_file_without_a_master_key_is_told(
    data_dir: dict[str, str], tmp_path: Path, text: str
) -> None:
    file = tmp_path / "master.key"
    file.write_text(text)
    file.chmod(0o600)
    with pytest.raises(SettingsError, match="32 bytes in base64"):
        Settings.load(data_dir | {"LMS_MASTER_KEY_FILE": str(file)})
    with pytest.raises(SettingsError, match="can't be read: No such file"):
        Settings.load(data_dir | {"LMS_MASTER_KEY_FILE": str(file.parent / "none")})


def test_there_is_one_master_key(data_dir: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match="can't both be set"):
        Settings.load(data_dir | {"LMS_MASTER_KEY": KEY, "LMS_MASTER_KEY_FILE": "/x"})
    with pytest.raises(SettingsError, match="for leaving AWS KMS"):
        Settings.load(data_dir | {"LMS_KMS_KEY": "alias/a", "LMS_FORMER_KMS_KEY": "alias/b"})
