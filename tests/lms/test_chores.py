"""Where mail goes, by the settings."""

from pathlib import Path

import pytest

from adapters.mail import FolderMailer, SmtpMailer
from lms.chores import mailer
from lms.composition import password_policy
from lms.settings import Settings, SettingsError


def loaded(tmp_path: Path, **variables: str) -> Settings:
    return Settings.load({"LMS_DATA_DIR": str(tmp_path / "data"), **variables})


def test_mail_goes_to_the_server_that_is_set_or_into_the_outbox(tmp_path: Path) -> None:
    assert isinstance(mailer(loaded(tmp_path)), FolderMailer)
    assert (tmp_path / "data" / "outbox").stat().st_mode & 0o777 == 0o700
    set_up = loaded(tmp_path, LMS_SMTP_URL="smtp://lms:secret@mail.example")
    assert isinstance(mailer(set_up), SmtpMailer)
    assert "secret" not in repr(set_up)


@pytest.mark.parametrize("url", ["smtp://a:secret@host?tls=off", "smtp://host?ca=/not/there"])
def test_a_server_that_cant_be_used_is_told_at_the_start(tmp_path: Path, url: str) -> None:
    with pytest.raises(SettingsError, match="LMS_SMTP_URL") as error:
        mailer(loaded(tmp_path, LMS_SMTP_URL=url))
    assert "secret" not in str(error.value)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("LMS_SMTP_URL", "http://secret@host"),
        ("LMS_MAIL_FROM", "nobody"),
        ("LMS_PASSWORD_SCORE", "5"),
        ("LMS_PASSWORD_HISTORY", "25"),
        ("LMS_PASSWORD_DAYS", "-1"),
        ("LMS_PASSWORD_RESET_MINUTES", "0"),
    ],
)
def test_what_makes_no_sense_is_refused(tmp_path: Path, variable: str, value: str) -> None:
    with pytest.raises(SettingsError, match=variable) as error:
        loaded(tmp_path, **{variable: value})
    assert "secret" not in str(error.value)


def test_the_policy_is_what_the_settings_say(tmp_path: Path) -> None:
    usual = password_policy(loaded(tmp_path))
    assert (usual.score, usual.remembered, usual.longest_age) == (3, 5, None)
    strict = password_policy(loaded(tmp_path, LMS_PASSWORD_DAYS="90", LMS_PASSWORD_HISTORY="24"))
    assert strict.longest_age is not None
    assert (strict.remembered, strict.longest_age.days) == (24, 90)
