"""Mail, as a real SMTP server and a folder get it."""

from email import message_from_bytes, policy
from pathlib import Path
from uuid import UUID, uuid4

import msgspec
import pytest

from adapters.mail import FolderMailer, InvalidMailSettings, Mail, MailFailed, SmtpMailer, sender_of
from lms.data_folder import LOOPBACK, free_port
from tests.servers.smtp import PASSWORD, USER, SmtpServer, smtp_server

SENDER = "Learning at Work <lms@example.com>"
MAIL = Mail(
    id=UUID(int=7),
    to_name="Renée O'Hara",
    to_address="renee@example.com",
    subject="Choose a new password – now",
    text="Hello Renée,\n\nhttps://lms.example/password-reset#secret-token\n",
)


def test_a_mail_arrives_encrypted_and_by_who_may_send(smtp: SmtpServer) -> None:
    SmtpMailer(smtp.url(), SENDER).send(MAIL)
    (mail,) = smtp.mailbox.mails
    assert smtp.mailbox.was_encrypted == [True]
    assert smtp.mailbox.users == [USER]
    assert mail["From"] == SENDER
    assert mail["To"] == "Renée O'Hara <renee@example.com>"
    assert mail["Subject"] == MAIL.subject
    assert mail["Message-ID"] == f"<{MAIL.id}@example.com>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail.get_content().replace("\r\n", "\n") == MAIL.text


def test_a_wrong_password_is_our_mistake_and_not_the_mail_s(smtp: SmtpServer) -> None:
    error = failure(SmtpMailer(smtp.url(user="lms:wrong-secret@"), SENDER))
    assert not error.for_ever
    assert "wrong-secret" not in repr(error)
    assert smtp.mailbox.mails == []


def test_a_server_without_a_user_is_not_given_up_on(smtp: SmtpServer) -> None:
    error = failure(SmtpMailer(smtp.url(user=""), SENDER))
    assert "530" in str(error)
    assert not error.for_ever


def test_a_certificate_that_nobody_vouches_for_is_refused(smtp: SmtpServer) -> None:
    error = failure(SmtpMailer(smtp.url(query=""), SENDER))
    assert "SSLCertVerificationError" in str(error)
    assert smtp.mailbox.users == []


def test_nothing_is_sent_in_clear_unless_told(tmp_path: Path) -> None:
    with smtp_server(tmp_path, tls=False) as server:
        error = failure(SmtpMailer(server.url(user="", query=""), SENDER))
        assert "SMTPNotSupportedError" in str(error)
        assert not error.for_ever
        assert server.mailbox.mails == []
        SmtpMailer(server.url(user="", query="tls=off"), SENDER).send(MAIL)
        assert len(server.mailbox.mails) == 1


@pytest.mark.parametrize(
    ("answer", "for_ever"), [("550 no such renee@example.com", True), ("451 later", False)]
)
def test_a_refused_recipient_is_told_apart_from_a_full_server(
    smtp: SmtpServer, answer: str, for_ever: bool
) -> None:
    smtp.mailbox.answer = answer
    error = failure(SmtpMailer(smtp.url(), SENDER))
    assert error.for_ever is for_ever
    assert answer[:3] in str(error)
    assert "renee" not in str(error)


def test_a_server_that_is_not_there_may_come_back() -> None:
    assert not failure(SmtpMailer(f"smtp://{LOOPBACK}:{free_port()}", SENDER)).for_ever


@pytest.mark.parametrize(
    "address",
    ["", "nobody", "a@b\r\nBcc: all@example.com", "a@b, c@d", "<a@b>", "a b@example.com", "a@\0b"],
)
def test_what_is_no_address_is_never_sent(smtp: SmtpServer, address: str) -> None:
    mail = msgspec.structs.replace(MAIL, to_address=address)
    assert failure(SmtpMailer(smtp.url(), SENDER), mail).for_ever
    assert smtp.mailbox.mails == []


@pytest.mark.parametrize("name", ["Jane\r\nBcc: all@example.com", 'Ja"ne <x@y>', "", "J" * 300])
def test_a_name_adds_no_header_and_no_recipient(smtp: SmtpServer, name: str) -> None:
    mail = msgspec.structs.replace(MAIL, to_name=name, subject=f"For {name}")
    SmtpMailer(smtp.url(), SENDER).send(mail)
    (arrived,) = smtp.mailbox.mails
    assert "Bcc" not in arrived
    assert [each.addr_spec for each in arrived["To"].addresses] == ["renee@example.com"]


@pytest.mark.parametrize(
    "url",
    [
        "http://host:25",
        "smtp://",
        "smtp://user:secret@host:25?tls=off",
        "smtp://host?tls=maybe",
        "smtp://host?cert=x",
    ],
)
def test_a_url_that_makes_no_sense_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(InvalidMailSettings) as error:
        SmtpMailer(url, SENDER)
    assert "secret" not in str(error.value)


def test_no_secret_is_shown() -> None:
    mailer = SmtpMailer(f"smtp://lms:{PASSWORD.replace('/', '%2F')}@mail.example", SENDER)
    assert repr(mailer) == "SmtpMailer('mail.example', 587)"
    assert "secret-token" not in repr(MAIL)
    assert "renee" not in repr(MAIL)


@pytest.mark.parametrize("text", ["lms", "LMS <lms>", "a@b\r\nBcc: c@d", ""])
def test_a_sender_is_an_address(text: str) -> None:
    with pytest.raises(InvalidMailSettings):
        sender_of(text)


def test_without_a_server_a_developer_finds_mail_in_a_private_folder(tmp_path: Path) -> None:
    folder = tmp_path / "outbox"
    mailer = FolderMailer(folder, SENDER)
    for mail in (MAIL, MAIL, msgspec.structs.replace(MAIL, id=uuid4())):
        mailer.send(mail)
    files = sorted(folder.iterdir())
    assert len(files) == 3
    assert all(file.suffix == ".eml" for file in files)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
    found = message_from_bytes(files[0].read_bytes(), policy=policy.default)
    assert found["To"] == "Renée O'Hara <renee@example.com>"


def test_a_folder_that_cant_be_written_is_a_failure(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert not failure(FolderMailer(tmp_path / "file", SENDER)).for_ever


def failure(mailer: SmtpMailer | FolderMailer, mail: Mail = MAIL) -> MailFailed:
    """How sending fails."""
    with pytest.raises(MailFailed) as error:
        mailer.send(mail)
    assert "secret-token" not in str(error.value)
    return error.value
