"""Codes to get in with when the authenticator is lost: each is good once, and shown once."""

import secrets
from collections.abc import Sequence
from uuid import UUID

from psycopg_pool import ConnectionPool

from access.seal import Fingerprints
from access.statement import Statement

HOW_MANY = 10
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without letters and digits that look alike."""
_GROUPS, _GROUP = 4, 4


class RecoveryCodes:
    """Makes codes of 79 random bits and uses them up; keeps keyed hashes. Needs `lms_write`."""

    def __init__(self, pool: ConnectionPool, hashing: bytes) -> None:
        self._pool = pool
        self._fingerprints = Fingerprints(hashing, "recovery codes")

    def new(self, learner_id: UUID) -> tuple[list[str], list[bytes]]:
        """Codes to show once, and their hashes, to keep."""
        codes = [_new_code() for _ in range(HOW_MANY)]
        return codes, [self._hash(learner_id, code) for code in codes]

    def use(self, learner_id: UUID, code: str) -> bool:
        """Uses a code up; False when it isn't one of the learner's, or not any more."""
        with self._pool.connection() as connection:
            used = connection.execute(
                "DELETE FROM access.recovery_codes WHERE learner_id = %s AND code_hash = %s",
                (learner_id, self._hash(learner_id, code)),
            ).rowcount
        return used == 1

    def _hash(self, learner_id: UUID, code: str) -> bytes:
        return self._fingerprints.of(_canonical(code), learner_id.bytes)


def replace_statements(learner_id: UUID, hashes: Sequence[bytes]) -> list[Statement]:
    """Keeps these codes instead of all before."""
    insert: Statement = (
        "INSERT INTO access.recovery_codes (learner_id, code_hash) SELECT %s, unnest(%s::bytea[])",
        (learner_id, list(hashes)),
    )
    return [forget_statement(learner_id), insert]


def forget_statement(learner_id: UUID) -> Statement:
    """Deletes all of a learner's codes."""
    return "DELETE FROM access.recovery_codes WHERE learner_id = %s", (learner_id,)


def _new_code() -> str:
    groups = ("".join(secrets.choice(_ALPHABET) for _ in range(_GROUP)) for _ in range(_GROUPS))
    return "-".join(groups)


def _canonical(code: str) -> str:
    """As it may be typed: with or without dashes and spaces, in either case."""
    return "".join(character for character in code.casefold() if character.isalnum())
