"""Time-based one-time passwords (RFC 6238): shared secrets, and codes that are good once.

The parameters are those that every authenticator app knows: SHA-1, six digits, thirty seconds. A
code is accepted one step early or late, for clocks that differ.
"""

import hmac
from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum
from uuid import UUID

import msgspec
import pyotp
import segno
from psycopg_pool import ConnectionPool

from access.seal import Keyring, Seal
from access.sealed import TOTP
from access.statement import Statement

SECONDS_PER_STEP = 30
DIGITS = 6
STEPS_OFF = 1
"""How many steps a code may be early or late."""


class CodeRefusal(StrEnum):
    """Why a code wasn't accepted; nobody but the audit is told."""

    WRONG = "wrong"
    REPLAYED = "replayed"


class SharedSecret(msgspec.Struct, frozen=True):
    """What an authenticator app is given, once.

    `secret` is base32, `otpauth_uri` the same with who it is for, and the two images are data URIs
    of a QR code of that URI.
    """

    secret: str
    otpauth_uri: str
    qr_svg: str
    qr_png: str

    def __repr__(self) -> str:
        return "SharedSecret()"


class _Row(msgspec.Struct, frozen=True):
    enrolment_id: UUID
    sealed_secret: bytes
    confirmed: bool
    last_step: int


class Totp:
    """Keeps the secrets, sealed, and checks codes; needs `lms_write`."""

    def __init__(
        self,
        pool: ConnectionPool,
        keys: bytes | Keyring,
        *,
        issuer: str = "LMS",
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._pool = pool
        self._seal = Seal(keys, TOTP)
        self._issuer = issuer
        self._clock = clock

    def new_secret(self, learner_id: UUID, account: str) -> tuple[SharedSecret, bytes]:
        """A secret to show once, and the same sealed, to keep. `account` is shown in the app."""
        secret = pyotp.random_base32()
        uri = pyotp.TOTP(secret).provisioning_uri(name=account, issuer_name=self._issuer)
        picture = segno.make(uri, error="m", micro=False)
        shown = SharedSecret(
            secret=secret,
            otpauth_uri=uri,
            qr_svg=picture.svg_data_uri(scale=4),
            qr_png=picture.png_data_uri(scale=4),
        )
        return shown, self._seal.seal(secret.encode(), learner_id.bytes)

    def pending(self, learner_id: UUID) -> UUID | None:
        """The enrolment that waits for its first code."""
        row = self._row(learner_id)
        return row.enrolment_id if row and not row.confirmed else None

    def use(self, learner_id: UUID, code: str) -> CodeRefusal | None:
        """Uses a code up; None when it was right. Of two that come with it at once, one wins."""
        row = self._row(learner_id)
        step = self._step(learner_id, row, code) if row else None
        if row is None or step is None:
            return CodeRefusal.WRONG
        with self._pool.connection() as connection:
            used = connection.execute(
                "UPDATE access.totp SET last_step = %s"
                " WHERE learner_id = %s AND enrolment_id = %s AND last_step < %s",
                (step, learner_id, row.enrolment_id, step),
            ).rowcount
        return None if used else CodeRefusal.REPLAYED

    def _step(self, learner_id: UUID, row: _Row, code: str) -> int | None:
        """The time step that the code belongs to, if any; takes the same time for each."""
        secret = self._seal.open(row.sealed_secret, learner_id.bytes).decode()
        now = int(self._clock().timestamp()) // SECONDS_PER_STEP
        given = code.replace(" ", "").encode(errors="replace")
        found = None
        for step in range(now - STEPS_OFF, now + STEPS_OFF + 1):
            expected = pyotp.HOTP(secret, digits=DIGITS).at(step).encode()
            if hmac.compare_digest(expected, given):
                found = step
        return found

    def _row(self, learner_id: UUID) -> _Row | None:
        with self._pool.connection() as connection:
            row = connection.execute(
                "SELECT enrolment_id, sealed_secret, confirmed_at IS NOT NULL, last_step"
                " FROM access.totp WHERE learner_id = %s",
                (learner_id,),
            ).fetchone()
        return _Row(row[0], bytes(row[1]), row[2], row[3]) if row else None


def enrol_statement(
    learner_id: UUID, enrolment_id: UUID, sealed_secret: bytes, at: datetime
) -> Statement:
    """Keeps a new secret that isn't confirmed, in place of any other."""
    return (
        (
            "INSERT INTO access.totp (learner_id, enrolment_id, sealed_secret, started_at)"
            " VALUES (%s, %s, %s, %s) ON CONFLICT (learner_id) DO UPDATE"
            " SET enrolment_id = excluded.enrolment_id, sealed_secret = excluded.sealed_secret,"
            " started_at = excluded.started_at, confirmed_at = NULL, last_step = 0"
        ),
        (learner_id, enrolment_id, sealed_secret, at),
    )


def confirm_statement(learner_id: UUID, enrolment_id: UUID, at: datetime) -> Statement:
    """From now on the secret counts."""
    return (
        (
            "UPDATE access.totp SET confirmed_at = %s"
            " WHERE learner_id = %s AND enrolment_id = %s AND confirmed_at IS NULL"
        ),
        (at, learner_id, enrolment_id),
    )


def forget_statement(learner_id: UUID) -> Statement:
    """Deletes the secret."""
    return "DELETE FROM access.totp WHERE learner_id = %s", (learner_id,)
