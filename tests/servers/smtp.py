"""A real SMTP server for tests: with STARTTLS and passwords, and with moods."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from lms.data_folder import LOOPBACK, free_port

USER = "lms"
PASSWORD = "p@ss/word:1"
QUOTED = "p%40ss%2Fword%3A1"


class Mailbox:
    """What the server took, and how it answers to recipients: None for yes."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.answer: str | None = None
        self.was_encrypted: list[bool] = []
        self.users: list[str] = []

    async def handle_RCPT(
        self, _server: SMTP, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        if self.answer is not None:
            return self.answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Any) -> str:
        mail = message_from_bytes(envelope.content, policy=policy.SMTP)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        self.was_encrypted.append(session.ssl is not None)
        return "250 OK"

    def check(
        self, _server: SMTP, _session: Any, _envelope: Any, _how: str, data: Any
    ) -> AuthResult:
        right = isinstance(data, LoginPassword) and data.password == PASSWORD.encode()
        if right:
            self.users.append(data.login.decode())
        return AuthResult(success=right, handled=False)


class SmtpServer:
    """A server that runs; `ca` is the file with the certificate to trust."""

    def __init__(self, port: int, mailbox: Mailbox, ca: Path) -> None:
        self.port = port
        self.mailbox = mailbox
        self.ca = ca

    def url(self, *, user: str = f"{USER}:{QUOTED}@", query: str | None = None) -> str:
        options = f"ca={self.ca}" if query is None else query
        return f"smtp://{user}{LOOPBACK}:{self.port}?{options}"


@contextmanager
def smtp_server(folder: Path, *, tls: bool = True) -> Iterator[SmtpServer]:
    """Wants STARTTLS and a password, or has neither."""
    mailbox, certificate, port = Mailbox(), self_signed(folder), free_port()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    guarded: dict[str, Any] = {
        "tls_context": context,
        "require_starttls": True,
        "auth_required": True,
        "authenticator": mailbox.check,
    }
    controller = Controller(mailbox, hostname=LOOPBACK, port=port, **(guarded if tls else {}))
    controller.start()
    try:
        yield SmtpServer(port, mailbox, certificate)
    finally:
        controller.stop()


@pytest.fixture
def smtp(tmp_path: Path) -> Iterator[SmtpServer]:
    """An SMTP server that wants STARTTLS and a password."""
    with smtp_server(tmp_path) as server:
        yield server


def self_signed(folder: Path) -> Path:
    """A key and its certificate for the loopback address, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail for tests")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(IPv4Address(LOOPBACK))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / "mail.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return file
