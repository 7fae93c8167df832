"""E-mail: one protocol; sent by SMTP, or put into a folder where there is no server yet."""

import smtplib
import ssl
from collections.abc import Mapping
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import parse_qsl, unquote, urlsplit
from uuid import UUID

import msgspec

LEARNER_HEADER: Final = "X-Lms-Learner"
SECONDS: Final = 20.0
"""For each step of the talk with a server."""
PORTS: Final = {"smtp": 587, "smtps": 465}
PERMANENT: Final = 500
AUTHENTICATION_CODES: Final = {530, 534, 535, 538}


class Mail(msgspec.Struct, frozen=True):
    """A message to one person; `id` makes its Message-ID, so the same mail sent twice is known."""

    id: UUID
    to_name: str
    to_address: str
    subject: str
    text: str
    learner_id: UUID | None = None

    def __repr__(self) -> str:
        """Without the text, which may hold a secret, and without the person."""
        return f"Mail(id={self.id!r})"


class MailFailed(Exception):
    """It wasn't sent. What the server said isn't repeated: it may name the person.

    `for_ever`: this mail to this address will never be taken.
    """

    def __init__(self, what: str, *, for_ever: bool = False) -> None:
        super().__init__(what)
        self.for_ever = for_ever


class InvalidMailSettings(ValueError):
    """The URL of the server or the sender's address can't be used."""


class Mailer(Protocol):
    """Sends mail."""

    def send(self, mail: Mail) -> None:
        """Returns when the mail has been taken over. May block. Raises `MailFailed`."""


class SmtpMailer:
    """Hands mail to an SMTP server.

    `url`: `smtp://user:password@host:587` asks for STARTTLS and goes no further without;
    `smtps://…:465` is TLS from the first byte; `smtp://host:25?tls=off` is for a relay beside this
    machine, and takes no password. `?ca=/path.pem` names who else may have signed the server's
    certificate.
    """

    def __init__(self, url: str, sender: str, *, timeout: float = SECONDS) -> None:
        """Raises InvalidMailSettings."""
        parts, options = urlsplit(url), dict(parse_qsl(urlsplit(url).query))
        self._sender = sender_of(sender)
        self._timeout = timeout
        self._tls = options.get("tls", "on") != "off"
        self._user = unquote(parts.username) if parts.username else None
        self._password = unquote(parts.password or "")
        self._implicit = parts.scheme == "smtps"
        _check(parts.scheme, parts.hostname, options)
        if self._user and not self._tls:
            raise InvalidMailSettings("A password isn't sent without TLS.")
        self._host = parts.hostname or ""
        self._port = parts.port or PORTS[parts.scheme]
        self._context = ssl.create_default_context()
        if "ca" in options:
            self._context.load_verify_locations(options["ca"])

    def __repr__(self) -> str:
        return f"SmtpMailer({self._host!r}, {self._port})"

    def send(self, mail: Mail) -> None:
        """See Mailer."""
        message = message_of(mail, self._sender)
        try:
            with self._connected() as server:
                server.send_message(message)
        except smtplib.SMTPRecipientsRefused as error:
            code = min(code for code, _ in error.recipients.values())
            raise MailFailed(f"recipient refused: {code}", for_ever=code >= PERMANENT) from None
        except smtplib.SMTPResponseException as error:
            for_ever = error.smtp_code >= PERMANENT and not _is_ours(error)
            raise MailFailed(_name(error, error.smtp_code), for_ever=for_ever) from None
        except (smtplib.SMTPException, OSError) as error:
            # No address that this server can't write will be one later.
            for_ever = isinstance(error, smtplib.SMTPNotSupportedError) and not self._is_ascii(mail)
            raise MailFailed(_name(error), for_ever=for_ever) from None

    def _connected(self) -> smtplib.SMTP:
        if self._implicit:
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                self._host, self._port, timeout=self._timeout, context=self._context
            )
        else:
            server = smtplib.SMTP(self._host, self._port, timeout=self._timeout)
        try:
            if self._tls and not self._implicit:
                server.starttls(context=self._context)
            if self._user:
                server.login(self._user, self._password)
        except BaseException:
            server.close()
            raise
        return server

    @staticmethod
    def _is_ascii(mail: Mail) -> bool:
        return mail.to_address.isascii()


class FolderMailer:
    """Puts each mail as a file into a folder, where a developer finds it: `<time>-<id>.eml`.

    A header says whose it is, so that it goes when they are erased.
    """

    def __init__(self, folder: Path, sender: str) -> None:
        """Raises InvalidMailSettings."""
        self._folder = folder
        self._sender = sender_of(sender)

    def send(self, mail: Mail) -> None:
        """See Mailer."""
        message = message_of(mail, self._sender)
        message[LEARNER_HEADER] = str(mail.learner_id or "")
        content = message.as_bytes()
        name = f"{datetime.now(UTC):%Y%m%dT%H%M%S.%f}-{mail.id}"
        draft = self._folder / f".{name}"
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            draft.touch(mode=0o600)
            draft.write_bytes(content)
            draft.rename(self._folder / f"{name}.eml")
        except OSError as error:
            raise MailFailed(_name(error)) from None

    def forget(self, learner_id: UUID) -> None:
        """Deletes all mail to somebody. Raises `OSError`."""
        header = f"\n{LEARNER_HEADER}: {learner_id}".encode()
        for file in self._folder.glob("*.eml"):
            if header in file.read_bytes():
                file.unlink(missing_ok=True)


def message_of(mail: Mail, sender: Address) -> EmailMessage:
    """The message as it goes over the wire. Raises MailFailed for what is no address."""
    message = EmailMessage(policy=SMTP)
    try:
        message["From"] = sender
        message["To"] = _address(mail.to_address, mail.to_name)
        message["Subject"] = _one_line(mail.subject)
    except (ValueError, IndexError, AttributeError, TypeError):
        # What the library raises for the many ways in which a text can be no address.
        raise MailFailed("no address", for_ever=True) from None
    message["Date"] = format_datetime(datetime.now(UTC))
    message["Message-ID"] = f"<{mail.id}@{sender.domain or 'lms'}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.text)
    return message


def sender_of(text: str) -> Address:
    """`LMS <lms@example.com>` or `lms@example.com`. Raises InvalidMailSettings."""
    name, _, rest = text.rpartition("<")
    try:
        return _address(rest.rstrip("> "), name.strip().strip('"'))
    except (ValueError, IndexError, AttributeError, TypeError):
        raise InvalidMailSettings("The sender must be like LMS <lms@example.com>.") from None


def _address(address: str, name: str) -> Address:
    if any(c in address for c in "\r\n\0<>,;"):
        raise ValueError(address)
    return Address(display_name=_one_line(name), addr_spec=address)


def _one_line(text: str) -> str:
    """Nothing in a name begins a header of its own."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _check(scheme: str, host: str | None, options: Mapping[str, str]) -> None:
    if scheme not in PORTS or not host:
        raise InvalidMailSettings("The mail server must be like smtp://user:password@host:587.")
    if set(options) - {"tls", "ca"} or options.get("tls", "on") not in {"on", "off"}:
        raise InvalidMailSettings("The mail server's URL takes ?tls=on, ?tls=off and ?ca=file.")


def _is_ours(error: smtplib.SMTPResponseException) -> bool:
    """A refusal of us, not of the mail: another password, or the sender's name, mends it."""
    is_sender = isinstance(error, (smtplib.SMTPSenderRefused, smtplib.SMTPHeloError))
    is_login = isinstance(error, smtplib.SMTPAuthenticationError)
    return is_sender or is_login or error.smtp_code in AUTHENTICATION_CODES


def _name(error: Exception, code: int | None = None) -> str:
    return type(error).__name__ + (f": {code}" if code else "")
